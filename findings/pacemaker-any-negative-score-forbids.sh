#!/usr/bin/env bash
# A location score of -1 forbids a node as -INFINITY does: the resource is stopped rather than run where it "avoids" to.
#
# pacemaker 2.1.5 (Debian 12's package), asked by crm_simulate and crm_mon.
# Expected: a finite negative score (`pcs constraint location a avoids one=1`) is a dislike. When all other nodes are
#   in standby the resource runs on node one all the same; only -INFINITY keeps it off.
# Seen: a node whose scores add up to less than 0 is no place for a resource. With node two in standby
#     -1 on one                                   not started; where it runs on one, it is stopped
#     -1 on one, resource-stickiness 1            stays on one while it runs there, and isn't started there
#     -1 and another preference of 1 for one      started on one
#   The same holds for the instances of a clone. crm_mon --neg-locations tells "prevents a from running on one" with
#   the weight -1; crm_resource --why has no reason.
# A check before a failover or an upgrade that looks for -INFINITY takes the node for fit that is to carry all, and
# the service is down from the moment the others are in standby. The sum of the scores is what counts.
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

operation() { # RESOURCE NODE OPERATION RC: the last that pacemaker has of it on this node
  echo "<lrm_resource id='$1' class='ocf' provider='pacemaker' type='Dummy'><lrm_rsc_op id='$1_last_0' operation='$3'"
  echo "operation_key='$1_$3_0' crm_feature_set='3.16.1' on_node='$2' call-id='5' rc-code='$4' op-status='0' interval='0'"
  echo "transition-key='1:1:$4:00000000-0000-0000-0000-000000000000' op-digest='f2317cad3d54cec5d7d7aa7d0bf35cf8'"
  echo "transition-magic='0:$4;1:1:$4:00000000-0000-0000-0000-000000000000' last-rc-change='1700000000'/></lrm_resource>"
}
on_one() { # stopped|runs: what is known of the resource on node one
  case $1 in runs) operation a one start 0 ;; *) operation a one monitor 7 ;; esac
}
happens() { # LABEL STATE-ON-ONE STICKINESS SCORE...: what pacemaker is about to do, and what crm_mon tells
  local label=$1 state=$2 stickiness=$3 number=0 score constraints=
  shift 3
  for score; do
    number=$((number + 1))
    constraints+="<rsc_location id='location-$number' rsc='a' node='one' score='$score'/>"
  done
  cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/><node id="2" uname="two"><instance_attributes id="i"><nvpair id="n" name="standby"
value="on"/></instance_attributes></node></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"><meta_attributes id="m"><nvpair id="m1"
name="resource-stickiness" value="$stickiness"/></meta_attributes></primitive></resources>
<constraints>$constraints</constraints></configuration><status>
<node_state id="1" uname="one" in_ccm="true" crmd="online" join="member" expected="member">
<lrm id="1"><lrm_resources>$(on_one "$state")</lrm_resources></lrm></node_state>
<node_state id="2" uname="two" in_ccm="true" crmd="online" join="member" expected="member">
<lrm id="2"><lrm_resources>$(operation a two monitor 7)</lrm_resources></lrm></node_state></status></cib>
XML
  crm_verify -V -x cib.xml
  echo "$label: $(crm_simulate -x cib.xml --simulate | sed -n '/^Revised/,$s/.*Dummy):[^A-Za-z]*//p')" \
    "$(crm_mon -1 --neg-locations --output-as=xml | grep -o 'weight="[^"]*"' | paste -sd ' ')"
}
crm_simulate --version | head -n 1
{
  happens 'none, stopped' stopped 0
  happens '-INFINITY, stopped' stopped 0 -INFINITY
  happens '-1, stopped' stopped 0 -1
  happens '-1, runs on one' runs 0 -1
  happens '-1, runs on one, stickiness 1' runs 1 -1
  happens '-1, stopped, stickiness 1' stopped 1 -1
  happens '-1 and 1, stopped' stopped 0 -1 1
  happens '0, stopped' stopped 0 0
} | sed 's/ $//' | tee seen
diff seen - <<'SEEN'
none, stopped: Started one
-INFINITY, stopped: Stopped weight="-1000000"
-1, stopped: Stopped weight="-1"
-1, runs on one: Stopped weight="-1"
-1, runs on one, stickiness 1: Started one weight="-1"
-1, stopped, stickiness 1: Stopped weight="-1"
-1 and 1, stopped: Started one weight="-1"
0, stopped: Started one
SEEN
