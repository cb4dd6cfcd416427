#!/usr/bin/env bash
# Of a location constraint with a set of resources pcs tells half: 0.11 not what it is about, 0.12 not where.
#
# pcs 0.11.5 (Debian 12's package) and pcs 0.12.0 (Debian 13's), each with its pacemaker.
# Expected: `pcs constraint` tells resources, node and score of every location constraint, and
#   `pcs constraint location config resources NAME` finds those that NAME is in.
# Seen: for one ban of the resources a and b on node one, valid to crm_verify and obeyed by pacemaker,
#     pcs 0.11    "Resource: " without a name, "Disabled on: Node: one (score:-INFINITY)"
#     pcs 0.12    "Set Constraint: Resource Set: Resources: 'a', 'b'", neither the node nor the score, so that
#                 a ban and a wish look alike
#   Asked for the resource a, both know of no constraint. Asked for node one, 0.11 has a ban of a resource
#   without a name and 0.12 has nothing. `pcs constraint ref a` has the id in both; 0.12 tells all of it with
#   --output-format=json, which 0.11 has not.
# A list of bans that is made by pcs before and after an upgrade differs, though nothing has changed, and is
# incomplete both times. The whole constraint is in `cibadmin --query`.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

release() { # NAME PACKAGE...: a folder of this name with the packages of Debian's release, and all they need
  local name=$1 package
  shift
  mkdir -p "$name"/{lists,cache/archives}/partial "$name"/root/{etc,tmp,dev,usr/{bin,sbin,lib,lib64}}
  sed "s/bookworm/$name/" /etc/apt/sources.list.d/debian.sources > "$name/debian.sources"
  local options=(-qq -y -o Dir::Etc::sourcelist="$dir/$name/debian.sources" -o Dir::Etc::sourceparts=/none
    -o Dir::State::lists="$dir/$name/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/$name/cache"
    -o APT::Sandbox::User=root -o APT::Install-Recommends=0)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" --download-only install bash coreutils libc-bin sed grep gawk "$@" > "$name/apt.log"
  for package in bin sbin lib lib64; do ln -s "usr/$package" "$name/root/$package"; done
  for package in "$name"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$name/root"
  done
  cp -a /dev/null "$name/root/dev"
  echo 'root:x:0:0:root:/root:/bin/bash' > "$name/root/etc/passwd"
  ln -sf bash "$name/root/usr/bin/sh"
  chroot "$name/root" /sbin/ldconfig
  cp cib.xml "$name/root"
}
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
cat > cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>
<primitive id="b" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints><rsc_location id="ban" node="one" score="-INFINITY"><resource_set id="set"><resource_ref id="a"/>
<resource_ref id="b"/></resource_set></rsc_location></constraints></configuration>
<status>$(state 1 one && state 2 two)</status></cib>
XML
release bookworm 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'

inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 CIB_shadow_dir=/ /usr/sbin/"${@:2}"; }
ask() { # RELEASE QUESTION...
  echo "pcs $(inside "$1" pcs --version | cut -d . -f 1-3) ${*:2}"
  inside "$1" pcs -f cib.xml "${@:2}" | sed 's/ $//'
}
{
  for name in bookworm trixie; do
    inside "$name" crm_verify -V -x cib.xml
    inside "$name" crm_simulate -x cib.xml --simulate | grep -o 'Start  *[ab] .*' | tr -s ' '
    ask "$name" constraint location
    ask "$name" constraint location config resources a
    ask "$name" constraint location config nodes one
    ask "$name" constraint ref a
  done
} | tee seen
diff seen - <<'SEEN'
Start a ( two )
Start b ( two )
pcs 0.11.5 constraint location
Location Constraints:
  Resource:
    Disabled on:
      Node: one (score:-INFINITY)
pcs 0.11.5 constraint location config resources a
Location Constraints:
pcs 0.11.5 constraint location config nodes one
Location Constraints:
  Node: one
    Not allowed to run:
      Resource:  (score:-INFINITY)
pcs 0.11.5 constraint ref a
Resource: a
  ban
Start a ( two )
Start b ( two )
pcs 0.12.0 constraint location
Location Set Constraints:
  Set Constraint:
    Resource Set:
      Resources: 'a', 'b'
pcs 0.12.0 constraint location config resources a
pcs 0.12.0 constraint location config nodes one
pcs 0.12.0 constraint ref a
Resource: a
  ban
SEEN
