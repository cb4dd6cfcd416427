#!/usr/bin/env bash
# crm_resource --wait ends with 0 while a resource without a monitor is starting; crm_simulate tells no start under way.
#
# pacemaker 2.1.5 (Debian 12's package), asked by crm_simulate, crm_resource and crm_mon.
# Expected: `crm_resource --wait`, and `pcs ... --wait` that uses it, end with 0 when the cluster is at rest, at once
#   where it is. An empty "Transition Summary" of crm_simulate says the same.
# Seen, of a resource on one node:
#                                          Transition Summary  crm_mon   crm_resource --wait
#     to be started                        Start a             Stopped   waits
#     start under way, no monitor          (empty)             Starting  0
#     start under way, with a monitor      (empty)             Starting  waits
#     started                              (empty)             Started   0
#     stop under way                       (empty)             Stopping  waits
#   Each 0 comes after two seconds and no less. What --wait waits for is what the scheduler would still begin: of a
#   start under way that is the monitor behind it, and where there is none, nothing.
# So 0 of a `--wait` is no proof that services are up: a database defined without a monitor may start for minutes more.
# Whoever looks before a step that must not meet a start under way reads crm_mon's pending operations beside it. In a
# loop over nodes --wait costs two seconds each where nothing is to be waited for; crm_simulate answers at once.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'pacemaker-cli-utils=2.1.5-*' 'pacemaker-common=2.1.5-*' libcib27 \
  libcrmcluster29 libcrmcommon34 libcrmservice28 liblrmd28 libpacemaker1 libpe-rules26 libpe-status28 libstonithd26 \
  libqb100 libcfg7 libcmap4 libcorosync-common4 libcpg4 libquorum5 libvotequorum8 liblrm2 libpils2 libplumb2 \
  libstonith1 libxslt1.1 libltdl7 libxml2 libdbus-1-3
for package in ./*.deb; do dpkg -x "$package" root; done
export PATH=$dir/root/usr/sbin:$PATH PCMK_schema_directory=$dir/root/usr/share/pacemaker
export CIB_file=$dir/cib.xml CIB_shadow_dir=$dir
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$dir/root/usr/lib
export LD_LIBRARY_PATH

operation() { # OPERATION CALL-ID RC STATUS: -1 193 -1 is one that has begun, and has not ended
  echo "<lrm_rsc_op id='a_last_0' operation='$1' operation_key='a_$1_0' crm_feature_set='3.16.1' on_node='one'"
  echo "call-id='$2' rc-code='$3' op-status='$4' interval='0'"
  echo "transition-key='1:1:0:00000000-0000-0000-0000-000000000000'"
  echo "transition-magic='$4:$3;1:1:0:00000000-0000-0000-0000-000000000000' last-rc-change='1700000000'"
  echo "op-digest='f2317cad3d54cec5d7d7aa7d0bf35cf8'/>"
}
state() { # LABEL ROLE MONITOR OPERATION CALL-ID RC STATUS; MONITOR: '' or the resource's recurring operation
  local label=$1 role=$2 monitor=$3 begun code=0 waited=waits
  shift 3
  cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes><node id="1" uname="one"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m"><nvpair id="m1"
name="target-role" value="$role"/></meta_attributes><operations>$monitor</operations></primitive></resources>
<constraints/></configuration><status>
<node_state id="1" uname="one" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="1"><lrm_resources>
<lrm_resource id="a" class="ocf" provider="pacemaker" type="Dummy">$(operation "$@")</lrm_resource>
</lrm_resources></lrm></node_state></status></cib>
XML
  crm_verify -V -x cib.xml
  begun=$(date +%s%N)
  crm_resource --wait --timeout=3 > /dev/null 2>&1 || code=$?
  if [ "$code" -eq 0 ]; then
    waited='ends with 0'
    (($(date +%s%N) - begun >= 2000000000)) || waited+=' at once'
  else
    test "$code" -eq 124
  fi
  echo "$label: $(crm_simulate -x cib.xml --run | sed '1,/^Transition Summary:/d' | tr -s ' ' | paste -sd ' ')," \
    "$(crm_mon -1 --inactive | grep -o 'Dummy):.*' | tr -s '[:space:]' ' ' | cut -d ' ' -f 2)," \
    "--wait $waited"
}
crm_simulate --version | head -n 1
monitor='<op id="m10" name="monitor" interval="10s"/>'
{
  state 'to be started' Started '' stop 5 0 0
  state 'start under way' Started '' start -1 193 -1
  state 'start under way, with a monitor' Started "$monitor" start -1 193 -1
  state 'started' Started '' start 5 0 0
  state 'stop under way' Stopped '' stop -1 193 -1
  state 'stopped as it should be' Stopped '' stop 5 0 0
} | tee seen
diff seen - <<'SEEN'
to be started:  * Start a ( one ), Stopped, --wait waits
start under way: , Starting, --wait ends with 0
start under way, with a monitor: , Starting, --wait waits
started: , Started, --wait ends with 0
stop under way: , Stopping, --wait waits
stopped as it should be: , Stopped, --wait ends with 0
SEEN
