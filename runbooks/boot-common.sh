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
  local all name arn key value
  all=$(jq '.environment + {SITE_TIER: .tier, SITE_VERSION: ($ENV.SITE_VERSION // .version), PORT: (.port | tostring)}' "$CONFIG")
  while IFS=$'\t' read -r name arn key; do
    value=$(aws secretsmanager get-secret-value --secret-id "$arn" --query SecretString --output text)
    [ -z "$key" ] || value=$(jq --raw-output --exit-status --arg key "$key" '.[$key]' <<<"$value")
    all=$(jq --arg name "$name" --arg value "$value" '. + {($name): $value}' <<<"$all")
  done < <(jq --raw-output '.secrets | to_entries[] | [.key, .value.secretArn, .value.key // ""] | @tsv' "$CONFIG")
  echo "$all"
}

# Writes the environment for systemd (quoted) or for docker (as it is).
write_environment() {
  local quoting='to_entries[] | "\(.key)=\(.value | tojson)"'
  [ "$1" = systemd ] || quoting='to_entries[] | "\(.key)=\(.value)"'
  install -d -m 0700 "$ENV_DIR"
  environment | jq --raw-output "$quoting" | install -m 0600 /dev/stdin "$ENV_DIR/env"
}

# This script stays on the instance: the unit that starts the site calls it for fresh configuration and secrets at each start.
install_self() {
  install -D -m 0700 "$0" "$BOOT_ROOT/usr/local/sbin/site-boot"
}

unit() { install -D -m 0644 /dev/stdin "$BOOT_ROOT/etc/systemd/system/$1"; }

install_agent() {
  local arch=amd64
  [ "$(uname -m)" = aarch64 ] && arch=arm64
  # From AWS itself: reading the journal needs version 1.300070 (June 2026), which the distribution may not carry yet.
  dnf install --assumeyes "https://amazoncloudwatch-agent.s3.amazonaws.com/amazon_linux/$arch/latest/amazon-cloudwatch-agent.rpm"
  "$BOOT_ROOT/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl" \
    -a fetch-config -m ec2 -s -c "ssm:$(config .agentConfigParameter)"
}
