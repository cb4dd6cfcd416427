#!/usr/bin/env bash
# In a rule of pacemaker `eq ""` holds where the attribute is undefined, and not where it is the empty string.
#
# pacemaker 2.1.5 (Debian 12's package).
# Expected: `operation="eq" value=""` holds on the node whose attribute is "".
# Seen: the one node whose value equals the rule's is the one that `eq` leaves out, and that `ne` takes:
#     node     its attribute   eq ""   ne ""   eq "x"   ne "x"   defined
#     empty    ""              no      yes     no       yes      yes
#     filled   x               no      yes     yes      no       yes
#     none     undefined       yes     no      no       yes      no
#   The schema takes the empty value, and crm_verify has nothing to say about it.
# A rule that shall keep resources off nodes with an emptied attribute keeps them off all the others instead.
# Who means "undefined" says not_defined.
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

resource() { echo "<primitive id='$1' class='ocf' provider='pacemaker' type='Dummy'/>"; }
constraint() { # RESOURCE EXPRESSION: keeps the resource off the nodes where the expression holds
  echo "<rsc_location id='location-$1' rsc='$1'><rule id='rule-$1' score='-INFINITY'>"
  echo "<expression id='expression-$1' attribute='colour' $2/></rule></rsc_location>"
}
node() { # NUMBER NAME [COLOUR]
  echo "<node id='$1' uname='$2'>"
  [ $# -lt 3 ] || echo "<instance_attributes id='a$1'><nvpair id='n$1' name='colour' value='$3'/></instance_attributes>"
  echo '</node>'
}
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes>$(node 1 empty '' && node 2 filled x && node 3 none)</nodes>
<resources>$(for name in eq-nothing ne-nothing eq-x ne-x defined; do resource $name; done)</resources>
<constraints>
$(constraint eq-nothing "operation='eq' value=''")
$(constraint ne-nothing "operation='ne' value=''")
$(constraint eq-x "operation='eq' value='x'")
$(constraint ne-x "operation='ne' value='x'")
$(constraint defined "operation='defined'")
</constraints></configuration>
<status>$(state 1 empty && state 2 filled && state 3 none)</status></cib>
XML

crm_mon --version | head -n 1
crm_verify -V -x cib.xml
crm_mon -1 --neg-locations | sed -n 's/.*prevents \(.*\) from running on \(.*\)/\1 holds on \2/p' | LC_ALL=C sort | tee seen
diff seen - <<'SEEN'
defined holds on empty
defined holds on filled
eq-nothing holds on none
eq-x holds on filled
ne-nothing holds on empty
ne-nothing holds on filled
ne-x holds on empty
ne-x holds on none
SEEN
