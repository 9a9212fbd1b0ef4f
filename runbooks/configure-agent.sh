# shellcheck shell=bash
# The CloudWatch agent on a server (configure.command.yaml): installed where it is missing or too old for the config, and told the stack's
# config beside the ones that are there. Theirs are never replaced: what cannot stand beside them is taken back, and said.
set -euo pipefail

: "${CONFIG:?}"                                  # SSM parameter with the config
: "${CONFIG_VERSION:?}"                          # its version
: "${AGENT:=/opt/aws/amazon-cloudwatch-agent}"
: "${OLDEST:=1.300070}"                          # version that reads the journal (June 2026)
: "${APPLIED:=/var/lib/site-recovery/agent-config}" # which config the agent runs by

CTL=$AGENT/bin/amazon-cloudwatch-agent-ctl

# Its version; nothing where there is none.
version() { cat "$AGENT/bin/CWAGENT_VERSION" 2>/dev/null || true; }

# From AWS itself, as the distributions lag behind. The package keeps the configs that are there.
install_agent() {
  local architecture=amd64 package
  [ "$(uname -m)" != aarch64 ] || architecture=arm64
  package=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name is meant as it is now
  trap "rm -rf '$package'" EXIT
  local from=https://amazoncloudwatch-agent.s3.amazonaws.com
  local kind=rpm system=amazon_linux
  command -v dpkg >/dev/null && kind=deb system=ubuntu
  curl --silent --show-error --fail --retry 5 --output "$package/agent.$kind" \
    "$from/$system/$architecture/latest/amazon-cloudwatch-agent.$kind"
  # Both wait for whoever installs at this moment, as unattended-upgrades does; dpkg by itself would fail.
  if [ $kind = deb ]; then
    DEBIAN_FRONTEND=noninteractive apt-get install --yes -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$package/agent.deb"
  else
    rpm --upgrade --verbose "$package/agent.rpm"
  fi
}

now=$(version)
if [ -z "$now" ] || [ "$(printf '%s\n%s\n' "$OLDEST" "$now" | sort --version-sort | head -n 1)" != "$OLDEST" ]; then install_agent; fi

if [ "$(cat "$APPLIED" 2>/dev/null)" = "$CONFIG:$CONFIG_VERSION" ] && "$CTL" -a status | grep -q '"status": "running"'; then
  echo "the agent runs by version $CONFIG_VERSION of $CONFIG"
  exit
fi
if ! "$CTL" -a append-config -m ec2 -s -c "ssm:$CONFIG"; then
  # It has left the config that it refused, which the agent would take at its next start.
  rm -f "$AGENT"/etc/amazon-cloudwatch-agent.d/*.tmp
  echo "The agent refused $CONFIG beside the configs in $AGENT/etc/amazon-cloudwatch-agent.d, which are as they were." >&2
  echo "See above what differs, such as another metrics namespace: until then the alarms on memory, disk and processes have no data." >&2
  exit 1
fi
install -D -m 0644 /dev/stdin "$APPLIED" <<<"$CONFIG:$CONFIG_VERSION"
