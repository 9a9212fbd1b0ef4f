#!/bin/sh
# Finds out why a site on one instance does not answer, and brings it back. One step a call:
#
#   recover.sh evidence        first line of the output: `remedy=<step> cause=<cause> detail=<sentence>`; then what it saw
#   recover.sh free-disk       empties the largest logs until the log volumes are below 80 %
#   recover.sh restart-app     restarts the app by its process manager
#   recover.sh restart-nginx   restarts Nginx
#   recover.sh check           0 when a visitor is served, asked twice in a row within HEALTH_WAIT seconds; else 1
#
# It runs by itself, as root, and as the only step of recover.command.yaml, through which Systems Manager runs it. It is set
# by the environment; the defaults suit what boot-instance.sh sets up:
: "${APP_NAME:=site}"                             # name of the app for its process manager
: "${APP_PORT:=3000}"                             # port of the app on this machine
: "${APP_USER:=site}"                             # user that runs the process manager (PM2 only)
: "${PROCESS_MANAGER:=pm2}"                       # pm2, systemd or docker
: "${ECOSYSTEM:=/srv/site/current/ecosystem.config.cjs}" # PM2's description of the app, for a PM2 that has forgotten it
: "${HEALTH_PATH:=/api/health-external}"          # answers 200 when a visitor can be served
: "${PROCESS_PATH:=/api/health}"                  # answers 200 while the process lives, whatever it depends on
: "${SITE_URL:=}"                                 # https://name[:port] as visitors ask for it; empty without Nginx
: "${NGINX_CONF:=/etc/nginx/nginx.conf}"
: "${LOG_DIRS:=/var/log/site /var/log/nginx}"     # where logs may be emptied when a volume is full; separated by spaces
: "${APP_ERROR_LOG:=/var/log/site/app-error.log}" # where the app's standard error goes (PM2 only)
: "${HEALTH_TIMEOUT:=5}"                          # seconds for one answer
: "${HEALTH_WAIT:=60}"                            # seconds that `check` waits for a healthy site
: "${SETTLE:=5}"                                   # seconds that a process manager may take to start a dead app again
: "${DISK_FULL:=95}"                              # percent of a volume from which it counts as full
: "${STATE_DIR:=/var/lib/site-recovery}"          # remembers when the site was last known to be healthy

set -u
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

has_systemd() { [ -d /run/systemd/system ]; }

# Whether the process whose id a file holds lives; a dead one that nobody has waited for (a zombie) does not.
lives() {
  pid=$(cat "$1" 2>/dev/null) && grep -q '^State:[[:space:]][^ZX]' "/proc/$pid/status" 2>/dev/null
}

# --- asking ---

# Prints `<status> <curl's exit code>` for an URL; status 000 when there was no answer.
ask() {
  url=$1
  shift
  status=$(curl --silent --output /dev/null --max-time "$HEALTH_TIMEOUT" --write-out '%{http_code}' "$@" "$url")
  echo "$status $?"
}

ask_app() { ask "http://127.0.0.1:$APP_PORT$1"; }

# The way a visitor takes, TLS with the real name included, but on this machine: DNS has no part in it.
ask_site() {
  if [ -z "$SITE_URL" ]; then
    ask_app "$HEALTH_PATH"
    return
  fi
  authority=${SITE_URL#*://}
  case $authority in
    *:*) port=${authority##*:} ;;
    *) case $SITE_URL in https:*) port=443 ;; *) port=80 ;; esac ;;
  esac
  ask "$SITE_URL$HEALTH_PATH" --resolve "${authority%:*}:$port:127.0.0.1"
}

# --- the process manager ---

app_home() { getent passwd "$APP_USER" | cut -d: -f6; }

pm2_home() { echo "${PM2_HOME:-$(app_home)/.pm2}"; }

