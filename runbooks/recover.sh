# shellcheck shell=bash
# shellcheck source=heal.sh
# The recovery on a server, last of its four parts (process-manager.sh, look.sh and heal.sh come before it): finds out why its site does
# not answer, and brings it back. One step a call, by recover.command.yaml, or by hand with what `install` left: `site-recover-<app> <step>`
#
#   evidence        first line of the output: `remedy=<step> cause=<cause> detail=<sentence>`; then what it saw
#   free-disk       removes rotated logs, then empties the logs themselves, until their volume is below 80 %
#   restart-app     restarts the app by its process manager
#   restart-nginx   restarts Nginx
#   check           0 when a visitor is served, asked twice in a row within HEALTH_WAIT seconds; else 1
#   install         puts this very script on the server as site-recover-<app>, with the timer that heals
#   heal            what that timer runs every minute: looks, and takes the lowest rung that can help
#   mute <minutes>  keeps `heal` out, as of a deploy; 0 ends it
#
# It is set by the environment; the defaults suit what boot-instance.sh sets up:
: "${APP_NAME:=site}"                             # name of the app for its process manager
: "${APP_PORT:=3000}"                             # port of the app on this machine
: "${APP_USER:=site}"                             # user that runs the process manager (PM2 only)
: "${PROCESS_MANAGER:=pm2}"                       # pm2, systemd or docker
: "${ECOSYSTEM:=/srv/site/current/ecosystem.config.cjs}" # PM2's or compose's description of the app, for one that is forgotten
: "${HEALTH_PATH:=/api/health-external}"          # answers 200 when a visitor can be served
: "${PROCESS_PATH:=/api/health}"                  # answers 200 while the process lives, whatever it depends on
: "${SITE_URL:=}"                                 # https://name[:port] as visitors ask for it; empty without Nginx
: "${DATABASE:=}"                                 # host:port of the database that the app needs, where it is known
: "${NGINX_CONF:=/etc/nginx/nginx.conf}"
: "${LOG_FILES:=/var/log/site/app.log /var/log/site/app-error.log /var/log/nginx/access.log /var/log/nginx/error.log}"
: "${APP_ERROR_LOG:=/var/log/site/app-error.log}" # where the app's standard error goes (PM2 only)
: "${HEALTH_TIMEOUT:=5}"                          # seconds for one answer
: "${HEALTH_WAIT:=60}"                            # seconds that `check` waits for a healthy site
: "${SETTLE:=5}"                                  # seconds that a process manager may take to start a dead app again
: "${CONFIRM:=10}"                                # seconds between the two looks that `heal` takes before it acts
: "${DISK_FULL:=95}"                              # percent of a volume from which it counts as full, of its inodes as well
: "${HEALS_PER_HOUR:=3}"                          # times an hour that `heal` acts
: "${MUTE_PARAMETER:=}"                           # SSM parameter with the time (ISO 8601) until which nothing is recovered
: "${STATE_DIR:=/var/lib/site-recovery/$APP_NAME}" # remembers when the site was last known to be healthy
: "${RUN_DIR:=/run/site-recovery/$APP_NAME}"      # what may be forgotten at a restart, and must be written when the disk is full
: "${LOCK:=/run/lock/site-recovery}"              # held by whichever step changes something on this server
: "${RELEASE_LOCK:=/run/lock/site-release}"       # held by a release while it is installed (release.command.yaml)

set -u
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# --- steps ---

