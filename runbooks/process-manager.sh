# shellcheck shell=bash
# First part of the recovery on a server (recover.sh is the second): what keeps the app running there, asked and told. PM2 of any user
# and from any installer, a systemd unit, or a container, by itself or of compose. Whether something worked is asked of the result: `pm2
# resurrect` without a dump ends with 0, as `docker restart` does of a container that ends again at once.

has_systemd() { [ -d /run/systemd/system ]; }

# Whether the process whose id a file holds lives; a dead one that nobody has waited for (a zombie) does not.
lives() {
  local pid
  pid=$(cat "$1" 2>/dev/null) && grep -q '^State:[[:space:]][^ZX]' "/proc/$pid/status" 2>/dev/null
}

# --- PM2 ---

home_of() { getent passwd "$1" | cut -d: -f6; }

# The shell that a user logs in with; a system's user has none.
shell_of() {
  local shell
  shell=$(getent passwd "$1" | cut -d: -f7)
  case $shell in '' | */nologin | */false) shell=/bin/bash ;; esac
  echo "$shell"
}

# Runs a command as a user, with what a log-in would set and nothing of this script's own: PM2 hands its environment on to the app.
as_user() {
  local user=$1 home
  shift
  home=$(home_of "$user")
  set -- env -i HOME="$home" USER="$user" LOGNAME="$user" SHELL="$(shell_of "$user")" TERM=dumb LANG=C.UTF-8 "$@"
  if [ "$(id -un)" = "$user" ]; then (cd "$home" && apart "$@"); else (cd "$home" && apart runuser -u "$user" -- "$@"); fi
}

# In a unit of its own: what is started would otherwise end with the unit that called this, or with Systems Manager's agent.
apart() { if has_systemd; then systemd-run --scope --collect --quiet -- "$@"; else "$@"; fi; }

