#!/usr/bin/env bash
# crm_mon ends with 0, and its XML says `<status code="0" message="OK">`, when CIB_file can't be read.
#
# pacemaker 2.1.5 (Debian 12's package).
# Expected: like crm_resource and cibadmin, which end with 105 ("No such object"), or like crm_mon itself without
#   a running cluster, which ends with 102 ("Not connected").
# Seen: where CIB_file names a file that isn't there, `crm_mon -1` ends with 0. With --output-as=xml the answer
#   has neither nodes nor resources, and its status is "OK". The error is told within this status:
#     <status code="0" message="OK"><errors><error>Could not connect to the CIB: No such device or address
#   --simple-status, which is meant for Nagios, ends with 0 as well, and that is Nagios' OK.
# Who asks the exit status, or the status of the XML, takes a cluster that wasn't read for one without a fault:
# no node is offline, no resource has failed. The answer has to be asked for its nodes, too.
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

ends() { # COMMAND...: what it says, and its exit status
  local status=0
  "$@" 2>&1 || status=$?
  echo "$1 ends with $status"
}

crm_mon --version | head -n 1
{
  ends crm_mon -1
  ends crm_mon --simple-status
  ends crm_mon -1 --output-as=xml
  ends crm_resource --list
  ends cibadmin --query
} | tee seen
diff seen - <<'SEEN'
Could not connect to the CIB: No such device or address
crm_mon ends with 0
Could not connect to the CIB: No such device or address
crm_mon ends with 0
<pacemaker-result api-version="2.25" request="crm_mon -1 --output-as=xml">
  <status code="0" message="OK">
    <errors>
      <error>Could not connect to the CIB: No such device or address</error>
    </errors>
  </status>
</pacemaker-result>
crm_mon ends with 0
crm_resource: Could not connect to the CIB: No such device or address
Error performing operation: No such object
crm_resource ends with 105
Could not connect to the CIB: No such device or address
Init failed, could not perform requested operations
cibadmin ends with 105
SEEN
