#!/usr/bin/env bash
# "From 22 to 6" is never, and "at 9 and 12" is always in pacemaker 2.1 and never in 3.0: hours of a rule.
#
# pacemaker 2.1.5 (Debian 12's package) and 3.0.0 (Debian 13's), asked by crm_simulate and crm_verify.
# Expected: hours="22-6" of a date_spec goes round midnight, or crm_verify finds fault with it. hours="9,12", which
#   the schema allows, are two hours, as in a crontab. 3.0 reads what 2.1 has read.
# Seen: the hours of a Saturday in which a ban by such a rule holds, and the exit status of crm_verify -V
#                  2.1.5                  3.0.0
#     22-6         none             0     none             0
#     9,12         all 24           0     none            78
#     22-          22, 23           0     the same         0
#     9-12         9 to 12, whole   0     the same         0
#   The same goes for weekdays="6-1", Saturday to Monday: never, without a word.
# A ban for the night holds on no night. A list of hours is one ban before an upgrade, for the whole day, and another
# after it, for no hour. A span over midnight is written as two rules.
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

release bookworm 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pacemaker-cli-utils=3.0.0-*'
inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 /usr/sbin/"${@:2}"; }
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
bans() { # ATTRIBUTE VALUE: when a ban by this date_spec holds
  local hour held='' status=0
  cat > "$name/root/cib.xml" <<XML
<cib crm_feature_set="3.9.0" validate-with="pacemaker-3.7" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes><node id="1" uname="one"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints><rsc_location id="ban" rsc="a"><rule id="rule" score="-INFINITY"><date_expression id="date"
  operation="date_spec"><date_spec id="spec" $1="$2"/></date_expression></rule></rsc_location></constraints>
</configuration><status>$(state 1 one)</status></cib>
XML
  inside "$name" crm_verify -V -x /cib.xml 2> errors || status=$?
  for hour in {00..23}; do
    inside "$name" crm_simulate -x /cib.xml --simulate --set-datetime "2026-11-28 $hour:30:00Z" > simulated 2>&1
    if grep -q 'Stopped' <(grep '[*] a.*Dummy' simulated | tail -n 1); then held="$held $hour"; fi
  done
  echo "$1=$2: crm_verify $status, held at:$held"
}
{
  for name in bookworm trixie; do
    inside "$name" crm_verify --version | head -n 1
    bans hours 9-12
    bans hours 22-
    bans hours 22-6
    bans hours 9,12
    bans weekdays 6
    bans weekdays 6-1
  done
} | tee seen
diff seen - <<'SEEN'
Pacemaker 2.1.5
hours=9-12: crm_verify 0, held at: 09 10 11 12
hours=22-: crm_verify 0, held at: 22 23
hours=22-6: crm_verify 0, held at:
hours=9,12: crm_verify 0, held at: 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23
weekdays=6: crm_verify 0, held at: 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23
weekdays=6-1: crm_verify 0, held at:
Pacemaker 3.0.0
hours=9-12: crm_verify 0, held at: 09 10 11 12
hours=22-: crm_verify 0, held at: 22 23
hours=22-6: crm_verify 0, held at:
hours=9,12: crm_verify 78, held at:
weekdays=6: crm_verify 0, held at: 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23
weekdays=6-1: crm_verify 0, held at:
SEEN
