#!/bin/bash
# First part of the user data of every instance: static text without a single value of a stack in it, so that a change of
# configuration never replaces an instance. The tag `boot-parameter` names an SSM parameter with the configuration (JSON, its
# schema is components/boot-config.ts). boot-instance.sh or boot-container.sh follows (bootScript() puts them together).
set -euo pipefail

BOOT_ROOT=${BOOT_ROOT:-}                # prefix of every path that is written; set by tests only
IMDS=${IMDS:-http://169.254.169.254}
CONFIG=$BOOT_ROOT/etc/site/config.json
ENV_DIR=$BOOT_ROOT/run/site             # in memory: secrets are never written to the disk

say() { echo "boot: $*"; }

# One item of the instance metadata service, version 2.
metadata() {
  local token
  token=$(curl --silent --fail --retry 5 --request PUT "$IMDS/latest/api/token" --header "X-aws-ec2-metadata-token-ttl-seconds: 300")
  curl --silent --fail --retry 5 --header "X-aws-ec2-metadata-token: $token" "$IMDS/latest/meta-data/$1"
}

# One value of the configuration; nothing where it is not set.
config() { jq --raw-output "$1 // empty" "$CONFIG"; }

# The configuration that the tag names, or another version of it.
fetch_config() {
  local region name
  region=$(metadata placement/region)
  name=${1:-$(metadata tags/instance/boot-parameter)}
  mkdir -p "$(dirname "$CONFIG")"
  aws ssm get-parameter --region "$region" --name "$name" --with-decryption --query Parameter.Value --output text >"$CONFIG.new"
  jq --exit-status 'has("domain") and has("environment") and has("secrets")' "$CONFIG.new" >/dev/null
  mv "$CONFIG.new" "$CONFIG"
  export AWS_REGION=$region AWS_DEFAULT_REGION=$region
}

# The app's environment as JSON: settings, then each secret by its ARN, or one key of a secret that is JSON.
environment() {
  local all name arn key version value
  all=$(jq '.environment + {SITE_TIER: .tier, SITE_VERSION: .version, PORT: (.port | tostring)}' "$CONFIG")
  # Fields are told apart by `|`, as `read` takes two tabs in a row for one.
  while IFS='|' read -r name arn key version; do
    value=$(aws secretsmanager get-secret-value --secret-id "$arn" ${version:+--version-id "$version"} \
      --query SecretString --output text)
    [ -z "$key" ] || value=$(jq --raw-output --exit-status --arg key "$key" '.[$key]' <<<"$value")
    all=$(jq --arg name "$name" --arg value "$value" '. + {($name): $value}' <<<"$all")
  done < <(jq --raw-output '.secrets | to_entries[] | [.key, .value.secretArn, .value.key // "", .value.versionId // ""] | join("|")' "$CONFIG")
  echo "$all"
}

# Writes the environment for systemd (quoted: systemd.exec(5) keeps a line's end inside quotes, and takes a backslash for nothing but
# what a shell would escape there, so that \n stays two characters) or for docker (as it is).
write_environment() {
  local quoting='to_entries[] | "\(.key)=\"\(.value | gsub("(?<c>[\"$`\\\\])"; "\\\(.c)"))\""'
  [ "$1" = systemd ] || quoting='to_entries[] | "\(.key)=\(.value)"'
  install -d -m 0700 "$ENV_DIR"
  environment | jq --raw-output "$quoting" | install -m 0600 /dev/stdin "$ENV_DIR/env"
}

# This script stays on the instance: the unit that starts the site calls it for fresh configuration and secrets at each start.
install_self() {
  install -D -m 0700 "$0" "$BOOT_ROOT/usr/local/sbin/site-boot"
}

unit() { install -D -m 0644 /dev/stdin "$BOOT_ROOT/etc/systemd/system/$1"; }

BOOTED=$BOOT_ROOT/etc/site/booted       # the first boot has come to its end
BOOT_TRIES=$BOOT_ROOT/run/site-boot.tries

# All that cloud-init does, which runs user data once: a unit that goes on until the first boot has come to its end, by itself, after a
# restart, or at once by `systemctl restart site-boot`. It comes before anything that may fail. `journalctl -u site-boot` says why it did.
boot() {
  install_self
  unit site-boot.service <<'UNIT'
[Unit]
Description=The first boot of the site's server, until it has come to its end
After=network-online.target
Wants=network-online.target
ConditionPathExists=!/etc/site/booted
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStartPre=/usr/local/sbin/site-boot pause
# No release at the same time (release.command.yaml).
ExecStart=/usr/bin/flock /run/lock/site-release /usr/local/sbin/site-boot setup
Restart=on-failure
RestartSec=5
TimeoutStartSec=1h

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable site-boot
  systemctl start --no-block site-boot
}

# Before another try: 15, 30, 60 ... 900 s. A certificate authority that has refused takes no more than a try in 12 minutes.
pause() {
  local tries
  tries=$(cat "$BOOT_TRIES" 2>/dev/null || echo 0)
  echo $((tries + 1)) >"$BOOT_TRIES"
  [ "$tries" = 0 ] || sleep $((tries > 6 ? 900 : 15 << (tries - 1)))
}

booted() {
  touch "$BOOTED"
  rm -f "$BOOT_TRIES"
  say "done"
}
