#!/usr/bin/env bash
# A ban of a rule has the rule's id in crm_mon, and deleting a constraint of that id succeeds without a deletion.
#
# pacemaker 2.1.5 (Debian 12's package).
# Expected: `crm_mon --neg-locations` tells a ban by the id of its location constraint (as it does for
#   a constraint without a rule), so that this id leads to what has to be removed.
# Seen: for a constraint with a rule it is the id of the rule, told as `<ban id="rule-a" ...>` like the others.
#   No rsc_location has that id:
#     cibadmin --query --xpath "//rsc_location[@id='rule-a']"             fails, "No such device or address"
#     cibadmin --delete --xml-text '<rsc_location id="rule-a"/>'          ends with 0, and the ban stays
#   `crm_resource --constraints` tells the rule's id as well.
# A script that takes a ban's id from crm_mon and deletes the constraint believes that it has done so. The
# configuration has to be asked for the element with this id, and for the constraint that it is in.
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

state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>
<primitive id="b" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints>
<rsc_location id="location-a" rsc="a"><rule id="rule-a" score="-INFINITY">
<expression id="expression-a" attribute="#uname" operation="eq" value="one"/></rule></rsc_location>
<rsc_location id="location-b" rsc="b" node="one" score="-INFINITY"/>
</constraints></configuration>
<status>$(state 1 one && state 2 two)</status></cib>
XML

bans() { crm_mon -1 --neg-locations --output-as=xml | grep -o '<ban id="[^"]*" resource="[^"]*" node="[^"]*"' | LC_ALL=C sort; }
delete() { # ID: what cibadmin says of deleting this constraint, and what is left
  local status=0
  cibadmin --delete --xml-text "<rsc_location id='$1'/>" || status=$?
  echo "deleting $1 ends with $status"
  bans
}
crm_mon --version | head -n 1
crm_verify -V -x cib.xml
{
  bans
  cibadmin --query --xpath "//rsc_location[@id='rule-a']" 2>&1 || true
  delete rule-a
  delete location-a
} | tee seen
diff seen - <<'SEEN'
<ban id="location-b" resource="b" node="one"
<ban id="rule-a" resource="a" node="one"
Call failed: No such device or address
deleting rule-a ends with 0
<ban id="location-b" resource="b" node="one"
<ban id="rule-a" resource="a" node="one"
deleting location-a ends with 0
<ban id="location-b" resource="b" node="one"
SEEN
