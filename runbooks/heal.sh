# shellcheck shell=bash
# shellcheck source=look.sh
# Third part of the recovery on a server (recover.sh): what its own timer runs every minute, and what keeps everybody's hands off.

# Sets `quiet`, why nobody may act now: `<cause> <sentence>`, or nothing when somebody may; and `deaf` where the stack's parameter cannot
# be read. A server without the AWS command line or without a region would never be healed if that kept it quiet; a release says so by
# its lock as well.
hush() {
  local until account=''
  quiet='' deaf=''
  if [ "$(systemctl is-active site-boot 2>/dev/null)" = activating ] || cloud-init status 2>/dev/null | grep -q 'status: running'; then
    quiet="first-boot the server is still being set up"
  elif [ -e "$RELEASE_LOCK" ] && ! flock --shared --nonblock "$RELEASE_LOCK" true; then
    quiet="deploying a release is being installed"
  else
    [ -z "$MUTE_PARAMETER" ] ||
      account=$(timeout 20 aws ssm get-parameter ${REGION:+--region "$REGION"} --name "$MUTE_PARAMETER" \
        --query Parameter.Value --output text 2>/dev/null) ||
      deaf="the server cannot read $MUTE_PARAMETER, so a mute of the account is not heard here: see whether \`aws\` works for root"
    for until in "$(cat "$STATE_DIR/muted-until" 2>/dev/null)" "$account"; do
      [ "$(date -d "${until:-off}" +%s 2>/dev/null || echo 0)" -gt "$(date +%s)" ] || continue
      quiet="muted the recovery is muted until $until"
      return
    done
  fi
}

mute() {
  mkdir -p "$STATE_DIR"
  date -u -d "+$1 minutes" +%Y-%m-%dT%H:%M:%SZ >"$STATE_DIR/muted-until"
}

# Warnings, which is what the agent ships of the journal; what stays the same from minute to minute is said once, until all is well.
say() { echo "<4>$APP_NAME: $*"; }
say_once() {
  grep -qxF -- "$*" "$RUN_DIR/said" 2>/dev/null && return
  echo "$*" >>"$RUN_DIR/said"
  say "$*"
}

# Nobody has confirmed for a week that this server is still watched (`install` does, every day): the stack has let go of it.
abandoned() { [ -n "$(find "$STATE_DIR/confirmed" -mtime +7 2>/dev/null)" ]; }

# Notes in a file that `heal` acts now, unless it has within the hour as often as it may.
may_act() {
  [ "$(awk -v since="$(($(date +%s) - 3600))" '$1 > since' "$1" 2>/dev/null | wc -l)" -lt "$HEALS_PER_HOUR" ] && date +%s >>"$1"
}

ENOUGH="$HEALS_PER_HOUR times within an hour is enough, a person has to act"

heal() {
  local answer remedy taken=''
  mkdir -p "$RUN_DIR"
  abandoned && return
  leave_disk=''
  # What `look` finds.
  found='' site=''
  answer=$(ask_site)
  if [ "${answer%% *}" = 200 ] && [ -z "$(freeable)" ]; then
    remember_healthy
    if [ -z "$(full_volumes)" ]; then rm -f "$RUN_DIR/said"; else say_once "the site answers; $(fullness): a person has to make room"; fi
    return
  fi
  armed || { say_once "nothing is done before the site has been seen healthy once: it answers ${answer%% *}"; return; }
  hush
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
    # Whoever has muted it meanwhile, or begun with a release, is heard.
    hush
    [ -z "$quiet" ] || { say_once "$found; nothing is done: ${quiet#* }"; return; }
    [ -z "$deaf" ] || say_once "$deaf"
    case $remedy:$taken in
      # A disk that fills up again keeps nothing else from being healed.
      free-disk:*)
        leave_disk=yes
        may_act "$RUN_DIR/rooms" || { say_once "$found; not done: $ENOUGH"; continue; }
        ;;
      *restart*:*restart*) ;;
      *) may_act "$RUN_DIR/heals" || { say_once "$found; not done: $ENOUGH"; return 1; } ;;
    esac
    taken="$taken $remedy"
    say "$found"
    act "$remedy" 2>&1 | tail -n 20
    check >/dev/null && { [ -z "$leave_disk" ] || [ -z "$(full_volumes)" ]; } && { say "healthy again by$taken"; return; }
  done
  [ "${site%% *}" = 200 ] && [ -z "$taken" ] || say_once "$found"
}

# What earlier names of this stack's app have left: their timers would go on until nobody has confirmed them for a week.
remove_earlier() {
  local dir name
  [ -n "$MUTE_PARAMETER" ] || return
  for dir in "$(dirname "$STATE_DIR")"/*/; do
    dir=${dir%/} name=$(basename "$dir")
    [ "$dir" != "$STATE_DIR" ] && [ "$(cat "$dir/stack" 2>/dev/null)" = "$MUTE_PARAMETER" ] || continue
    echo "removing the timer of $name, whose place $APP_NAME takes"
    systemctl disable --now "site-heal-${name//@/-}.timer"
    rm -f "/etc/systemd/system/site-heal-${name//@/-}".{timer,service} "/usr/local/sbin/site-recover-${name//@/-}"
    rm -rf -- "$dir" "$(dirname "$RUN_DIR")/${name:?}"
  done
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
  mkdir -p "$STATE_DIR" && touch "$STATE_DIR/confirmed" && echo "$MUTE_PARAMETER" >"$STATE_DIR/stack"
  remove_earlier
  systemctl daemon-reload
  # Started before anything has run, a timer that counts from the last run would wait for one for ever.
  systemctl enable "site-heal-$name.timer" && systemctl restart "site-heal-$name.timer" && systemctl start --no-block "site-heal-$name"
}
