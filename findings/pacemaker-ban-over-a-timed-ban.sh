#!/usr/bin/env bash
# Where a ban for a day was, even one that is long over, `crm_resource --ban` can't make one for good.
#
# pacemaker 2.1.5 (Debian 12's package).
# Expected: a second ban of a resource from a node takes the place of the first, as a second --move does; and --clear
#   ends with 0 when nothing keeps the resource off the node any more.
# Seen: both kinds of ban have one id, cli-ban-RESOURCE-on-NODE, and one is written into the other.
#     a ban for a day, then one for good        "WARNING: Creating rsc_location constraint", then 78, as the mixture
#                                               of node and rule fits no schema; the ban for a day stays
#     the same after the first one has expired  78, too: the resource may run on the node, and can't be banned from it
#     a ban for good, then one for a day        78, the ban for good stays
#     a ban for a day, then one for two days    0; a move for a day, then one for good: 0
#   And --clear of the primitive in a clone ends with 0 and leaves the ban of the clone, and the other way round.
# A node is emptied for maintenance by a ban, the command's warning is read as its success, and the resource comes
# back. `crm_resource --clear` goes first, and the configuration is read after each of them.
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
export PATH=$dir/root/usr/sbin:$PATH PCMK_schema_directory=$dir/root/usr/share/pacemaker CIB_shadow_dir=$dir
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$dir/root/usr/lib
export LD_LIBRARY_PATH


start() {
  cat > cib.xml <<XML
<cib crm_feature_set="3.9.0" validate-with="pacemaker-3.7" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config/><nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>
<clone id="k"><primitive id="d" class="ocf" provider="pacemaker" type="Dummy"/></clone></resources>
<constraints/></configuration><status/></cib>
XML
  echo "-- $*"
}
ask() { # WORD...: what crm_resource does, and the constraints after it
  local status=0
  CIB_file=$dir/cib.xml crm_resource "$@" > answer 2>&1 || status=$?
  echo "$*: $status$(grep -o 'WARNING: Creating\|Update does not conform to the configured schema' answer |
    sed 's/^/, /' | paste -sd '')"
  grep -o -E '<(rsc_location|rule) .*[^/>]|operation="lt"' cib.xml | sed 's/^/  /' || true
}

crm_resource --version | head -n 1
{
  start one kind of ban over the other
  ask --ban --resource a --node one --lifetime P1D
  ask --ban --resource a --node one
  sed -i 's/end="[^"]*"/end="2020-01-01 00:00:00Z"/' cib.xml
  ask --ban --resource a --node one
  start the other way round
  ask --ban --resource a --node one
  ask --ban --resource a --node one --lifetime P1D
  start what is taken
  ask --ban --resource a --node one --lifetime P1D
  ask --ban --resource a --node one --lifetime P2D
  start moves
  ask --move --resource a --node one --lifetime P1D
  ask --move --resource a --node one
  start clones
  ask --ban --resource k --node one
  ask --clear --resource d --node one
  start primitives in clones
  ask --ban --resource d --node one
  ask --clear --resource k --node one
} | tee seen
diff seen - <<'SEEN'
-- one kind of ban over the other
--ban --resource a --node one --lifetime P1D: 0, WARNING: Creating
  <rsc_location id="cli-ban-a-on-one" rsc="a" role="Started"
  <rule id="cli-ban-a-on-one-rule" score="-INFINITY" boolean-op="and"
  operation="lt"
--ban --resource a --node one: 78, WARNING: Creating
  <rsc_location id="cli-ban-a-on-one" rsc="a" role="Started"
  <rule id="cli-ban-a-on-one-rule" score="-INFINITY" boolean-op="and"
  operation="lt"
--ban --resource a --node one: 78, WARNING: Creating
  <rsc_location id="cli-ban-a-on-one" rsc="a" role="Started"
  <rule id="cli-ban-a-on-one-rule" score="-INFINITY" boolean-op="and"
  operation="lt"
-- the other way round
--ban --resource a --node one: 0, WARNING: Creating
  <rsc_location id="cli-ban-a-on-one" rsc="a" role="Started" node="one" score="-INFINITY"
--ban --resource a --node one --lifetime P1D: 78, WARNING: Creating
  <rsc_location id="cli-ban-a-on-one" rsc="a" role="Started" node="one" score="-INFINITY"
-- what is taken
--ban --resource a --node one --lifetime P1D: 0, WARNING: Creating
  <rsc_location id="cli-ban-a-on-one" rsc="a" role="Started"
  <rule id="cli-ban-a-on-one-rule" score="-INFINITY" boolean-op="and"
  operation="lt"
--ban --resource a --node one --lifetime P2D: 0, WARNING: Creating
  <rsc_location id="cli-ban-a-on-one" rsc="a" role="Started"
  <rule id="cli-ban-a-on-one-rule" score="-INFINITY" boolean-op="and"
  operation="lt"
-- moves
--move --resource a --node one --lifetime P1D: 0
  <rsc_location id="cli-prefer-a" rsc="a" role="Started"
  <rule id="cli-prefer-rule-a" score="INFINITY" boolean-op="and"
  operation="lt"
--move --resource a --node one: 0
  <rsc_location id="cli-prefer-a" rsc="a" role="Started" node="one" score="INFINITY"
-- clones
--ban --resource k --node one: 0, WARNING: Creating
  <rsc_location id="cli-ban-k-on-one" rsc="k" role="Started" node="one" score="-INFINITY"
--clear --resource d --node one: 0
  <rsc_location id="cli-ban-k-on-one" rsc="k" role="Started" node="one" score="-INFINITY"
-- primitives in clones
--ban --resource d --node one: 0, WARNING: Creating
  <rsc_location id="cli-ban-d-on-one" rsc="d" role="Started" node="one" score="-INFINITY"
--clear --resource k --node one: 0
  <rsc_location id="cli-ban-d-on-one" rsc="d" role="Started" node="one" score="-INFINITY"
SEEN
