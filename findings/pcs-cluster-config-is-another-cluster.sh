#!/usr/bin/env bash
# The command that pcs writes to set a cluster up anew makes another one, or is refused by pcs itself.
#
# pcs 0.11.5 (Debian 12's package).
# Expected: `pcs cluster config --output-format=cmd` writes the `pcs cluster setup` that makes this corosync.conf, and
#   a warning names what it leaves out, as one does for a quorum device.
# Seen: without a warning it leaves out
#     nodeid           nodes 11 and 12 are 1 and 2 afterwards, in the order in which they stand
#     quorum_votes     a node with two votes has one
#     logging          all of it: the log goes elsewhere
#   and for links 0 and 2 it writes linknumber=2, which setup refuses: it counts the addresses from 0, so "Cannot set
#   options for non-existent link '2', existing links: '0', '1'". Without a link's options, link 2 becomes link 1.
# Such a command, kept as a backup, brings a cluster back that counts its votes in another way. corosync.conf is kept
# itself.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

release() { # NAME PACKAGE...: a folder of this name with the packages of Debian's release, and all they need
  local name=$1 package
  shift
  mkdir -p "$name"/{lists,cache/archives}/partial "$name"/root/{etc,tmp,dev,usr/{bin,sbin,lib,lib64}}
  sed "s/bookworm/$name/" /etc/apt/sources.list.d/debian.sources > "$name/debian.sources"
  local options=(-qq -y -o Dir::Etc::sourcelist="$dir/$name/debian.sources" -o Dir::Etc::sourceparts=/none
    -o Dir::State::lists="$dir/$name/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/$name/cache"
    -o APT::Sandbox::User=root -o APT::Install-Recommends=0)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" --download-only install bash coreutils libc-bin sed grep gawk "$@" > "$name/apt.log"
  for package in bin sbin lib lib64; do ln -s "usr/$package" "$name/root/$package"; done
  for package in "$name"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$name/root"
  done
  cp -a /dev/null "$name/root/dev"
  echo 'root:x:0:0:root:/root:/bin/bash' > "$name/root/etc/passwd"
  ln -sf bash "$name/root/usr/bin/sh"
  chroot "$name/root" /sbin/ldconfig
}

release bookworm 'pcs=0.11.5-*'
inside() { chroot bookworm/root /usr/bin/env -i HOME=/ PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 "$@"; }
round() { # OPTIONS-OF-LINK-2: what becomes of the configuration on the way through the command
  cat > bookworm/root/corosync.conf <<CONF
totem {
    version: 2
    cluster_name: demo
    transport: knet
    crypto_cipher: aes256
    crypto_hash: sha256
    $1
}
nodelist {
    node {
        ring0_addr: 10.0.0.1
        ring2_addr: 10.2.0.1
        name: one
        nodeid: 11
        quorum_votes: 2
    }
    node {
        ring0_addr: 10.0.0.2
        ring2_addr: 10.2.0.2
        name: two
        nodeid: 12
    }
}
quorum {
    provider: corosync_votequorum
}
logging {
    to_logfile: yes
    logfile: /var/log/cluster.log
    to_syslog: yes
    timestamp: on
}
CONF
  inside pcs cluster config --output-format=cmd --corosync_conf=/corosync.conf > command.sh 2> warnings
  echo "interfaces: $(grep -c interface bookworm/root/corosync.conf || true), pcs warns of: '$(cat warnings)'"
  tr -d '\n\\' < command.sh | tr -s ' ' && echo
  rm -f bookworm/root/{again.conf,again.sh}
  # written to a file, it talks to no node
  { tr -d '\n\\' < command.sh && echo ' --corosync_conf=/again.conf'; } > bookworm/root/again.sh
  local status=0
  inside bash /again.sh 2> errors || status=$?
  echo "setup: $status"
  grep '^Error: Cannot' errors || true
  if [ -e bookworm/root/again.conf ]; then
    grep -E 'ring|nodeid|quorum_votes|logfile:' bookworm/root/again.conf | tr -s ' ' | paste -sd ' '
  fi
}
{
  echo "pcs $(inside pcs --version)"
  round ''
  round "$(printf 'interface {\n linknumber: 2\n knet_link_priority: 10\n }')"
} | tee seen
diff seen - <<'SEEN'
pcs 0.11.5
interfaces: 0, pcs warns of: ''
pcs cluster setup demo one addr=10.0.0.1 addr=10.2.0.1 two addr=10.0.0.2 addr=10.2.0.2 transport knet crypto cipher=aes256 hash=sha256 --no-cluster-uuid
setup: 0
 ring0_addr: 10.0.0.1  ring1_addr: 10.2.0.1  nodeid: 1  ring0_addr: 10.0.0.2  ring1_addr: 10.2.0.2  nodeid: 2  to_logfile: yes  logfile: /var/log/corosync/corosync.log
interfaces: 1, pcs warns of: ''
pcs cluster setup demo one addr=10.0.0.1 addr=10.2.0.1 two addr=10.0.0.2 addr=10.2.0.2 transport knet link link_priority=10 linknumber=2 crypto cipher=aes256 hash=sha256 --no-cluster-uuid
setup: 1
Error: Cannot set options for non-existent link '2', existing links: '0', '1'
SEEN
