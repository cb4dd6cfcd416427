#!/usr/bin/env bash
# sudo that keeps what a command prints (log_output) loses the end of a long output, and ends with 0.
#
# sudo 1.9.13p3 (Debian 12's package), not at a terminal, with the output going to a slow reader.
# Expected: what the command printed arrives whole, as it does without log_output; or sudo fails.
# Seen: of 8 MiB the end is missing at the reader, and the exit status is 0. With use_pty alone everything arrives:
#   it is the keeping that loses it.
# `ssh NODE sudo cat FILE` brings a shortened file, and nothing tells. Whoever reads by sudo needs a mark behind
# the output that says that all of it was there.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'sudo=1.9.13p3-1+deb12u*'
dpkg -x sudo_*.deb root
mkdir -p new/usr new/etc new/proc new/dev new/run new/tmp
for name in bin lib lib64 sbin; do ln -s "usr/$name" "new/$name"; done

with() { # DEFAULTS COMMAND...: the command by sudo, not at a terminal
  printf 'Defaults %s\nroot ALL=(ALL) ALL\n' "$1" > root/etc/sudoers
  chmod 440 root/etc/sudoers
  shift
  # programs and settings of this machine with that sudo and that file, which nobody else sees
  unshare --mount sh -ec '
    cd "$1"
    shift
    mount -t overlay overlay -o lowerdir=root/usr:/usr new/usr
    mount -t overlay overlay -o lowerdir=root/etc:/etc new/etc
    mount --rbind /proc new/proc
    mount --rbind /dev new/dev
    exec chroot new setsid --wait sudo -n "$@"' sh "$dir" "$@" < /dev/null
}
ask() { # DEFAULTS: whether 8 MiB arrive, in ten tries
  local short=none failed=none size
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    size=$({ with "$1" head -c 8388608 /dev/zero || touch failed; } | { sleep 0.2; wc -c; })
    if [ "$size" -lt 8388608 ]; then short=some; fi
    if [ -e failed ]; then failed=some; fi
    rm -f failed
  done
  echo "$1: $short too short, $failed failed"
}
with '!use_pty' sudo --version | head -n 1
{
  ask '!use_pty'
  ask 'use_pty'
  ask 'use_pty, log_output, iolog_dir=/tmp'
} | tee seen
diff seen - <<'SEEN'
!use_pty: none too short, none failed
use_pty: none too short, none failed
use_pty, log_output, iolog_dir=/tmp: some too short, none failed
SEEN
