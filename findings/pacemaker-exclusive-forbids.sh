#!/usr/bin/env bash
# A preference with resource-discovery="exclusive" forbids all other nodes, and no list of constraints says so.
#
# pacemaker 2.1.5 (Debian 12's package).
# Expected: a location constraint with a positive score is a wish: where its node can't run the resource,
#   another one does. `resource-discovery` decides where a resource is looked for. And what is forbidden is
#   in `crm_mon --neg-locations`.
# Seen: with "exclusive" every node without such a constraint gets -INFINITY. With the preferred node in
#   standby the resource stays down though the other one is idle:
#     crm_simulate -s                       alone allocation score on two: -INFINITY
#     crm_mon --neg-locations               nothing
#     crm_resource --constraints            the preference alone, "Node one (score=100, ...)"
#     crm_resource --why                    "Resource alone is not running", no reason
#   The same constraint without "exclusive" lets the resource move to the other node.
# A check before a failover that reads the bans calls the other node fit. It has to read the configuration.
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
export PATH=$dir/root/usr/sbin:$PATH PCMK_schema_directory=$dir/root/usr/share/pacemaker CIB_file=$dir/cib.xml
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$dir/root/usr/lib
export LD_LIBRARY_PATH

export CIB_shadow_dir=$dir
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="2"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"><instance_attributes id="a"><nvpair id="n" name="standby" value="on"/>
</instance_attributes></node><node id="2" uname="two"/></nodes>
<resources><primitive id="alone" class="ocf" provider="pacemaker" type="Dummy"/>
<primitive id="free" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints>
<rsc_location id="location-alone" rsc="alone" node="one" score="100" resource-discovery="exclusive"/>
<rsc_location id="location-free" rsc="free" node="one" score="100"/>
</constraints></configuration>
<status>$(state 1 one && state 2 two)</status></cib>
XML

crm_mon --version | head -n 1
crm_verify -V -x cib.xml
{
  crm_simulate -x cib.xml --simulate --show-scores |
    grep -o -E '(alone|free) allocation score on two.*|Start +(alone|free).*' | tr -s ' '
  echo "bans: $(crm_mon -1 --neg-locations | grep -c prevents || true)"
  crm_resource --constraints --resource alone
  crm_resource --why --resource alone
} | tee seen
diff seen - <<'SEEN'
alone allocation score on two: -INFINITY
free allocation score on two: 0
Start free ( two )
bans: 0
Locations:
  * Node one (score=100, id=location-alone, rsc=alone)
Resource alone is not running
SEEN
