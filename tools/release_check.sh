#!/usr/bin/env bash
# What a stranger does with the README, on a machine that has nothing: `./dev release-check`.
#
# Makes a fresh Debian 12 in a folder (debootstrap), with git and nothing else, clones what is committed here into root's
# home there (mode 0700, as a home is), and runs `./dev check`, `./dev test` and `./dev run`. A test that is skipped fails the
# check. Everything runs in namespaces of its own for mounts and processes, so nothing of it is left when it ends, however it
# ends; the folder is deleted, but for the log.
#
#   SOTTO_RELEASE_CHECK_CCACHE=DIR   a compiler cache to use there; without it everything is compiled
#   SOTTO_RELEASE_CHECK_KEEP=1       leave the folder, to look into it
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
fail() { printf 'release-check: %s\n' "$*" >&2; exit 1; }
((EUID == 0)) || fail "needs root: it makes a Debian of its own"
[[ -z $(git status --porcelain) ]] || say "what is not committed here is not checked"

log=$PWD/build/release-check.log
mkdir -p build
folder=$(mktemp -d /var/tmp/sotto-release-check.XXXXXX)
chmod 755 "$folder" # it becomes a root folder, which every user of a machine may enter
cleanup() {
  if [[ -n ${SOTTO_RELEASE_CHECK_KEEP:-} ]]; then
    say "left as it is: $folder"
  else
    say "deleting $folder"
    rm -rf --one-file-system "$folder"
  fi
}
trap cleanup EXIT

# The same package sources as here, whatever they are; and the certificates, in case a proxy stands in between.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u | grep -v security | head -1)
say "a fresh Debian 12 in $folder"
debootstrap --variant=minbase --include=git,ca-certificates bookworm "$folder" "$mirror" >"$log" 2>&1 || { tail -5 "$log" >&2; fail "debootstrap failed: $log"; }
for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt; do
  [[ -e $file ]] && cp -L "$file" "$folder$file"
done
printf 'Acquire::Check-Valid-Until "false";\n' >"$folder/etc/apt/apt.conf.d/99old-snapshot"

say "a clone of $(git rev-parse --short HEAD) in root's home"
chmod 700 "$folder/root"
git clone --quiet --no-hardlinks . "$folder/root/sotto"
[[ -z ${SOTTO_RELEASE_CHECK_CCACHE:-} ]] || mkdir -p "$folder/root/.cache/ccache"

cat >"$folder/root/visit" <<'TEXT'
set -euo pipefail
cd /root/sotto
for step in "./dev check" "./dev test" "./dev run"; do
  printf '\n==> %s\n' "$step"
  $step </dev/null
done
TEXT

say "./dev check, ./dev test and ./dev run in it; the log: $log"
status=0
unshare --mount --pid --fork --kill-child --propagation private bash -euc '
  folder=$1 cache=$2
  mount -t proc proc "$folder/proc"
  mount -t sysfs sysfs "$folder/sys"
  mount --rbind /dev "$folder/dev"
  mount -t tmpfs tmpfs "$folder/dev/shm" 2>/dev/null || true
  [[ -z $cache ]] || mount --bind "$cache" "$folder/root/.cache/ccache"
  exec chroot "$folder" /usr/bin/env -i HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NPM_CONFIG_CAFILE=/etc/ssl/certs/ca-certificates.crt bash /root/visit
' bash "$folder" "${SOTTO_RELEASE_CHECK_CCACHE:-}" >>"$log" 2>&1 || status=$?

cp "$folder/root/sotto/build/release/Testing/Temporary/LastTest.log" build/release-check-tests.log 2>/dev/null || true
grep -E '^==> |tests passed|tests failed|\*\*\*(Failed|Skipped|Timeout|Not Run|Exception)|\(Skipped\)|\(Failed\)' "$log" >&2 || true
((status == 0)) || fail "it does not pass on a machine that has nothing (status $status): $log"
! grep -qE '\*\*\*Skipped|\(Skipped\)|\(Not Run\)' "$log" || fail "tests were skipped: $log"
say "a stranger gets through"
