#!/usr/bin/env bash
# A location constraint with rsc-pattern doesn't reach into groups: for a member's name it holds nothing, in silence.
#
# pacemaker 2.1.5 (Debian 12's package).
# Expected: `rsc-pattern="^httpd$"` means what `rsc="httpd"` means, for every resource whose id matches.
# Seen: patterns are compared with the resources of the first level only, and a pattern without a match is no
#   fault. With httpd as a member of the group web, and a score of -INFINITY on node one:
#     rsc="httpd"              the group keeps off node one, crm_mon --neg-locations tells the ban
#     rsc-pattern="^httpd$"    the group starts on node one, no ban is told, crm_verify -V is content
#     rsc-pattern="^web$"      the group keeps off node one, and the ban is told for the group
#   The same pattern works for httpd on its own. So putting a resource into a group undoes its ban.
# Who plans which node can take over a service can't match the patterns against the list of all resources.
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

state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
httpd='<primitive id="httpd" class="ocf" provider="pacemaker" type="Dummy"/>'
banned() { # RESOURCES ATTRIBUTE: where httpd starts when this is kept off node one, and the bans that are told
  cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources>$1</resources>
<constraints><rsc_location id="location" $2 node="one" score="-INFINITY"/></constraints></configuration>
<status>$(state 1 one && state 2 two)</status></cib>
XML
  crm_verify -V -x cib.xml
  crm_simulate -x cib.xml --simulate | sed -n 's/.*Start  *httpd *( *\(.*\) )/  starts on \1/p'
  crm_mon -1 --neg-locations | sed -n 's/.*prevents \(.*\) from/  \1 is prevented from/p'
}

crm_mon --version | head -n 1
{
  for attribute in 'rsc="httpd"' 'rsc-pattern="^httpd$"'; do
    echo "alone, $attribute:"
    banned "$httpd" "$attribute"
  done
  for attribute in 'rsc="httpd"' 'rsc-pattern="^httpd$"' 'rsc-pattern="^web$"'; do
    echo "in the group web, $attribute:"
    banned "<group id=\"web\">$httpd</group>" "$attribute"
  done
} | tee seen
diff seen - <<'SEEN'
alone, rsc="httpd":
  starts on two
  httpd is prevented from running on one
alone, rsc-pattern="^httpd$":
  starts on two
  httpd is prevented from running on one
in the group web, rsc="httpd":
  starts on two
  httpd is prevented from running on one
in the group web, rsc-pattern="^httpd$":
  starts on one
in the group web, rsc-pattern="^web$":
  starts on two
  web is prevented from running on one
SEEN
