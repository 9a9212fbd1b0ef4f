# shellcheck shell=bash
# shellcheck source=process-manager.sh
# Second part of the recovery on a server (recover.sh): what it looks at, and what that means.

# --- asking ---

# Prints `<status> <curl's exit code>` for an URL; status 000 when there was no answer.
ask() {
  local url=$1 status
  shift
  status=$(curl --silent --output /dev/null --max-time "$HEALTH_TIMEOUT" --write-out '%{http_code}' "$@" "$url")
  echo "$status $?"
}

ask_app() { ask "http://127.0.0.1:$APP_PORT$1"; }

# The way a visitor takes, TLS with the real name included, but on this machine: DNS has no part in it.
ask_site() {
  local authority port
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

# Whether a connection to the database is taken; also where nobody said which it is.
database_answers() {
  [ -z "$DATABASE" ] || timeout "$HEALTH_TIMEOUT" bash -c "</dev/tcp/${DATABASE%:*}/${DATABASE##*:}" 2>/dev/null
}

# --- Nginx, on the machine or in a container ---

nginx_pid_file() {
  local file
  file=$(sed -n 's/^[[:space:]]*pid[[:space:]]\{1,\}\([^;]*\);.*/\1/p' "$NGINX_CONF" 2>/dev/null | head -n 1)
  echo "${file:-/run/nginx.pid}"
}

nginx_runs() {
  local id
  id=$(nginx_container)
  if [ -n "$id" ]; then container_runs "$id"; else lives "$(nginx_pid_file)"; fi
}

# A command of Nginx where it lives; in a container only while that runs.
nginx_says() {
  local id
  id=$(nginx_container)
  if [ -n "$id" ]; then docker exec "$id" nginx "$@"; else nginx -c "$NGINX_CONF" "$@"; fi
}

# A container that does not run cannot be asked.
nginx_refuses() { { [ -z "$(nginx_container)" ] || nginx_runs; } && ! nginx_says -t -q 2>/dev/null; }

# Ports on this machine to which Nginx passes, where the app's is not among them.
other_upstream() {
  [ -z "$(nginx_container)" ] || return
  nginx_says -T 2>/dev/null | sed 's/#.*//' |
    grep -oE '(127\.0\.0\.1|localhost|\[::1\]):[0-9]+' | grep -oE '[0-9]+$' | sort -u | tr '\n' ' ' |
    awk -v port="$APP_PORT" '{ for (i = 1; i <= NF; i++) if ($i == port) exit; if (NF) print $0 }'
}

# --- evidence ---

# When the site was last known to be healthy, but ten minutes ago at most: older lines explain nothing.
since() {
  local recent last
  recent=$(date -d '-10 minutes' +%Y-%m-%dT%H:%M:%S)
  last=$(head -n 1 "$STATE_DIR/last-healthy" 2>/dev/null)
  printf '%s\n%s\n' "$recent" "$last" | sort | tail -n 1
}

# What was healthy: another port or path has to be seen healthy once before anything is restarted for its sake.
target() { echo "$APP_NAME $APP_PORT ${SITE_URL}$HEALTH_PATH"; }

remember_healthy() {
  local file=$STATE_DIR/last-healthy
  # In two steps: on a full disk the old one stays.
  mkdir -p "$STATE_DIR" && printf '%s\n%s\n' "$(date +%Y-%m-%dT%H:%M:%S)" "$(target)" >"$file.new" && mv "$file.new" "$file"
}

armed() { [ "$(sed -n 2p "$STATE_DIR/last-healthy" 2>/dev/null)" = "$(target)" ]; }

# Percent of a volume, or of its inodes, that is used; nothing where there are none to count.
percent_used() { df -P ${2:+"$2"} "$1" 2>/dev/null | awk 'NR == 2 { sub("%", "", $5); if ($5 != "-") print $5 }'; }

log_dirs() {
  # shellcheck disable=SC2086 # a list of files
  dirname $LOG_FILES | sort -u
}

device_of() { stat --format %d "$1" 2>/dev/null; }

# Each full volume once: `<directory> <percent> <of what>`
full_volumes() {
  local dir used
  for dir in / $(log_dirs); do
    used=$(percent_used "$dir")
    [ "${used:-0}" -lt "$DISK_FULL" ] || echo "$(device_of "$dir") $dir $used full"
    used=$(percent_used "$dir" -i)
    [ "${used:-0}" -lt "$DISK_FULL" ] || echo "$(device_of "$dir") $dir $used of its inodes used"
  done | awk '!seen[$1 $4]++' | cut -d' ' -f2-
}

# Those of them that are not full any more once their logs have gone.
freeable() {
  local dir used what
  full_volumes | while read -r dir used what; do
    # shellcheck disable=SC2046 # an option, or none
    df -P -k $(counting "$what") "$dir" | awk -v limit="$DISK_FULL" -v gone="$(freed "$dir" "$what")" \
      'NR == 2 { exit !(($3 - gone) * 100 <= (limit - 1) * ($3 + $4)) }' && echo "$dir $used $what"
  done
}

# What is full, as a part of a sentence.
fullness() { full_volumes | sed -E 's/ ([0-9]+) / is \1 % /' | paste -sd, | sed 's/,/, /g'; }

# Where files have to be written and cannot be, though there is room.
read_only() {
  local dir
  for dir in / /tmp $(log_dirs); do
    findmnt --noheadings --output OPTIONS --target "$dir" 2>/dev/null | tail -n 1 | grep -qE '^ro(,|$)' && echo "$dir is read-only"
  done
}

memory_available_percent() { awk '/^MemTotal/ { t = $2 } /^MemAvailable/ { a = $2 } END { printf "%d", a * 100 / t }' /proc/meminfo; }

kernel_log_since() {
  if has_systemd; then
    journalctl --dmesg --since "$(echo "$1" | tr T ' ')" --no-pager --output short-iso 2>/dev/null | tail -n 200
  else
    dmesg --time-format iso 2>/dev/null | tail -n 400 | awk -v since="$1" 'substr($0, 1, 19) >= since'
  fi
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

# What the log says of a database that is away: the words of Node's sockets, of Prisma (P1001: not reached, P1002 and P1008: too slow,
# P1017: closed, P2024: no connection free), and of PostgreSQL and its client.
DATABASE_AWAY='ECONNREFUSED|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|P1001|P1002|P1008|P1017|P2024|reach database server|too many clients'
DATABASE_AWAY="$DATABASE_AWAY|remaining connection slots|database system is (starting|shutting)|Connection terminated"
DATABASE_AWAY="$DATABASE_AWAY|exceeded when trying to connect|password authentication failed"

# Whether the app itself is sound and only what it depends on is away. One that has a path of its own for its process is asked by that;
# of another's 5xx the database and the log must say so.
depends() {
  [ "${process%% *}" = 200 ] && return
  [ "$PROCESS_PATH" = "$HEALTH_PATH" ] || return
  case ${direct%% *} in 5??) ;; *) return 1 ;; esac
  ! database_answers || echo "$applog" | grep -qE "$DATABASE_AWAY"
}

