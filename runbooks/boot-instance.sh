# shellcheck shell=bash
# shellcheck source=boot-common.sh
# Second part of the user data of one instance that serves the site by itself: Nginx with TLS, PM2, the release of the app.
# Calls after the first: `site-boot environment` (before the app starts), `site-boot release <boot parameter:version>` (a deploy, sent
# by `pulumi up`: release.command.yaml), `site-boot renew`.

NODE_MAJOR=24
PM2_VERSION=7.0.4
CERTBOT_VERSION=5.8.0
SITE=$BOOT_ROOT/srv/site
LETSENCRYPT=$BOOT_ROOT/etc/letsencrypt
# Only these are filled in, so that Nginx's own variables stay.
# shellcheck disable=SC2016
NGINX_NAMES='$DOMAIN $REDIRECT_FROM $APP_PORT $HTTP_PORT $HTTPS_PORT $CERT_DIR $LOG_DIR $ASSET_DIR'

install_packages() {
  say "packages"
  dnf install --assumeyes jq nginx gettext python3.11 "nodejs$NODE_MAJOR" "nodejs$NODE_MAJOR-npm" logrotate
  alternatives --set node "/usr/bin/node-$NODE_MAJOR"
  npm install --global --prefix "$BOOT_ROOT/usr/local" "pm2@$PM2_VERSION"
  python3.11 -m venv "$BOOT_ROOT/opt/certbot"
  "$BOOT_ROOT/opt/certbot/bin/pip" install --quiet "certbot==$CERTBOT_VERSION" "certbot-dns-route53==$CERTBOT_VERSION"
  id site &>/dev/null || useradd --system --create-home --shell /sbin/nologin site
  install -d -o site -g site "$BOOT_ROOT/var/log/site" "$SITE/releases"
}

# Which version of the boot parameter this server runs by: with it come back the same environment and secrets after a restart.
SERVING=$BOOT_ROOT/etc/site/serving
serving() { cat "$SERVING" 2>/dev/null || true; }

# The newest version of the parameter that the tag names.
newest() {
  local name
  name=$(metadata tags/instance/boot-parameter)
  echo "$name:$(aws ssm get-parameter --region "$(metadata placement/region)" --name "$name" --query Parameter.Version --output text)"
}

# Tells `pulumi up` by which version this server serves: written by the server itself, and only once that is so.
record() {
  local record
  record=$(config .record)
  [ -z "$record" ] || aws ssm put-parameter --overwrite --name "$record" --value "$(metadata instance-id) $(serving)" >/dev/null
}

# By name and content: an archive that was built anew under one name is another release.
release_dir() { echo "$SITE/releases/$(config '"\(.version)-\(.release.sha256[0:12])"')"; }

# Puts the release beside the older ones; a deploy that fails here leaves everything as it is.
install_release() {
  local archive dir tries=6
  dir=$(release_dir)
  if [ ! -e "$dir/server.js" ]; then
    say "release $(config .version)"
    archive=$(mktemp)
    # The update that asks for a release grants its archive, and IAM takes a while to know: its changes are eventually consistent.
    until aws s3 cp --only-show-errors "$(config .release.url)" "$archive"; do
      tries=$((tries - 1))
      [ "$tries" -gt 0 ]
      sleep "${PAUSE_SECONDS:-10}"
    done
    echo "$(config .release.sha256)  $archive" | sha256sum --check --quiet
    rm -rf "$dir.new"
    mkdir -p "$dir.new"
    tar --extract --gzip --no-same-owner --file "$archive" --directory "$dir.new"
    rm -f "$archive"
    rm -rf "$dir"
    mv "$dir.new" "$dir"
  fi
}

# Once per release and before it serves; a migration that fails ends the deploy while the old release goes on.
migrate() {
  local dir cli
  [ "$(config .migrate)" = true ] || return 0
  dir=$(release_dir)
  [ -d "$dir/prisma/migrations" ] || return 0
  say "migrations"
  cli=$(jq --raw-output '.devDependencies.prisma // .dependencies.prisma' "$dir/package.json")
  cd "$dir" || return
  DATABASE_URL=$(environment | jq --raw-output .DATABASE_URL) \
    runuser -u site -- env HOME=/home/site npx --yes "prisma@$cli" migrate deploy
  cd /
}

