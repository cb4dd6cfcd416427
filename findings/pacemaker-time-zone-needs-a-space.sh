#!/usr/bin/env bash
# Of a time with its zone, as ISO 8601 writes it, pacemaker drops the zone; with a space before it, it is understood.
#
# pacemaker 2.1.5 with pcs 0.11.5 (Debian 12's packages), and pacemaker 3.0.0 with pcs 0.12.0 (Debian 13's).
# Expected: a rule's times are ISO 8601, as its manual says. A ban until 2026-01-30T18:00:00-05:00 ends at 23:00
#   UTC on every node, wherever it stands. A zone that isn't understood is an error.
# Seen: what holds of such a ban at 20:00 UTC, on a machine in
#     the ban ends at                UTC        New York   Rome
#     2026-01-30T18:00:00-05:00      over       holds      over       the zone of the machine is taken
#     2026-01-30T18:00:00+02:00      over       holds      over       it ended at 16:00 UTC
#     2026-01-30T18:00:00 -05:00     holds      holds      holds      as crm_resource --ban --lifetime writes it
#     2026-01-30T23:00:00Z           holds      holds      holds
#   No word of crm_verify -V or crm_simulate. pcs writes and shows -05:00 as it was given; the form with the space
#   pcs 0.11 takes and 0.12 refuses, so that with it only Z is left.
# A ban for the time of a change ends hours early, or stays, unseen. It is written in UTC, with Z.
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
  apt-get "${options[@]}" --download-only install bash coreutils libc-bin sed grep gawk tzdata "$@" > "$name/apt.log"
  for package in bin sbin lib lib64; do ln -s "usr/$package" "$name/root/$package"; done
  for package in "$name"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$name/root"
  done
  cp -a /dev/null "$name/root/dev"
  echo 'root:x:0:0:root:/root:/bin/bash' > "$name/root/etc/passwd"
  ln -sf bash "$name/root/usr/bin/sh"
  chroot "$name/root" /sbin/ldconfig
}
release bookworm 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'

state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
cib() { # RELEASE CONSTRAINT: one preferred for a, and what else is given
  cat > "$1/root/cib.xml" <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints><rsc_location id="prefer" rsc="a" node="one" score="50"/>$2</constraints></configuration>
<status>$(state 1 one && state 2 two)</status></cib>
XML
}
inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 TZ="${zone:-UTC}" CIB_file=/cib.xml /usr/sbin/"${@:2}"; }
ban() { # RELEASE END: what is so at 20:00 UTC, by zones of the machine
  local zone rule
  rule="<expression id='on' attribute='#uname' operation='eq' value='one'/>"
  rule+="<date_expression id='until' operation='lt' end='$2'/>"
  cib "$1" "<rsc_location id='ban' rsc='a'><rule id='rule' score='-INFINITY'>$rule</rule></rsc_location>"
  printf '%-27s' "$2"
  for zone in UTC America/New_York Europe/Rome; do
    inside "$1" crm_verify -V -x cib.xml
    inside "$1" crm_simulate -x cib.xml --simulate --set-datetime='2026-01-30T20:00:00Z' > plan
    if grep -q 'Start  *a .* two ' plan; then
      printf ' %s' holds
    else
      printf ' %s' over
    fi
  done
  echo
}
by_pcs() { # RELEASE END: what pcs makes of it
  local status=0
  cib "$1" ''
  inside "$1" pcs -f cib.xml constraint location a rule score=-INFINITY date lt "$2" > answer 2>&1 || status=$?
  echo "pcs, $2 -> $status"
  inside "$1" cibadmin --query | grep -o 'end=.*"' || grep -o '^Error: .*parse error' answer
}
{
  for name in bookworm trixie; do
    inside "$name" crm_verify --version | head -n 1
    ban "$name" 2026-01-30T18:00:00-05:00
    ban "$name" 2026-01-30T18:00:00+02:00
    ban "$name" '2026-01-30T18:00:00 -05:00'
    ban "$name" 2026-01-30T23:00:00Z
    by_pcs "$name" 2026-01-30T18:00:00-05:00
    by_pcs "$name" '2026-01-30T18:00:00 -05:00'
  done
} | tee seen
diff seen - <<'SEEN'
Pacemaker 2.1.5
2026-01-30T18:00:00-05:00   over holds over
2026-01-30T18:00:00+02:00   over holds over
2026-01-30T18:00:00 -05:00  holds holds holds
2026-01-30T23:00:00Z        holds holds holds
pcs, 2026-01-30T18:00:00-05:00 -> 0
end="2026-01-30T18:00:00-05:00"
pcs, 2026-01-30T18:00:00 -05:00 -> 0
end="2026-01-30T18:00:00 -05:00"
Pacemaker 3.0.0
2026-01-30T18:00:00-05:00   over holds over
2026-01-30T18:00:00+02:00   over holds over
2026-01-30T18:00:00 -05:00  holds holds holds
2026-01-30T23:00:00Z        holds holds holds
pcs, 2026-01-30T18:00:00-05:00 -> 0
end="2026-01-30T18:00:00-05:00"
pcs, 2026-01-30T18:00:00 -05:00 -> 1
Error: 'date lt 2026-01-30T18:00:00 -05:00' is not a valid rule expression, parse error
SEEN
