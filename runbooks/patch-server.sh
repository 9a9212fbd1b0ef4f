# shellcheck shell=bash
# Installs the security updates of the system's packages, and never reboots: a new kernel waits for the next boot, which is said. Amazon
# Linux 2023 keeps to the version of its image unless it is asked for the latest (docs.aws.amazon.com/linux/al2023/ug,
# deterministic-upgrades-usage.html), so a server would else stay as it was made for years.
set -uo pipefail
say() {
  echo "$1"
  logger --tag site-patch --priority "user.$2" "$1"
}

exec 9>"${RELEASE_LOCK:=/run/lock/site-release}"
flock --nonblock 9 || { say "a release is under way: security updates wait for the next week" notice; exit 0; }

before=$(rpm --query --all --last | head -n 1)
if ! dnf upgrade --assumeyes --security --releasever=latest; then
  say "security updates could not be installed; once more in a week, or: dnf upgrade --security --releasever=latest" warning
  exit 1
fi
[ "$(rpm --query --all --last | head -n 1)" = "$before" ] || say "security updates are installed" notice
# 1 says that what runs is older than what is installed (dnf-plugins-core).
dnf needs-restarting --reboothint >/dev/null 2>&1
[ $? != 1 ] || say "a reboot is needed for some of the security updates: reboot it in a quiet hour" warning