# What failed after the switch is taken back, so that the release before serves on, also after a restart.
go_back() {
  say "back to $before"
  ln --symbolic --force --no-dereference "$before" "$SITE/current"
  CONFIG=${CONFIG%.next}
  write_environment systemd
  configure_nginx
  systemctl reload pm2-site nginx
}

# Started beside the release that serves, on a port of its own, the new one must answer as it would to the site's check: one that does
# not start is never switched to. PM2 would end the old process all the same, as soon as the new one's time to listen is over.
try_release() {
  local variables port
  variables=$(environment | jq --raw-output 'to_entries[] | "export \(.key)=\(.value | @sh)"')
  # Any that is free: one derived from the app's may be that of the release which serves, which would answer in its stead.
  port=$(node -e 'const s = require("net").createServer().listen(0, () => s.close(console.log(s.address().port)))')
  say "trying the release"
  (
    eval "$variables"
    export NODE_ENV=production HOSTNAME=127.0.0.1 PORT=$port
    cd "$(release_dir)" && exec runuser -u site -- node server.js
  ) &
  # Not a local: a trap at the end of the script sees none.
  trying=$!
  trap 'kill "$trying" 2>/dev/null || true' EXIT
  curl --silent --show-error --fail --output /dev/null --max-time 5 --retry "${TRIES:-30}" --retry-delay 1 --retry-all-errors \
    "http://127.0.0.1:$port$(config .healthPath)"
  kill "$trying"
  wait "$trying" || true
  trap - EXIT
}

# The built files of this release beside those of the ones before, for pages that are still open: as links, which outlive a release
# that goes, until 90 days after the last release that has them went.
keep_assets() {
  local static=$SITE/assets/_next/static
  install -d "$static"
  [ ! -d "$(release_dir)/.next/static" ] || cp --archive --link --force "$(release_dir)/.next/static/." "$static/"
  # A file of a release that is still here has two names; losing one of them is a change of its state (inode(7), st_ctime).
  find "$static" -type f -links 1 -ctime +90 -delete
}

switch_release() {
  keep_assets
  ln --symbolic --force --no-dereference "$(release_dir)" "$SITE/current"
  # The three that were switched to last stay, for a way back: the one before is among them, however old it is.
  touch "$(release_dir)"
  find "$SITE/releases" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | tail -n +4 | cut -d' ' -f2- | xargs -r rm -rf --
}

# By DNS, so that the certificate exists before the name points here. The role may write `_acme-challenge` and nothing else.
obtain_certificate() {
  local domain names
  domain=$(config .domain)
  names=(--domain "$domain")
  [ -z "$(config .redirectFrom)" ] || names+=(--domain "$(config .redirectFrom)")
  "$BOOT_ROOT/opt/certbot/bin/certbot" certonly --non-interactive --agree-tos --email "$(config .acmeEmail)" \
    --server "$(config .acmeServer)" --dns-route53 --keep-until-expiring --cert-name "$domain" "${names[@]}" \
    --config-dir "$LETSENCRYPT" --deploy-hook "systemctl reload nginx || true"
}

# Days until the certificate ends, as a metric: an alarm watches it, and a missing value alarms as well.
publish_certificate_days() {
  local domain end days
  domain=$(config .domain)
  end=$(openssl x509 -noout -enddate -in "$LETSENCRYPT/live/$domain/cert.pem" | cut -d= -f2)
  days=$((($(date --date "$end" +%s) - $(date +%s)) / 86400))
  aws cloudwatch put-metric-data --namespace Site --metric-name CertificateDaysToExpiry --unit Count \
    --dimensions "Domain=$domain" --value "$days"
}

