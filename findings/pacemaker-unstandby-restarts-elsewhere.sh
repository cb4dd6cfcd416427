#!/usr/bin/env bash
# A node that goes into standby disturbs nobody; when it comes back, a service restarts on the node that stayed.
#
# pacemaker 2.1.5 (Debian 12's package), asked by crm_simulate.
# Expected: with two clones in order, a before b, and interleave left at its default (false), an instance of b waits
#   for all of a. So b on node one restarts when a is stopped on node two, and in the same way when a is started there.
# Seen: only the start does so.
#     standby of two      a and b stop on two, nothing happens on one
#     unstandby of two    a and b start on two, "Restart b:0 ( one ) due to required a-clone running"
#   With interleave=true on b there is no restart. On a alone it doesn't help.
# `pcs node unstandby` at the end of an upgrade interrupts the service that was kept up on the active node through
# all of it, and the trial with `pcs node standby` before has not shown that.
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
runs() { operation "$1" "$2" start 0; }
stopped() { operation "$1" "$2" monitor 7; }
state() { # NUMBER NODE RUNS|STOPPED
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources>$("$3" a "$2" && "$3" b "$2")</lrm_resources></lrm></node_state>"
}
clone() { # NAME INTERLEAVE
  echo "<clone id='$1-clone'><meta_attributes id='$1-meta'><nvpair id='$1-i' name='interleave' value='$2'/>"
  echo "</meta_attributes><primitive id='$1' class='ocf' provider='pacemaker' type='Dummy'/></clone>"
}
happens() { # STANDBY-OF-TWO STATE-OF-TWO INTERLEAVE-OF-A INTERLEAVE-OF-B: what pacemaker is about to do
  cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/><node id="2" uname="two"><instance_attributes id="i"><nvpair id="n" name="standby"
value="$1"/></instance_attributes></node></nodes>
<resources>$(clone a "$3" && clone b "$4")</resources>
<constraints><rsc_order id="order" first="a-clone" then="b-clone"/></constraints></configuration>
<status>$(state 1 one runs && state 2 two "$2")</status></cib>
XML
  crm_verify -V -x cib.xml
  echo "standby=$1, interleave of a $3, of b $4"
  crm_simulate -x cib.xml --simulate | sed -n '/^Transition Summary/,/^Executing/s/^  \* /  /p' | tr -s ' ' | sed 's/^ /  /'
}
crm_simulate --version | head -n 1
{
  happens on runs false false
  happens off stopped false false
  happens off stopped true false
  happens off stopped false true
} | tee seen
diff seen - <<'SEEN'
standby=on, interleave of a false, of b false
  Stop a:1 ( two ) due to node availability
  Stop b:1 ( two ) due to node availability
standby=off, interleave of a false, of b false
  Start a:1 ( two )
  Restart b:0 ( one ) due to required a-clone running
  Start b:1 ( two )
standby=off, interleave of a true, of b false
  Start a:1 ( two )
  Restart b:0 ( one ) due to required a-clone running
  Start b:1 ( two )
standby=off, interleave of a false, of b true
  Start a:1 ( two )
  Start b:1 ( two )
SEEN