as_app() {
  if [ "$(id -un)" = "$APP_USER" ]; then
    env PM2_HOME="$(pm2_home)" "$@"
  else
    runuser -u "$APP_USER" -- env HOME="$(app_home)" PM2_HOME="$(pm2_home)" "$@"
  fi
}

# Asked first, since every call of `pm2` starts its daemon where none runs.
pm2_runs() { lives "$(pm2_home)/pm2.pid"; }

# Prints `running`, `stopped`, or `manager-stopped`.
app_state() {
  case $PROCESS_MANAGER in
    pm2)
      pm2_runs || { echo manager-stopped; return; }
      pid=$(as_app pm2 pid "$APP_NAME" 2>/dev/null | grep -E '^[1-9][0-9]*$' | head -n 1)
      if [ -n "$pid" ] || as_app pm2 describe "$APP_NAME" 2>/dev/null | grep -qE 'status .*(launching|waiting restart)'; then
        echo running
      else
        echo stopped
      fi
      ;;
    systemd) systemctl is-active --quiet "$APP_NAME" && echo running || echo stopped ;;
    docker)
      docker info >/dev/null 2>&1 || { echo manager-stopped; return; }
      [ "$(docker inspect --format '{''{.State.Running}''}' "$APP_NAME" 2>/dev/null)" = true ] && echo running || echo stopped
      ;;
  esac
}

# What the process manager and the app said since a time (ISO 8601, local).
app_log_since() {
  case $PROCESS_MANAGER in
    pm2)
      # What the runtime itself says of a crash has no time in front: it belongs to the next line that has one.
      for log in "$(pm2_home)/pm2.log" "$APP_ERROR_LOG"; do
        [ -r "$log" ] && tail -n 400 "$log" | awk -v since="$1" '
          !/^20[0-9][0-9]-/ { held = held $0 "\n"; next }
          substr($0, 1, 19) >= since { printf "%s", held; print }
          { held = "" }
          END { printf "%s", held }'
      done
      ;;
    systemd) journalctl --unit "$APP_NAME" --since "$(echo "$1" | tr T ' ')" --no-pager --output short-iso 2>/dev/null | tail -n 200 ;;
    docker) docker logs --since "$1" --tail 200 "$APP_NAME" 2>&1 ;;
  esac
}

kernel_log_since() {
  if has_systemd; then
    journalctl --dmesg --since "$(echo "$1" | tr T ' ')" --no-pager --output short-iso 2>/dev/null | tail -n 200
  else
    dmesg --time-format iso 2>/dev/null | tail -n 400 | awk -v since="$1" 'substr($0, 1, 19) >= since'
  fi
}

# --- evidence ---

# When the site was last known to be healthy, but ten minutes ago at most: older lines explain nothing.
since() {
  recent=$(date -d '-10 minutes' +%Y-%m-%dT%H:%M:%S)
  last=$(cat "$STATE_DIR/last-healthy" 2>/dev/null || true)
  printf '%s\n%s\n' "$recent" "$last" | sort | tail -n 1
}

remember_healthy() { mkdir -p "$STATE_DIR" && date +%Y-%m-%dT%H:%M:%S >"$STATE_DIR/last-healthy"; }

percent_used() { df -P "$1" 2>/dev/null | awk 'NR == 2 { sub("%", "", $5); print $5 }'; }

full_volume() {
  for dir in / $LOG_DIRS; do
    used=$(percent_used "$dir")
    [ "${used:-0}" -ge "$DISK_FULL" ] && { echo "$dir $used"; return; }
  done
}

memory_available_percent() { awk '/^MemTotal/ { t = $2 } /^MemAvailable/ { a = $2 } END { printf "%d", a * 100 / t }' /proc/meminfo; }

nginx_runs() { lives "$(nginx_pid_file)"; }

nginx_pid_file() {
  file=$(sed -n 's/^[[:space:]]*pid[[:space:]]\{1,\}\([^;]*\);.*/\1/p' "$NGINX_CONF" 2>/dev/null | head -n 1)
  echo "${file:-/run/nginx.pid}"
}

