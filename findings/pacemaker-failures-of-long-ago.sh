#!/usr/bin/env bash
# Failures of a year ago, long past failure-timeout, count again when another operation of the resource fails once.
#
# pacemaker 2.1.5 (Debian 12's package) and 3.0.0 (Debian 13's), asked by crm_simulate and crm_mon.
# Expected: pacemaker keeps a count and the time of the last failure for each operation, so that with
#   failure-timeout=10min a monitor's failures of last year are over, whatever start does today.
# Seen: of a resource with migration-threshold=3 that runs on a node,
#     2 failures of monitor, a year ago                            they are forgotten
#     1 failure of start, a minute ago                             it stays
#     both                                                         three failures: it must leave the node
#     both, and 3 failures of monitor in another interval          it must leave, with six
#   The latest failure of any operation is what failure-timeout is compared with, and then all counts are added up.
#   crm_mon tells one sum with the time of the latest: "fail-count=3", a minute ago.
# A node that the counts have pardoned is one failure away from being forbidden. Before an upgrade, whose restarts may
# fail once, the counts are cleaned up (`pcs resource cleanup`), not only looked at for recent ones.
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
    -o APT::Sandbox::User=root -o APT::Install-Recommends=0 -o Debug::NoLocking=1)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" --download-only install bash coreutils libc-bin "$@" > "$name/apt.log"
  for package in bin sbin lib lib64; do ln -s "usr/$package" "$name/root/$package"; done
  for package in "$name"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$name/root"
  done
  cp -a /dev/null "$name/root/dev"
  echo 'root:x:0:0:root:/root:/bin/bash' > "$name/root/etc/passwd"
  chroot "$name/root" /sbin/ldconfig
}
release bookworm 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pacemaker-cli-utils=3.0.0-*'

inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 CIB_file=/cib.xml /usr/sbin/"${@:2}"; }
now=$(date +%s)
failures() { # OPERATION COUNT SECONDS-AGO
  echo "<nvpair id='count-$1' name='fail-count-a#$1' value='$2'/>"
  echo "<nvpair id='last-$1' name='last-failure-a#$1' value='$((now - $3))'/>"
}
operation() { # NAME INTERVAL: one that ended well
  echo "<lrm_rsc_op id='a_last_$2' operation_key='a_$1_$2' operation='$1' crm-debug-origin='test' rc-code='0'
    crm_feature_set='3.16.1' op-status='0' interval='$2' call-id='7' transition-key='1:1:0:t' on_node='one'
    transition-magic='0:0;1:1:0:t' last-rc-change='$((now - 9))' exec-time='9' queue-time='0' op-digest='0'/>"
}
ran() { echo "<lrm_resource id='a' class='ocf' provider='pacemaker' type='Dummy'>$(operation start 0)</lrm_resource>"; }
node() { # ID NAME ATTRIBUTES HISTORY
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<transient_attributes id='$1'><instance_attributes id='t$1'>$3</instance_attributes></transient_attributes>"
  echo "<lrm id='$1'><lrm_resources>$4</lrm_resources></lrm></node_state>"
}
judged() { # WORDS ATTRIBUTES
  cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m">
<nvpair id="m1" name="migration-threshold" value="3"/><nvpair id="m2" name="failure-timeout" value="10min"/>
<nvpair id="m3" name="resource-stickiness" value="100"/></meta_attributes></primitive></resources><constraints/>
</configuration><status>
$(node 1 one "$2" "$(ran)")
$(node 2 two '' '')
</status></cib>
XML
  cp cib.xml "$name/root"
  echo "$1"
  inside "$name" crm_simulate -x cib.xml --simulate | sed -n '/^Revised/,$s/.*Dummy):[ \t]*/  /p'
  inside "$name" crm_mon --one-shot --failcounts | sed -n 's/.*\(fail-count=[0-9]*\).*/  crm_mon: \1/p'
}
year=$((365 * 86400))
{
  for name in bookworm trixie; do
    inside "$name" crm_simulate --version | head -n 1
    judged 'monitor 2, a year ago' "$(failures monitor_10000 2 $year)"
    judged 'start 1, a minute ago' "$(failures start_0 1 60)"
    judged 'both' "$(failures start_0 1 60)$(failures monitor_10000 2 $year)"
    judged 'both, and 3 of another monitor' \
      "$(failures start_0 1 60)$(failures monitor_10000 2 $year)$(failures monitor_30000 3 $year)"
  done
} | tee seen
diff seen - <<'SEEN'
Pacemaker 2.1.5
monitor 2, a year ago
  Started one
  crm_mon: fail-count=2
start 1, a minute ago
  Started one
  crm_mon: fail-count=1
both
  Started two
  crm_mon: fail-count=3
both, and 3 of another monitor
  Started two
  crm_mon: fail-count=6
Pacemaker 3.0.0
monitor 2, a year ago
  Started one
  crm_mon: fail-count=2
start 1, a minute ago
  Started one
  crm_mon: fail-count=1
both
  Started two
  crm_mon: fail-count=3
both, and 3 of another monitor
  Started two
  crm_mon: fail-count=6
SEEN