# Whether an answer sends whoever asks away, as to a log-in, or to another name: no restart changes that.
turns_away() { case ${1%% *} in 3?? | 401 | 403) ;; *) return 1 ;; esac }

decide() {
  local death
  if [ -z "${leave_disk:-}" ] && [ -n "$(freeable)" ]; then
    verdict free-disk disk-full "$full"
    return
  fi
  death=$(cause_of_death)
  if [ "${site%% *}" = 200 ]; then
    if [ -n "$death" ]; then
      verdict none "${death%% *}" "${death#* }; it was started again and answers"
    elif [ "$memory" -lt 5 ]; then
      verdict none memory-low "$memory % of the memory is available; the site answers"
    elif [ -n "$full" ]; then
      verdict none disk-full "the site answers; $full, and what fills it is no log that may go: a person has to make room"
    else
      verdict none none "the site answers"
    fi
  elif [ "${direct%% *}" = 200 ]; then
    decide_nginx
  elif turns_away "$direct"; then
    verdict human health-path "the app answers ${direct%% *} at $HEALTH_PATH, which has to answer 200 to anybody"
  elif depends; then
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

decide_nginx() {
  local upstream
  if nginx_refuses; then
    verdict human nginx-config "the app answers, Nginx refuses its configuration"
  elif ! nginx_runs; then
    verdict restart-nginx nginx-stopped "the app answers, Nginx does not run"
  else
    upstream=$(other_upstream)
    case ${site#* } in
      35 | 58 | 60 | 77) verdict human certificate "the app answers, the site's certificate is not valid" ;;
      *)
        if [ -n "$upstream" ]; then
          verdict human upstream-port "the app answers on port $APP_PORT, Nginx passes to ${upstream% }"
        elif turns_away "$site"; then
          verdict human health-path "the app answers, Nginx answers ${site%% *} at $HEALTH_PATH, which has to answer 200 to anybody"
        else
          verdict restart-nginx nginx-failing "the app answers, Nginx answers with ${site%% *}"
        fi
        ;;
    esac
  fi
}

look() {
  local patience=$SETTLE
  from=$(since)
  [ "$PROCESS_MANAGER" != pm2 ] || find_pm2
  state=$(app_state)
  process=$(ask_app "$PROCESS_PATH")
  # The process manager may be starting it again at this moment, and needs no help then.
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
  full=$(fullness)
  found=$(decide)
  # Where a person has to make room, that may well be why the rest is broken.
  case $found in *' cause=disk-full '*) ;; *) found="$found${full:+; $full}" ;; esac
  # What happened before is told now; the next run need not tell it again.
  [ "${site%% *}" = 200 ] && remember_healthy
}

section() { printf '\n--- %s\n' "$1"; }

evidence() {
  local file
  look
  hush
  if [ -n "$quiet" ] && [ "${site%% *}" != 200 ]; then verdict wait "${quiet%% *}" "${quiet#* }; else: $found"; else echo "$found"; fi
  echo "site=$site app=$direct process=$process state=$state memory-available=$memory% since=$from"
  [ -z "$deaf" ] || echo "$deaf"
  section "volumes, their inodes, and where nothing can be written"
  # shellcheck disable=SC2046 # a list of directories
  { df -P -h / $(log_dirs); df -P -i / $(log_dirs); read_only; } 2>&1
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
  for file in $LOG_FILES; do
    case $file in */error.log) [ -r "$file" ] && tail -n 10 "$file" ;; esac
  done
  return 0
}
