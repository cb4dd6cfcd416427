#!/usr/bin/env bash
# What `sshd -T` and `ssh -G` print can't be told from another configuration: a group of two words is two groups.
#
# OpenSSH 9.2p1 (Debian 12's package).
# Expected: the effective configuration is printed in the words of a configuration, so that sshd and ssh read it back
#   to the same, or a value with a blank in it stands in quotes as it has to in the file.
# Seen: no value is quoted, in neither of them. Read back by `sshd -T -f` and `ssh -G -F`,
#     AllowGroups "domain admins"            two lines, "allowgroups domain" and "allowgroups admins" afterwards
#     UserKnownHostsFile "/etc/a b" /etc/c   three files
#     Banner, ChrootDirectory, IdentityFile and ControlPath with a blank, SetEnv with one: an error
#     EscapeChar ^B                          printed as \^B, "Bad escape character"
#   VersionAddendum and ForceCommand keep the quotes that were written, and come back as they were.
# An audit that takes the printed groups word by word calls "domain" and "admins" allowed. A copy of a machine's
# effective settings is another configuration as soon as names come from a directory that has blanks in them.
set -euo pipefail
dir=$(mktemp -d)
made=
trap 'rm -rf "$dir" $made' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'openssh-server=1:9.2p1-*' 'openssh-client=1:9.2p1-*' \
  libwrap0 libfido2-1 libcbor0.8
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$(echo "$dir"/root/lib/*-linux-gnu)
export LD_LIBRARY_PATH
[ -d /run/sshd ] || { mkdir /run/sshd && made=/run/sshd; }  # sshd asks for it even with -T
root/usr/bin/ssh-keygen -q -t ed25519 -N '' -f key

server() { # LINE: what sshd prints of it, and of what it has printed
  printf 'HostKey %s/key\n%s\n' "$dir" "$1" > server.conf
  "$dir/root/usr/sbin/sshd" -T -f server.conf > printed
  compare "$1" "$dir/root/usr/sbin/sshd" -T -f printed
}
client() { # LINE: the same of ssh
  printf '%s\n' "$1" > client.conf
  root/usr/bin/ssh -G -F client.conf node > printed
  compare "$1" root/usr/bin/ssh -G -F printed node
}
compare() { # LINE COMMAND...
  local word=${1%% *} status=0
  echo "$1"
  grep -i "^$word " printed | sed 's/^/  /'
  "${@:2}" > back 2> errors || status=$?
  if [ "$status" = 0 ]; then
    grep -i "^$word " back | sed 's/^/  read back: /'
  else
    echo "  read back: $status"
  fi
}
root/usr/bin/ssh -V
{
  server 'AllowGroups "domain admins"'
  server 'VersionAddendum "two words"'
  server 'ForceCommand echo "two  words"'
  server 'Banner "/etc/two words"'
  server 'ChrootDirectory "/srv/two words"'
  server 'SetEnv PLACE="two words"'
  client 'UserKnownHostsFile "/etc/a b" /etc/c'
  client 'IdentityFile "/etc/two words"'
  client 'ControlPath "/run/two words"'
  client 'SetEnv PLACE="two words"'
  client 'EscapeChar ^B'
} | tee seen
diff seen - <<'SEEN'
AllowGroups "domain admins"
  allowgroups domain admins
  read back: allowgroups domain
  read back: allowgroups admins
VersionAddendum "two words"
  versionaddendum "two words"
  read back: versionaddendum "two words"
ForceCommand echo "two  words"
  forcecommand echo "two  words"
  read back: forcecommand echo "two  words"
Banner "/etc/two words"
  banner /etc/two words
  read back: 255
ChrootDirectory "/srv/two words"
  chrootdirectory /srv/two words
  read back: 255
SetEnv PLACE="two words"
  setenv PLACE=two words
  read back: 255
UserKnownHostsFile "/etc/a b" /etc/c
  userknownhostsfile /etc/a b /etc/c
  read back: userknownhostsfile /etc/a b /etc/c
IdentityFile "/etc/two words"
  identityfile /etc/two words
  read back: 255
ControlPath "/run/two words"
  controlpath /run/two words
  read back: 255
SetEnv PLACE="two words"
  setenv PLACE=two words
  read back: 255
EscapeChar ^B
  escapechar \^B
  read back: 255
SEEN