verdict() { echo "remedy=$1 cause=$2 detail=$3"; }

# Why the app's process ended, from what was written since; nothing when it did not end.
cause_of_death() {
  if echo "$kernel" | grep -qiE 'out of memory|oom-kill'; then
    echo "out-of-memory the kernel killed a process for lack of memory"
  elif echo "$applog" | grep -qE 'heap out of memory|heap limit|exceeds --max-memory-restart|current_memory'; then
    echo "out-of-memory the app used more memory than its limit and ended"
  elif echo "$applog" | grep -qE 'via signal \[SIGKILL\]|status=9/KILL'; then
    echo "app-killed the app's process was killed by SIGKILL"
  elif echo "$applog" | grep -qE 'exited with code \[[1-9]|via signal \[SIG(ABRT|SEGV|BUS|ILL)\]|status=[1-9]|code=dumped'; then
    echo "app-crashed the app's process ended by itself with an error"
  fi
}

decide() {
  full=$(full_volume)
  if [ -n "$full" ]; then
    verdict free-disk disk-full "${full% *} is ${full#* } % full"
    return
  fi
  death=$(cause_of_death)
  if [ "${site%% *}" = 200 ]; then
    if [ -n "$death" ]; then
      verdict none "${death%% *}" "${death#* }; it was started again and answers"
    elif [ "$memory" -lt 5 ]; then
      verdict restart-app memory-low "$memory % of the memory is available"
    else
      verdict none none "the site answers"
    fi
    return
  fi
  if [ "${direct%% *}" = 200 ]; then
    if ! nginx_runs; then
      verdict restart-nginx nginx-stopped "the app answers, Nginx does not run"
    elif ! nginx -t -q -c "$NGINX_CONF" 2>/dev/null; then
      verdict human nginx-config "the app answers, Nginx refuses its configuration"
    else
      case ${site#* } in
        35 | 58 | 60 | 77) verdict human certificate "the app answers, the site's certificate is not valid" ;;
        *) verdict restart-nginx nginx-failing "the app answers, Nginx answers with ${site%% *}" ;;
      esac
    fi
  elif [ "${process%% *}" = 200 ]; then
    verdict wait database-unavailable "the process answers, what it depends on (the database) does not; a restart would not help"
  elif [ "$state" = manager-stopped ]; then
    verdict restart-app process-manager-stopped "$PROCESS_MANAGER does not run"
  elif [ "$state" = stopped ] && echo "$applog" | grep -q 'Stopping app:'; then
    verdict restart-app app-stopped "$PROCESS_MANAGER was told to stop the app"
  elif [ -n "$death" ] && [ "$state" = running ]; then
    verdict restart-app "${death%% *}" "${death#* }; it was started again but does not answer"
  elif [ "$state" = running ] && [ "${process#* }" = 28 ]; then
    verdict restart-app app-hanging "the process accepts connections but does not answer within $HEALTH_TIMEOUT s"
  elif [ -n "$death" ]; then
    verdict restart-app "${death%% *}" "${death#* }"
  elif [ "$state" = stopped ]; then
    verdict restart-app app-stopped "$PROCESS_MANAGER runs, but not the app"
  else
    verdict restart-app app-failing "the process answers ${process%% *}, curl ended with ${process#* }"
  fi
}

section() { printf '\n--- %s\n' "$1"; }