# Only what a log was rotated into, by the exact names of logrotate and pm2-logrotate, and at last the log itself; never another file
# that lies beside it, whatever its name.
DATED='[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}'
rotated() {
  local log=$1 file rest stem=${1%.log}
  for file in "$log".* "$log"-* "$stem"__*.log "$stem"__*.log.gz; do
    [ -f "$file" ] && [ ! -L "$file" ] || continue
    rest=${file#"$log"}
    [ "$rest" != "$file" ] || rest=${file#"$stem"}
    echo "$rest" | grep -qE "^([.][0-9]+|-[0-9]{8}(-[0-9]{2,10})?|__${DATED}[.]log)([.](gz|bz2|xz|zst))?\$" &&
      stat --format '%Y %n' "$file"
  done | sort -n | cut -d' ' -f2-
}

has_room() { [ "$(percent_used "$1")" -lt 80 ] && [ "$(percent_used "$1" -i | grep . || echo 0)" -lt 80 ]; }

free_disk() {
  local log file full
  for log in $LOG_FILES; do
    rotated "$log" | while IFS= read -r file; do
      has_room "$(dirname "$log")" && break
      echo "removing $file"
      rm -f -- "$file"
    done
  done
  # A log that is being written is emptied, not removed: its writer keeps it open. Largest first.
  # shellcheck disable=SC2086 # a list of files
  find $LOG_FILES -maxdepth 0 -type f -size +64k -printf '%s %p\n' 2>/dev/null | sort -rn | cut -d' ' -f2- | while IFS= read -r log; do
    has_room "$(dirname "$log")" && continue
    echo "emptying $log, which ends with:"
    tail -c 400 "$log"
    echo
    : >"$log"
  done
  full=$(full_volume)
  [ -z "$full" ] && return 0
  echo "$full %: what fills it is no log among $LOG_FILES"
  return 1
}

restart_nginx() {
  local id
  id=$(nginx_container)
  if [ -n "$id" ]; then
    docker restart -t 10 "$id"
  else
    nginx_says -t -q || return 1
    if has_systemd && systemctl cat nginx >/dev/null 2>&1; then
      systemctl reset-failed nginx 2>/dev/null
      systemctl restart nginx
    else
      nginx_runs && nginx_says -s quit && sleep 1
      nginx_says
    fi
  fi
  nginx_runs
}

check() {
  local end good=0 beyond=0 answer
  end=$(($(date +%s) + HEALTH_WAIT))
  while :; do
    answer=$(ask_site)
    if [ "${answer%% *}" = 200 ]; then
      good=$((good + 1))
      [ "$good" -ge 2 ] && break
    else
      good=0
      # The app has come back; what stands before it will not by waiting.
      case $(ask_app "$HEALTH_PATH") in 200*) beyond=$((beyond + 1)) ;; esac
    fi
    if [ "$(date +%s)" -ge "$end" ] || [ "$beyond" -ge 10 ]; then
      echo "not healthy: the site answers ${answer%% *}, curl ended with ${answer#* }"
      return 1
    fi
    sleep 1
  done
  remember_healthy
  echo "healthy"
}

case $PROCESS_MANAGER in
  pm2 | systemd | docker) ;;
  *) echo "PROCESS_MANAGER is $PROCESS_MANAGER: use pm2, systemd or docker" >&2; exit 2 ;;
esac

STEP=${1:-${STEP:-}}
case $STEP in
  free-disk | restart-app | restart-nginx | heal)
    # One at a time on this server, the automation's and the timer's. The lock is not handed on: what is started would hold it for ever.
    if [ -z "${LOCKED:-}" ]; then
      wait=120
      [ "$STEP" != heal ] || wait=0
      LOCKED=1 STEP=$STEP exec flock --close --wait "$wait" --conflict-exit-code 75 "$LOCK" "$BASH" "$0" "$STEP"
    fi
    ;;
esac
case $STEP in
  evidence) evidence ;;
  free-disk) free_disk ;;
  restart-app) [ "$PROCESS_MANAGER" != pm2 ] || find_pm2; restart_app ;;
  restart-nginx) restart_nginx ;;
  check) check ;;
  install) install_timer ;;
  heal) heal ;;
  mute) mute "${2:-0}" ;;
  *) echo "step is ${STEP:-missing}: use evidence, free-disk, restart-app, restart-nginx, check, install, heal or mute" >&2; exit 2 ;;
esac