configure_nginx() {
  local redirect
  redirect=$(config .redirectFrom)
  # A server without a name of its own answers nothing else.
  DOMAIN=$(config .domain) REDIRECT_FROM=${redirect:-_} APP_PORT=$(config .port) HTTP_PORT=80 HTTPS_PORT=443 \
    CERT_DIR=$LETSENCRYPT/live/$(config .domain) LOG_DIR=/var/log/nginx ASSET_DIR=$SITE/assets \
    envsubst "$NGINX_NAMES" \
    <"$SITE/current/nginx/site.conf" | install -D -m 0644 /dev/stdin "$BOOT_ROOT/etc/nginx/conf.d/site.conf"
  nginx -t
}

configure_units() {
  unit pm2-site.service <<'UNIT'
[Unit]
Description=The site under PM2
After=network-online.target
Wants=network-online.target

[Service]
Type=forking
User=site
Environment=PM2_HOME=/home/site/.pm2 APP_DIR=/srv/site/current APP_LOG_DIR=/var/log/site
# Secrets are fetched anew at each start and live in memory only.
ExecStartPre=+/usr/local/sbin/site-boot environment
EnvironmentFile=-/run/site/env
PIDFile=/home/site/.pm2/pm2.pid
ExecStart=/usr/bin/env pm2 start /srv/site/current/ecosystem.config.cjs
ExecReload=/usr/bin/env pm2 reload /srv/site/current/ecosystem.config.cjs
ExecStop=/usr/bin/env pm2 kill
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
  unit site-renew.service <<'UNIT'
[Unit]
Description=Renew the site's certificate and publish its remaining days

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/site-boot renew
UNIT
  unit site-renew.timer <<'UNIT'
[Unit]
Description=Twice a day, as Let's Encrypt asks

[Timer]
OnBootSec=10min
OnUnitActiveSec=12h
RandomizedDelaySec=1h

[Install]
WantedBy=timers.target
UNIT
  install -D -m 0644 /dev/stdin "$BOOT_ROOT/etc/logrotate.d/site" <<'ROTATE'
/var/log/site/*.log {
  daily
  maxsize 100M
  rotate 7
  compress
  missingok
  notifempty
  copytruncate
}
ROTATE
  systemctl daemon-reload
}

# On a server on which nothing serves: its first boot, and the release that mends one which did not come to its end. Each step may
# be done a second time.
first_release() {
  fetch_config "$1"
  install_release
  migrate
  switch_release
  obtain_certificate
  configure_nginx
  configure_units
  # A try after one that failed below leaves what serves alone.
  local how=start
  [ "$(serving)" = "$1" ] || how=restart
  # What the app starts by (`site-boot environment`).
  echo "$1" >"$SERVING"
  systemctl enable pm2-site nginx site-renew.timer
  systemctl "$how" pm2-site nginx site-renew.timer
  publish_certificate_days || true
  record
  booted
}

case ${1:-boot} in
  boot | pause) "${1:-boot}" ;;
  setup)
    # Meanwhile a release may have done it.
    [ ! -e "$BOOTED" ] || exit 0
    install_packages
    first_release "$(newest)"
    ;;
  environment)
    fetch_config "$(serving)"
    write_environment systemd
    ;;
  release)
    version=${2:-$(newest)}
    if ! systemctl is-active --quiet pm2-site; then
      install_packages
      first_release "$version"
      exit
    fi
    # In a file of its own until it serves: the renewal and a restart read the other one meanwhile, and the way back needs no other.
    CONFIG=$CONFIG.next
    fetch_config "$version"
    install_release
    migrate
    try_release
    before=$(readlink "$SITE/current") && trap go_back EXIT
    switch_release
    write_environment systemd
    configure_nginx
    # A reload of PM2 starts the new process before it ends the old one, with the environment that the ecosystem file hands on.
    systemctl reload pm2-site nginx
    trap - EXIT
    mv "$CONFIG" "${CONFIG%.next}"
    CONFIG=${CONFIG%.next}
    echo "$version" >"$SERVING"
    record
    ;;
  record)
    record
    ;;
  renew)
    fetch_config "$(serving)"
    # Also when the renewal fails: then the falling number of days is what raises the alarm.
    trap publish_certificate_days EXIT
    obtain_certificate
    ;;
  *)
    echo "usage: site-boot [boot|pause|setup|environment|release [boot parameter:version]|record|renew]" >&2
    exit 2
    ;;
esac