# Every PM2 daemon as `<process> <user> <home>`; it says its home in its title.
pm2_daemons() {
  local pid title home
  pgrep -a '^PM2 v' | while read -r pid title; do
    home=${title#*God Daemon (}
    lives <(echo "$pid") && echo "$pid $(stat --format %U "/proc/$pid") ${home%)*}"
  done
}

# Where a running daemon's `pm2` is: beside the node that it runs on, which is where nvm, fnm and /opt have it, or on its own PATH.
daemon_path() {
  echo "$(dirname "$(readlink "/proc/$1/exe")"):$(tr '\0' '\n' <"/proc/$1/environ" | sed -n 's/^PATH=//p' | head -n 1)"
}

# Where it is when no daemon runs: what the user's own shell finds (nvm and fnm set their PATH in the file of an interactive one), then
# the places where they install, for a shell that says nothing.
login_path() {
  local home place
  home=$(home_of "$1")
  # shellcheck disable=SC2016 # for that shell
  as_user "$1" timeout 20 "$(shell_of "$1")" -lic 'echo "PATH is $PATH"' </dev/null 2>/dev/null |
    sed -n 's/^PATH is //p' | tail -n 1 | tr '\n' :
  for place in "$home"/.nvm/versions/node/*/bin "$home"/.local/share/fnm/node-versions/*/installation/bin "$home"/.volta/bin \
    "$home"/.npm-global/bin /opt/*/bin /opt/*/node_modules/.bin; do
    [ -x "$place/pm2" ] && printf '%s:' "$place"
  done
  echo "$PATH"
}

# Sets PM2_DAEMON (empty where none runs), PM2_OWNER, PM2_HOME and PM2_PATH: the daemon that knows the app, else APP_USER's.
find_pm2() {
  local pid user home own='' given=${PM2_HOME:-}
  while read -r pid user home; do
    # A home that is given means that one alone, whoever else runs a PM2 here.
    [ -z "$given" ] || [ "$home" = "$given" ] || continue
    [ "$user" = "$APP_USER" ] && own="$pid $user $home"
    PM2_DAEMON=$pid PM2_OWNER=$user PM2_HOME=$home PM2_PATH=$(daemon_path "$pid")
    knows_app && return
  done < <(pm2_daemons)
  read -r PM2_DAEMON PM2_OWNER PM2_HOME <<<"$own"
  : "${PM2_OWNER:=$APP_USER}" "${PM2_HOME:=${given:-$(home_of "$APP_USER")/.pm2}}"
  if [ -n "$PM2_DAEMON" ]; then PM2_PATH=$(daemon_path "$PM2_DAEMON"); else PM2_PATH=$(login_path "$APP_USER"); fi
}

# A daemon that has stopped answering must not stop this as well.
run_pm2() { as_user "$PM2_OWNER" PATH="$PM2_PATH" PM2_HOME="$PM2_HOME" timeout --kill-after=5 "${PM2_TIMEOUT:-40}" pm2 "$@"; }

# Every call of `pm2` starts a daemon where none runs, so these ask only one that does.
knows_app() { run_pm2 describe "$APP_NAME" >/dev/null 2>&1; }

pm2_state() {
  [ -n "$PM2_DAEMON" ] || { echo manager-stopped; return; }
  if run_pm2 pid "$APP_NAME" 2>/dev/null | grep -qE '^[1-9][0-9]*$' ||
    run_pm2 describe "$APP_NAME" 2>/dev/null | grep -qE 'status .*(launching|waiting restart)'; then
    echo running
  else
    echo stopped
  fi
}

# From its description, in the folder and with the environment of a log-in: what a dump would have kept, but not its secrets on the disk.
# The app's own `.env` files are read from there.
start_described() {
  [ -r "$ECOSYSTEM" ] || { echo "PM2 has forgotten $APP_NAME, and its description $ECOSYSTEM is not there"; return 1; }
  # shellcheck disable=SC2016 # for that shell
  as_user "$PM2_OWNER" PM2_HOME="$PM2_HOME" timeout --kill-after=5 "${PM2_TIMEOUT:-40}" "$(shell_of "$PM2_OWNER")" -lic \
    'PATH="$0:$PATH"; cd "$(dirname "$1")" && pm2 start "$1" --only "$2"' "$PM2_PATH" "$ECOSYSTEM" "$APP_NAME" </dev/null
}

# Whether a unit brings the app an environment that a log-in does not have, such as secrets in memory: then it alone may start it. `pm2
# startup` writes one that does not.
brings_environment() { systemctl cat "$1" 2>/dev/null | grep -qE "^(EnvironmentFile=|ExecStart=.*${ECOSYSTEM//./[.]})"; }

restart_pm2() {
  local unit
  if [ -n "$PM2_DAEMON" ] && ! run_pm2 ping >/dev/null 2>&1; then
    echo "the PM2 daemon $PM2_DAEMON does not answer: ending it"
    kill -KILL "$PM2_DAEMON"
    PM2_DAEMON=''
  fi
  unit=pm2-$PM2_OWNER
  if [ -n "$PM2_DAEMON" ] && knows_app; then
    run_pm2 restart "$APP_NAME"
  elif [ -z "$PM2_DAEMON" ] || brings_environment "$unit"; then
    [ -n "$PM2_DAEMON" ] || end_orphans
    if has_systemd && systemctl cat "$unit" >/dev/null 2>&1; then
      systemctl reset-failed "$unit" 2>/dev/null
      systemctl restart "$unit"
    elif [ -s "$PM2_HOME/dump.pm2" ]; then
      run_pm2 resurrect
    fi
    find_pm2
  fi
  [ "$(pm2_state)" = running ] && return
  if brings_environment "$unit"; then
    echo "$unit has not started $APP_NAME: journalctl -u $unit says why"
  else
    start_described
  fi
}

# In fork mode an app outlives its PM2 and keeps the port, so that the one which is started next cannot have it. Only what that user
# started, and nobody looks after any more.
end_orphans() {
  local pid
  for pid in $(listeners "$APP_PORT"); do
    [ "$(stat --format %U "/proc/$pid")" = "$PM2_OWNER" ] || continue
    tr '\0' '\n' <"/proc/$pid/environ" | grep -qx "PM2_HOME=$PM2_HOME" || continue
    echo "the process $pid of a PM2 that is gone holds port $APP_PORT: ending it"
    kill -KILL "$pid"
  done
}

# Processes that listen on a port.
listeners() { ss --no-header --listening --tcp --processes "sport = :$1" | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u; }

# --- containers ---

# The first container, running or not, whose name, compose service or image is like this.
container() {
  docker ps --all --format '{''{.ID}} {''{.Names}} {''{.Label "com.docker.compose.service"}} {''{.Image}}' 2>/dev/null |
    awk -v like="$1" '$2 ~ like || $3 ~ like || $4 ~ like { print $1; exit }'
}

app_container() { container "^${APP_NAME//./[.]}\$"; }

nginx_container() { [ "$PROCESS_MANAGER" != docker ] || container '(^|[/_-])nginx'; }

container_runs() { [ "$(docker inspect --format '{''{.State.Running}}' "$1" 2>/dev/null)" = true ]; }

restart_container() {
  local id
  docker info >/dev/null 2>&1 || systemctl restart docker
  id=$(app_container)
  if [ -n "$id" ]; then
    docker restart -t 10 "$id"
  elif [ -r "$ECOSYSTEM" ]; then
    docker compose --file "$ECOSYSTEM" up --detach "$APP_NAME"
  else
    echo "there is no container $APP_NAME, and its description $ECOSYSTEM is not there"
  fi
}

# --- whichever it is ---

# Prints `running`, `stopped`, or `manager-stopped`.
app_state() {
  case $PROCESS_MANAGER in
    pm2) pm2_state ;;
    systemd) systemctl is-active --quiet "$APP_NAME" && echo running || echo stopped ;;
    docker)
      docker info >/dev/null 2>&1 || { echo manager-stopped; return; }
      container_runs "$(app_container)" && echo running || echo stopped
      ;;
  esac
}

restart_app() {
  case $PROCESS_MANAGER in
    pm2) restart_pm2; find_pm2 ;;
    systemd) systemctl reset-failed "$APP_NAME" 2>/dev/null; systemctl restart "$APP_NAME" ;;
    docker) restart_container ;;
  esac
  [ "$(app_state)" = running ] && return
  echo "$APP_NAME does not run after its restart"
  return 1
}

# What the process manager and the app said since a time (ISO 8601, local).
app_log_since() {
  local log
  case $PROCESS_MANAGER in
    pm2)
      # What the runtime itself says of a crash has no time in front: it belongs to the next line that has one.
      for log in "$PM2_HOME/pm2.log" "$APP_ERROR_LOG"; do
        [ -r "$log" ] && tail -n 400 "$log" | awk -v since="$1" '
          !/^20[0-9][0-9]-/ { held = held $0 "\n"; next }
          substr($0, 1, 19) >= since { printf "%s", held; print }
          { held = "" }
          END { printf "%s", held }'
      done
      ;;
    systemd) journalctl --unit "$APP_NAME" --since "$(echo "$1" | tr T ' ')" --no-pager --output short-iso 2>/dev/null | tail -n 200 ;;
    docker) docker logs --since "$1" --tail 200 "$(app_container)" 2>&1 ;;
  esac
}
