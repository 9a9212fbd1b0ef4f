# shellcheck shell=bash
# shellcheck source=heal.sh
# The recovery on a server, last of its four parts (process-manager.sh, look.sh and heal.sh come before it): finds out why its site does
# not answer, and brings it back. One step a call, by recover.command.yaml, or by hand with what `install` left: `site-recover-<app> <step>`
#
#   evidence        first line of the output: `remedy=<step> cause=<cause> detail=<sentence>`; then what it saw
#   free-disk       removes rotated logs, then empties the logs themselves, on a volume that is full and where they are enough, until it is
#                   below 80 %
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
: "${HEALS_PER_HOUR:=3}"                          # times an hour that `heal` restarts, and that it makes room
: "${REGION:=}"                                   # of the account that the server asks; empty for what its AWS CLI is set to
: "${MUTE_PARAMETER:=}"                           # SSM parameter with the time (ISO 8601) until which nothing is recovered
: "${STATE_DIR:=/var/lib/site-recovery/$APP_NAME}" # remembers when the site was last known to be healthy
: "${RUN_DIR:=/run/site-recovery/$APP_NAME}"      # what may be forgotten at a restart, and must be written when the disk is full
: "${LOCK:=/run/lock/site-recovery}"              # held by whichever step changes something on this server
: "${RELEASE_LOCK:=/run/lock/site-release}"       # held by a release while it is installed (release.command.yaml)

set -u
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin

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
      stat --format '%Y %b remove %n' "$file"
  done
}

# What may go on a volume, in this order: rotated logs from the oldest on, then logs that are being written, the largest first. Those are
# emptied, not removed, as their writer keeps them open; that frees no inode. A line is `<blocks of 512 bytes> <remove|empty> <file>`.
may_go() {
  local dir=$1 what=$2 log logs=()
  for log in $LOG_FILES; do
    [ "$(device_of "$(dirname "$log")")" != "$(device_of "$dir")" ] || logs+=("$log")
  done
  [ ${#logs[@]} -gt 0 ] || return
  for log in "${logs[@]}"; do rotated "$log"; done | sort -n | cut -d' ' -f2-
  [ "$what" != full ] || find "${logs[@]}" -maxdepth 0 -type f -size +64k -printf '%b empty %p\n' 2>/dev/null | sort -rn
}

# The option of df that counts it.
counting() { [ "$1" = full ] || echo -i; }

# How much would go with them, in what df counts: KiB, or inodes.
freed() { may_go "$1" "$2" | awk -v what="$2" '{ sum += what == "full" ? $1 / 2 : 1 } END { print sum + 0 }'; }

free_disk() {
  local dir what how file
  freeable | while read -r dir _ what; do
    may_go "$dir" "$what" | while read -r _ how file; do
      # shellcheck disable=SC2046 # an option, or none
      [ "$(percent_used "$dir" $(counting "$what"))" -ge 80 ] || break
      if [ "$how" = remove ]; then
        echo "removing $file"
        rm -f -- "$file"
      else
        echo "emptying $file, which ends with:"
        tail -c 400 "$file"
        echo
        : >"$file"
      fi
    done
  done
  [ -n "$(full_volumes)" ] || return 0
  echo "$(fullness): what fills it is no log among $LOG_FILES"
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
      apart nginx -c "$NGINX_CONF"
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

# This very step under the lock: one at a time on this server, the automation's and the timer's. The lock is not handed on: what is
# started would hold it for ever. Ends with 75 where somebody else holds it.
locked() { LOCKED=$1 flock --close "${@:2}" --conflict-exit-code 75 "$LOCK" "$BASH" "$0" "$STEP"; }

# A step that changes something, while no release is being installed; one that comes waits for it.
act() {
  local code
  exec 9>>"$RELEASE_LOCK"
  if flock --shared --nonblock 9; then
    "${1//-/_}" 9>&-
    code=$?
  else
    echo "a release is being installed"
    code=75
  fi
  exec 9>&-
  return $code
}

STEP=${1:-${STEP:-}}
case $STEP:${LOCKED:-} in
  heal:)
    locked at-once --nonblock
    exit
    ;;
  free-disk: | restart-app: | restart-nginx:)
    locked at-once --nonblock
    code=$?
    if [ $code = 75 ]; then
      locked late --wait 120
      code=$?
    fi
    [ $code != 75 ] || echo "not taken: another step holds the lock"
    exit $code
    ;;
  *:late)
    # Whoever held it may have healed it.
    case $(ask_site) in 200*) echo "it answers again"; exit 0 ;; esac
    ;;
esac
case $STEP in
  evidence) evidence ;;
  free-disk | restart-nginx) act "$STEP" ;;
  restart-app) [ "$PROCESS_MANAGER" != pm2 ] || find_pm2; act restart-app ;;
  check) check ;;
  install) install_timer ;;
  heal) heal ;;
  mute) mute "${2:-0}" ;;
  *) echo "step is ${STEP:-missing}: use evidence, free-disk, restart-app, restart-nginx, check, install, heal or mute" >&2; exit 2 ;;
esac
