#!/usr/bin/env bash
# A time that pacemaker takes for an interval is none as a timeout, and an interval of `1d` takes the monitor away.
#
# pacemaker 2.1.5 (Debian 12's package).
# Expected: `interval` and `timeout` of one operation are read alike, and what can't be read is an error of
#   crm_verify, or at least a warning.
# Seen: there are two readers. What the graph of crm_simulate has for a monitor with both set to the same text:
#     text    interval          timeout
#     PT2M    120 s             20 s, the default
#     1m30s   60 s              60 s: the first number with the first letter behind it, the rest is dropped
#     1.5h    1 h               1 h
#     1d      no monitor at all, the resource is started and never looked at
#   crm_verify -V says nothing of any of them and ends with 0. The schema allows each.
# A resource that needs two minutes is taken for hung after 20 seconds; one without a monitor never fails, and
# a list of what is wrong in the cluster stays empty. Who checks a configuration has to read the times himself.
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

state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
every() { # TEXT: what becomes of a monitor whose interval and timeout are this text
  cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy">
<operations><op id="op" name="monitor" interval="$1" timeout="$1"/></operations></primitive></resources>
<constraints/></configuration>
<status>$(state 1 one)</status></cib>
XML
  local status=0 said
  said=$(crm_verify -V -x cib.xml 2>&1) || status=$?
  echo "$1: crm_verify says '$said' and ends with $status"
  crm_simulate -x cib.xml --simulate --save-graph graph.xml > simulate.log
  # the probe at the start is a monitor of interval 0
  grep -A 3 'operation_key="a_monitor_[1-9]' graph.xml | grep -o 'CRM_meta_[intervalmou]*="[0-9]*"' | LC_ALL=C sort |
    sed 's/CRM_meta_/  /' || echo '  no monitor'
}

crm_verify --version | head -n 1
{
  every 90s
  every PT2M
  every 1m30s
  every 1.5h
  every 1d
} | tee seen
diff seen - <<'SEEN'
90s: crm_verify says '' and ends with 0
  interval="90000"
  timeout="90000"
PT2M: crm_verify says '' and ends with 0
  interval="120000"
  timeout="20000"
1m30s: crm_verify says '' and ends with 0
  interval="60000"
  timeout="60000"
1.5h: crm_verify says '' and ends with 0
  interval="3600000"
  timeout="3600000"
1d: crm_verify says '' and ends with 0
  no monitor
SEEN
