# shellcheck shell=bash
# shellcheck source=boot-common.sh
# Second part of the user data of an instance behind the load balancer: docker runs the image through a systemd unit.
# Calls after the first: `site-boot environment` (before the container starts), `site-boot watch` (termination notices),
# `site-boot migrate <boot parameter>` (migrations of a release that this instance does not run yet; migrate.command.yaml).

install_packages() {
  say "packages"
  dnf install --assumeyes jq docker
  systemctl enable --now docker
}

install_agent() {
  local arch=amd64
  [ "$(uname -m)" = aarch64 ] && arch=arm64
  # From AWS itself: reading the journal needs version 1.300070 (June 2026), which the distribution may not carry yet.
  dnf install --assumeyes "https://amazoncloudwatch-agent.s3.amazonaws.com/amazon_linux/$arch/latest/amazon-cloudwatch-agent.rpm"
  "$BOOT_ROOT/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl" \
    -a fetch-config -m ec2 -s -c "ssm:$(config .agentConfigParameter)"
}

login_and_pull() {
  local image registry
  image=$(config .image)
  registry=${image%%/*}
  # A registry outside ECR is public or not ours to log in to.
  case $registry in
    *.dkr.ecr.*) aws ecr get-login-password | docker login --username AWS --password-stdin "$registry" ;;
  esac
  docker pull --quiet "$image"
}

# What the unit needs besides the app's own environment.
write_unit_environment() {
  jq --raw-output '@text "IMAGE=\(.image)\nSITE_PORT=\(.port)\nLOG_GROUP=\(.logGroups.app)\nAWS_REGION=\(.region)"' "$CONFIG" |
    install -m 0600 /dev/stdin "$ENV_DIR/unit"
}

configure_units() {
  unit site.service <<'UNIT'
[Unit]
Description=The site's container
After=docker.service network-online.target
Requires=docker.service

[Service]
# The pull of an image counts into the start, and may take longer than the default of 90 s.
TimeoutStartSec=600
ExecStartPre=/usr/local/sbin/site-boot environment
EnvironmentFile=-/run/site/unit
ExecStartPre=-/usr/bin/docker rm --force site
ExecStart=/usr/bin/docker run --rm --init --name site --read-only --cap-drop ALL \
  --tmpfs /tmp:size=64m,mode=1777 --tmpfs /app/.next/cache:size=64m,mode=1777 \
  --security-opt no-new-privileges --env-file /run/site/env --publish ${SITE_PORT}:${SITE_PORT} \
  --log-driver awslogs --log-opt awslogs-region=${AWS_REGION} --log-opt awslogs-group=${LOG_GROUP} \
  --log-opt mode=non-blocking ${IMAGE}
# Requests under way are answered before the process ends.
ExecStop=/usr/bin/docker stop --time 30 site
TimeoutStopSec=45
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
UNIT
  unit site-watch.service <<'UNIT'
[Unit]
Description=Takes the instance out of the load balancer when AWS announces its end
After=site.service

[Service]
ExecStart=/usr/local/sbin/site-boot watch
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
}

# A Spot notice comes two minutes before the end; a scale-in or an instance refresh shows as the target state Terminated.
end_is_announced() {
  [ -n "$(metadata spot/instance-action 2>/dev/null || true)" ] ||
    [ "$(metadata autoscaling/target-lifecycle-state 2>/dev/null || true)" = Terminated ]
}

watch() {
  local target
  until end_is_announced; do sleep "${WATCH_SECONDS:-5}"; done
  say "this instance will be terminated: leaving the load balancer"
  target=$(config .targetGroupArn)
  if [ -n "$target" ]; then
    aws elbv2 deregister-targets --target-group-arn "$target" --targets "Id=$(metadata instance-id)"
    sleep "$(config .drainSeconds)"
  fi
  systemctl stop site
}

# Runs the migrations of another release's image beside the site, with that release's settings and in files of its own.
migrate() {
  local work
  work=$(mktemp --directory --tmpdir="$BOOT_ROOT/run")
  # shellcheck disable=SC2064  # The folder's name is meant as it is now.
  trap "rm -rf '$work'" EXIT
  CONFIG=$work/config.json
  ENV_DIR=$work
  fetch_config "$1"
  write_environment docker
  login_and_pull
  say "migrations of $(config .image)"
  docker run --rm --init --read-only --tmpfs /tmp:size=64m,mode=1777 --cap-drop ALL --security-opt no-new-privileges \
    --env-file "$work/env" --workdir /migrate "$(config .image)" node node_modules/prisma/build/index.js migrate deploy
}

case ${1:-boot} in
  boot | pause) "${1:-boot}" ;;
  setup)
    install_packages
    fetch_config
    install_agent
    configure_units
    systemctl enable --now site site-watch
    booted
    ;;
  environment)
    fetch_config
    write_environment docker
    write_unit_environment
    login_and_pull
    ;;
  watch)
    fetch_config
    watch
    systemctl disable --now site-watch
    ;;
  migrate)
    migrate "$2"
    ;;
  *)
    echo "usage: site-boot [boot|pause|setup|environment|watch|migrate <boot parameter>]" >&2
    exit 2
    ;;
esac
