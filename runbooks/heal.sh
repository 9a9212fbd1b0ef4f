# shellcheck shell=bash
# shellcheck source=look.sh
# Third part of the recovery on a server (recover.sh): what its own timer runs every minute, and what keeps everybody's hands off.

# What the stack's parameter says, where the server can ask for it.
muted_in_account() {
  [ -z "$MUTE_PARAMETER" ] ||
    timeout 20 aws ssm get-parameter --name "$MUTE_PARAMETER" --query Parameter.Value --output text 2>/dev/null
}

# Why nobody may act now: `<cause> <sentence>`; nothing when somebody may.
hush() {
  local until
  if [ "$(systemctl is-active site-boot 2>/dev/null)" = activating ] || cloud-init status 2>/dev/null | grep -q 'status: running'; then
    echo "first-boot the server is still being set up"
  elif [ -e "$RELEASE_LOCK" ] && ! flock --nonblock "$RELEASE_LOCK" true; then
    echo "deploying a release is being installed"
  else
    for until in "$(cat "$STATE_DIR/muted-until" 2>/dev/null)" "$(muted_in_account)"; do
      [ "$(date -d "${until:-off}" +%s 2>/dev/null || echo 0)" -gt "$(date +%s)" ] || continue
      echo "muted the recovery is muted until $until"
      return
    done
  fi
}

mute() {
  mkdir -p "$STATE_DIR"
  date -u -d "+$1 minutes" +%Y-%m-%dT%H:%M:%SZ >"$STATE_DIR/muted-until"
}

# Warnings, which is what the agent ships of the journal; what stays the same from minute to minute is said once.
say() { echo "<4>$APP_NAME: $*"; }
say_once() {
  [ "$(cat "$RUN_DIR/said" 2>/dev/null)" = "$*" ] && return
  echo "$*" >"$RUN_DIR/said"
  say "$*"
}

# Nobody has confirmed for a week that this server is still watched (`install` does, every day): the stack has let go of it.
abandoned() { [ -n "$(find "$STATE_DIR/confirmed" -mtime +7 2>/dev/null)" ]; }

heals_within_the_hour() { awk -v since="$(($(date +%s) - 3600))" '$1 > since' "$RUN_DIR/heals" 2>/dev/null | wc -l; }

heal() {
  local answer quiet remedy taken=''
  mkdir -p "$RUN_DIR"
  abandoned && return
  answer=$(ask_site)
  if [ "${answer%% *}" = 200 ] && [ -z "$(full_volume)" ]; then
    remember_healthy
    rm -f "$RUN_DIR/said"
    return
  fi
  armed || { say_once "nothing is done before the site has been seen healthy once: it answers ${answer%% *}"; return; }
  quiet=$(hush)
  [ -z "$quiet" ] || { say_once "the site answers ${answer%% *}; nothing is done: ${quiet#* }"; return; }
  # Once is no outage: a reload may be under way.
  sleep "$CONFIRM"
  while :; do
    look
    remedy=${found#remedy=} remedy=${remedy%% *}
    case $remedy in
      free-disk | restart-app | restart-nginx) ;;
      *) break ;;
    esac
    case " $taken " in
      *" $remedy "*) say "$found; $remedy did not help: a person has to act"; return 1 ;;
    esac
    if [ -z "$taken" ]; then
      if [ "$(heals_within_the_hour)" -ge "$HEALS_PER_HOUR" ]; then
        say_once "$found; not done: $HEALS_PER_HOUR times within an hour is enough, a person has to act"
        return 1
      fi
      date +%s >>"$RUN_DIR/heals"
    fi
    taken="$taken $remedy"
    say "$found"
    "${remedy//-/_}" 2>&1 | tail -n 20
    check >/dev/null && { say "healthy again by$taken"; return; }
  done
  [ "${site%% *}" = 200 ] || say_once "$found"
}

install_timer() {
  local name=${APP_NAME//@/-}
  install -D -m 0700 "$0" "/usr/local/sbin/site-recover-$name"
  install -D -m 0644 /dev/stdin "/etc/systemd/system/site-heal-$name.service" <<UNIT
[Unit]
Description=Looks at the site of $APP_NAME, and heals what this server can heal

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/site-recover-$name heal
# Another step holds the lock.
SuccessExitStatus=75
TimeoutStartSec=10min
UNIT
  install -D -m 0644 /dev/stdin "/etc/systemd/system/site-heal-$name.timer" <<UNIT
[Unit]
Description=Looks at the site of $APP_NAME every minute

[Timer]
OnBootSec=2min
OnUnitInactiveSec=1min
AccuracySec=5s

[Install]
WantedBy=timers.target
UNIT
  mkdir -p "$STATE_DIR" && touch "$STATE_DIR/confirmed"
  systemctl daemon-reload
  # Started before anything has run, a timer that counts from the last run would wait for one for ever.
  systemctl enable "site-heal-$name.timer" && systemctl restart "site-heal-$name.timer" && systemctl start --no-block "site-heal-$name"
}
