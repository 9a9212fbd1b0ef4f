#!/usr/bin/env bash
# What lives on this server alone and would stay behind if the site moved: crontab entries, and files written beside the app.
# Reads only. Usage: inspect.sh <folder of the app>. Prints `cron <user> <entry>` and `files <folder>TAB<count>TAB<bytes>`.
set -uo pipefail

root=${1:-$HOME}
spool=${CRON_SPOOL:-/var/spool/cron}
etc=${ETC:-/etc}

# Entries of a crontab, without comments, empty lines and variables.
entries() { grep --no-messages --extended-regexp '^[[:space:]]*([0-9*@]|[A-Za-z]{3}[[:space:],-])' "$1"; }

for table in "$spool"/* "$spool"/crontabs/*; do
  [ -f "$table" ] || continue
  entries "$table" | sed "s|^|cron $(basename "$table") |"
done
for table in "$etc/crontab" "$etc"/cron.d/*; do
  # What packages bring belongs to the system, not to the site.
  case $(basename "$table") in 0hourly | raid-check | sysstat | e2scrub_all | certbot | popularity-contest | php) continue ;; esac
  [ -f "$table" ] || continue
  entries "$table" | sed 's|^|cron |'
done

# Folders by the names that uploads usually have, and whatever git does not know in the app's folder.
{
  find "$root" -maxdepth 4 -type d \( -name node_modules -o -name .next -o -name .git \) -prune -o \
    -type d \( -iname 'upload*' -o -iname media -o -iname storage -o -iname files \) -print
  if [ -d "$root/.git" ]; then
    git -c safe.directory="$root" -C "$root" ls-files --others --exclude-standard --directory 2>/dev/null |
      sed --quiet "s|\(.*\)/\$|$root/\1|p"
  fi
} | sort --unique | while IFS= read -r folder; do
  number=$(find "$folder" -type f | wc -l)
  [ "$number" -gt 0 ] || continue
  bytes=$(find "$folder" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%d", sum }')
  printf 'files %s\t%s\t%s\n' "$folder" "$number" "$bytes"
done
