#!/usr/bin/env bash
# `corosync -t` ends with 0 for a configuration that corosync refuses, or that does not say what its writer meant.
#
# corosync 3.1.7 (Debian 12's package).
# Expected: "Test configuration" of the manual tells what would keep the daemon from starting, as `sshd -t` or
#   `drbdadm dump` do, and a key or section that it does not know.
# Seen: only the values of known keys are looked at (`token: 3s` and two nodes with one nodeid end with 8). With 0 end
#     a quorum provider that does not exist: the daemon then ends with 20, "Invalid quorum provider"
#     a section or key that does not exist (`quorm`, `expectd_votes`, `ring0_add`): the daemon passes it over, too
#     two nodes with one name, which pacemaker can't tell apart
#     two_node with three nodes, expected_votes: 0, wait_for_all: 2
# Who changes corosync.conf on a node, tests it and reloads, has not learned that the node comes back after a reboot,
# nor that his setting holds. What holds is asked of the running daemon: corosync-cmapctl, corosync-quorumtool.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'corosync=3.1.7-*' libcfg7 libcmap4 libcorosync-common4 libcpg4 libknet1 \
  libnozzle1 libqb100 libquorum5 libsam4 libvotequorum8 libstatgrab10 libsnmp40 libnl-3-200 libnl-route-3-200
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$(echo "$dir"/root/lib/*-linux-gnu)
export LD_LIBRARY_PATH
mkdir state

config() { # KEY=LINE...: a configuration with other lines than the usual
  local name=three provider=corosync_votequorum totem='' quorum='' node='' section='' id=3
  [ $# = 0 ] || local "$@"
  cat > corosync.conf <<CONF
system {
  state_dir: $dir/state
}
resources {
  watchdog_device: off
}
totem {
  version: 2
  cluster_name: example
  transport: udpu
  $totem
}
nodelist {
  node {
    ring0_addr: 127.0.0.1
    nodeid: 1
    name: one
    $node
  }
  node {
    ring0_addr: 127.0.0.2
    nodeid: 2
    name: two
  }
  node {
    ring0_addr: 127.0.0.3
    nodeid: $id
    name: $name
  }
}
quorum {
  provider: $provider
  $quorum
}
$section
CONF
}
tested() { # KEY=LINE...
  config "$@"
  local status=0
  root/usr/sbin/corosync -t -c "$dir/corosync.conf" > said 2>&1 || status=$?
  echo "$status ${*//$'\n'/ }"
}

root/usr/sbin/corosync -v | head -n 1
{
  tested
  tested 'totem=token: 3s'
  tested id=2
  tested provider=corosync_votequrum
  tested $'section=quorm {\n}'
  tested 'quorum=expectd_votes: 5'
  tested 'node=ring0_add: 127.0.0.9'
  tested name=two
  tested 'quorum=two_node: 1'
  tested 'quorum=expected_votes: 0'
  tested 'quorum=wait_for_all: 2'

  # in a network of its own: it talks to nobody
  config provider=corosync_votequrum
  status=0
  unshare --map-root-user --net sh -c 'ip link set lo up; exec "$@"' - \
    timeout 60 root/usr/sbin/corosync -f -c "$dir/corosync.conf" > said 2>&1 || status=$?
  echo "the daemon ends with $status"
  grep -o 'Invalid quorum provider' said
} | tee seen
diff seen - <<'SEEN'
0 
8 totem=token: 3s
8 id=2
0 provider=corosync_votequrum
0 section=quorm { }
0 quorum=expectd_votes: 5
0 node=ring0_add: 127.0.0.9
0 name=two
0 quorum=two_node: 1
0 quorum=expected_votes: 0
0 quorum=wait_for_all: 2
the daemon ends with 20
Invalid quorum provider
SEEN
