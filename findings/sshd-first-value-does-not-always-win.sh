#!/usr/bin/env bash
# sshd: of a keyword given twice the first value counts, but for five keywords it is the last.
#
# OpenSSH 9.2p1 (Debian 12's package), asked by `sshd -T`.
# Expected: sshd_config(5) says that the first obtained value is used. Distributions build on it: the main
#   file includes sshd_config.d/*.conf in its first line, so that a drop-in wins over what stands below.
# Seen: that holds for MaxSessions, LoginGraceTime, AllowStreamLocalForwarding and their like. It does not
#   for MaxStartups, PerSourceMaxStartups, PerSourceNetBlockSize, StreamLocalBindMask and IPQoS: there the
#   later line of the main file undoes the drop-in, without a word.
# Who raises MaxStartups in a drop-in, for a tool that opens many connections, may have changed nothing.
set -euo pipefail
dir=$(mktemp -d)
made=
trap 'rm -rf "$dir" $made' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'openssh-server=1:9.2p1-*' 'openssh-client=1:9.2p1-*' libwrap0 libfido2-1 libcbor0.8
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$(echo "$dir"/root/lib/*-linux-gnu)
export LD_LIBRARY_PATH
[ -d /run/sshd ] || { mkdir /run/sshd && made=/run/sshd; }  # sshd asks for it even with -T
root/usr/bin/ssh-keygen -q -t ed25519 -N '' -f key
mkdir drop-in

winner() { # KEYWORD DROP-IN'S-VALUE MAIN'S-VALUE AS-DROP-IN AS-MAIN: which of them sshd goes by
  printf '%s %s\n' "$1" "$2" > drop-in/50.conf
  printf 'Include %s/drop-in/*.conf\nHostKey %s/key\n%s %s\n' "$dir" "$dir" "$1" "$3" > main.conf
  local value
  value=$("$dir/root/usr/sbin/sshd" -T -f main.conf | grep -i "^$1 " | tail -n 1 | cut -d ' ' -f 2-)
  case $value in
    "$4") echo "$1: the first" ;;
    "$5") echo "$1: the last" ;;
    *) echo "$1: $value" ;;
  esac
}

root/usr/sbin/sshd -V 2>&1 | cut -d , -f 1
{
  winner MaxSessions 4 9 4 9
  winner LoginGraceTime 10 20 10 20
  winner AllowStreamLocalForwarding no yes no yes
  winner MaxStartups 64:30:128 10:30:100 64:30:128 10:30:100
  winner PerSourceMaxStartups 9 4 9 4
  winner PerSourceNetBlockSize 24:64 16:48 24:64 16:48
  winner StreamLocalBindMask 0117 0077 0117 077
  winner IPQoS 'af21 cs1' 'af11 cs2' 'af21 cs1' 'af11 cs2'
} | tee seen
diff seen - <<'SEEN'
MaxSessions: the first
LoginGraceTime: the first
AllowStreamLocalForwarding: the first
MaxStartups: the last
PerSourceMaxStartups: the last
PerSourceNetBlockSize: the last
StreamLocalBindMask: the last
IPQoS: the last
SEEN
