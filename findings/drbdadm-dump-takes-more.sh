#!/usr/bin/env bash
# drbdadm dump accepts a configuration with which no resource can be brought up: the nearer option does not win.
#
# drbd-utils 9.22.0 (Debian 12's package), dry runs, no kernel module needed.
# Expected: an option in an inner section overrides the same option of an outer one, as that of a resource does
#   that of `common`; and `drbdadm dump`, with which a configuration is checked, ends with an error for one that
#   can't be used.
# Seen: it depends on the section. With max-buffers 8000 outside and 4000 inside
#     common, resource                  4000
#     common, connection                4000
#     common, connection-mesh           "ambiguous inheritance for option", nothing can be brought up
#   and so it is for an option of `disk` that both `common` and a volume have. `drbdadm dump` prints both
#   values and ends with 0 all the same.
# What is up goes on as it was, so the mistake shows when a node starts again: in the night of the upgrade.
# A check is `drbdadm --dry-run adjust all`, not `drbdadm dump`.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'drbd-utils=9.22.0-*'
dpkg -x drbd-utils_*.deb root

drbd() { root/sbin/drbdadm -c drbd.conf "$@"; }
asked() { # LABEL COMMON RESOURCE VOLUME: what the commands make of it
  local status=0
  cat > drbd.conf <<CONF
global { usage-count no; }
common { $2 }
resource r0 {
  $3
  volume 0 { $4 device minor 0; disk /dev/none; meta-disk internal; }
  on $(uname -n) { address 127.0.0.1:7000; node-id 0; }
  on peer { address 127.0.0.2:7000; node-id 1; }
}
CONF
  drbd dump > answer 2> errors || status=$?
  echo "$1: dump ends with $status"
  for command in new-peer attach; do
    status=0
    drbd --dry-run $command r0 > answer 2> errors || status=$?
    echo "  $command ends with $status$(grep -o -E -- ' --(max-buffers|al-extents)=.*' answer || true)"
    grep -o 'ambiguous inheritance for option .*' errors | sort -u | sed 's/^/    /' || true
  done
}
mesh() { echo "connection-mesh { hosts $(uname -n) peer; $1 }"; }
connection() { echo "connection { host $(uname -n); host peer; $1 }"; }
outside='net { max-buffers 8000; } disk { al-extents 1237; }'
root/sbin/drbdadm --version | grep DRBDADM_VERSION=
{
  asked 'common' "$outside" '' ''
  asked 'common, resource' "$outside" 'net { max-buffers 4000; } disk { al-extents 6007; }' ''
  asked 'common, connection' "$outside" "$(connection 'net { max-buffers 4000; }')" ''
  asked 'common, connection-mesh' "$outside" "$(mesh 'net { max-buffers 4000; }')" ''
  asked 'common, volume' "$outside" '' 'disk { al-extents 6007; }'
} | tee seen
diff seen - <<'SEEN'
common: dump ends with 0
  new-peer ends with 0 --max-buffers=8000
  attach ends with 0 --al-extents=1237
common, resource: dump ends with 0
  new-peer ends with 0 --max-buffers=4000
  attach ends with 0 --al-extents=6007
common, connection: dump ends with 0
  new-peer ends with 0 --max-buffers=4000
  attach ends with 0 --al-extents=1237
common, connection-mesh: dump ends with 0
  new-peer ends with 10
    ambiguous inheritance for option "max-buffers".
  attach ends with 10
    ambiguous inheritance for option "max-buffers".
common, volume: dump ends with 0
  new-peer ends with 10
    ambiguous inheritance for option "al-extents".
  attach ends with 10
    ambiguous inheritance for option "al-extents".
SEEN