evidence() {
  from=$(since)
  state=$(app_state)
  process=$(ask_app "$PROCESS_PATH")
  # The process manager may be starting it again at this moment, and needs no help then.
  patience=$SETTLE
  while [ "${process#* }" = 7 ] && [ "$state" = running ] && [ "$patience" -gt 0 ]; do
    sleep 1
    patience=$((patience - 1))
    process=$(ask_app "$PROCESS_PATH")
  done
  if [ "${process#* }" = 28 ]; then
    # It hangs: asking it twice more would only take longer.
    direct=$process site=$process
  else
    direct=$(ask_app "$HEALTH_PATH")
    site=$(ask_site)
  fi
  memory=$(memory_available_percent)
  applog=$(app_log_since "$from")
  kernel=$(kernel_log_since "$from" | grep -iE 'out of memory|oom-kill|killed process|i/o error|hung task|panic')
  decide
  # What happened before is told now; the next run need not tell it again.
  [ "${site%% *}" = 200 ] && remember_healthy
  echo "site=$site app=$direct process=$process state=$state memory-available=$memory% since=$from"
  section "volumes"
  # shellcheck disable=SC2086 # a list of directories
  df -P -h / $LOG_DIRS 2>&1
  section "memory"
  head -n 5 /proc/meminfo
  cat /proc/loadavg
  section "processes by memory (without arguments, which may hold secrets)"
  ps -eo pid,ppid,user,stat,rss,pcpu,etime,comm --sort=-rss | head -n 15
  section "kernel"
  echo "$kernel" | tail -n 10
  section "app and process manager"
  echo "$applog" | tail -n 30
  section "Nginx"
  for dir in $LOG_DIRS; do
    [ -r "$dir/error.log" ] && tail -n 10 "$dir/error.log"
  done
  return 0
}

# --- steps ---

free_disk() {
  for dir in $LOG_DIRS; do
    # Largest first. A log that is being written is emptied, not removed: its writer keeps it open.
    find "$dir" -xdev -type f -name '*.log*' -size +64k -printf '%s %p\n' 2>/dev/null | sort -rn | cut -d' ' -f2- |
      while IFS= read -r file; do
        [ "$(percent_used "$dir")" -lt 80 ] && break
        echo "emptying $file, which ends with:"
        tail -c 400 "$file"
        echo
        case $file in
          *.log) : >"$file" ;;
          *) rm -f -- "$file" ;;
        esac
      done
  done
  has_systemd && journalctl --vacuum-size=100M
  full=$(full_volume)
  [ -z "$full" ] && return 0
  echo "${full% *} is still ${full#* } % full: what fills it is no log in $LOG_DIRS"
  return 1
}

restart_app() {
  case $PROCESS_MANAGER in
    pm2)
      if pm2_runs; then
        as_app pm2 restart "$APP_NAME" && return 0
      elif has_systemd && systemctl cat "pm2-$APP_USER" >/dev/null 2>&1; then
        systemctl restart "pm2-$APP_USER" && return 0
      else
        as_app pm2 resurrect && return 0
      fi
      # A PM2 that has forgotten the app.
      as_app pm2 start "$ECOSYSTEM" && as_app pm2 save
      ;;
    systemd) systemctl restart "$APP_NAME" ;;
    docker) docker restart --time 10 "$APP_NAME" ;;
  esac
}

restart_nginx() {
  nginx -t -q -c "$NGINX_CONF" || return 1
  if has_systemd; then
    systemctl restart nginx
  else
    nginx_runs && nginx -c "$NGINX_CONF" -s quit && sleep 1
    nginx -c "$NGINX_CONF"
  fi
}

check() {
  end=$(($(date +%s) + HEALTH_WAIT))
  good=0
  while :; do
    answer=$(ask_site)
    if [ "${answer%% *}" = 200 ]; then
      good=$((good + 1))
      [ "$good" -ge 2 ] && break
    else
      good=0
    fi
    if [ "$(date +%s)" -ge "$end" ]; then
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

case ${STEP:-${1:-}} in
  evidence) evidence ;;
  free-disk) free_disk ;;
  restart-app) restart_app ;;
  restart-nginx) restart_nginx ;;
  check) check ;;
  *) echo "step is ${STEP:-${1:-missing}}: use evidence, free-disk, restart-app, restart-nginx or check" >&2; exit 2 ;;
esac
