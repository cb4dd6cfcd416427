#!/usr/bin/env bash
# The upgrade of the configuration to pacemaker-4.0 takes a constraint's id away, and leaves a tag with that id.
#
# pacemaker 3.0.0 (Debian 13's package).
# Expected: `cibadmin --upgrade` makes two constraints of one that has two rules (pacemaker 3 knows none with
#   several), the first of them under the old id. What names the old id goes on to name a constraint.
# Seen: both have new ids, pcmk__3_10_upgrade-OLD-1 and -2. An acl_permission is rewritten to an xpath with both.
#   A tag isn't: it keeps the old id, which nothing in the configuration has any more. crm_verify -V is content,
#   and `cibadmin --delete` of the old id ends with 0 and deletes nothing.
# Constraints that were written down by id before an upgrade, to be removed after it, are not found by it. A
# comparison of both lists has one ban less and two bans more, where nothing else has changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p {lists,cache/archives}/partial root/{tmp,dev,usr/{bin,sbin,lib,lib64}}
sed 's/bookworm/trixie/' /etc/apt/sources.list.d/debian.sources > debian.sources
options=(-qq -y -o Dir::Etc::sourcelist="$dir/debian.sources" -o Dir::Etc::sourceparts=/none
  -o Dir::State::lists="$dir/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache"
  -o APT::Sandbox::User=root -o APT::Install-Recommends=0)
apt-get "${options[@]}" update
apt-get "${options[@]}" --download-only install libc-bin coreutils 'pacemaker-cli-utils=3.0.0-*' > apt.log
for package in bin sbin lib lib64; do ln -s "usr/$package" "root/$package"; done
for package in cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C root; done
cp -a /dev/null root/dev
chroot root /sbin/ldconfig

cat > root/cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints><rsc_location id="places" rsc="a"><rule id="rule-1" score="-INFINITY">
<expression id="expression-1" attribute="#uname" operation="eq" value="one"/></rule><rule id="rule-2" score="50">
<expression id="expression-2" attribute="#uname" operation="eq" value="two"/></rule></rsc_location></constraints>
<tags><tag id="mine"><obj_ref id="a"/><obj_ref id="places"/></tag></tags>
<acls><acl_role id="role"><acl_permission id="permission" kind="write" reference="places"/></acl_role></acls>
</configuration><status/></cib>
XML

inside() { chroot root /usr/bin/env -i CIB_file=/cib.xml /usr/sbin/"$@"; }
named() { inside cibadmin --query | grep -o -E '<(rsc_location|rule|obj_ref|acl_permission) .*[^>/]'; }
inside crm_verify --version | head -n 1
{
  named
  inside cibadmin --upgrade --force
  echo upgraded:
  named
  inside crm_verify -V -x cib.xml
  inside cibadmin --delete --xml-text '<rsc_location id="places"/>'
  echo "constraints after a deletion of the old id: $(named | grep -c rsc_location)"
} | tee seen
diff seen - <<'SEEN'
<rsc_location id="places" rsc="a"
<rule id="rule-1" score="-INFINITY"
<rule id="rule-2" score="50"
<obj_ref id="a"
<obj_ref id="places"
<acl_permission id="permission" kind="write" reference="places"
upgraded:
<rsc_location id="pcmk__3_10_upgrade-places-1" rsc="a"
<rule id="rule-1" score="-INFINITY"
<rsc_location id="pcmk__3_10_upgrade-places-2" rsc="a"
<rule id="rule-2" score="50"
<obj_ref id="a"
<obj_ref id="places"
<acl_permission id="permission" kind="write" xpath="//*[@id = 'pcmk__3_10_upgrade-places-1' or @id = 'pcmk__3_10_upgrade-places-2']"
constraints after a deletion of the old id: 2
SEEN
