#!/usr/bin/env bash
# A slip in "true" leaves a resource unmanaged and a node in service, and neither pcs nor crm_verify sees it.
#
# pacemaker 2.1.5 with pcs 0.11.5 (Debian 12's packages), and pacemaker 3.0.0 with pcs 0.12.0 (Debian 13's).
# Expected: a value that is no boolean is an error of pcs, as it is of `pcs property set`, or of crm_verify, and the
#   default holds, as it does for maintenance-mode and for a misspelled target-role.
# Seen: with "ture" in the place of "true", set by pcs, which ends with 0 without a warning:
#     is-managed of a resource      unmanaged, though the default is true: it isn't started or moved any more
#     maintenance of a resource     managed: it is started
#     standby of a node             the node gets the resource
#     maintenance of a node         so too
#   and crm_verify ends with 0 for each of them. Of the cluster's maintenance-mode it ends with 78.
# What a switch does is read from crm_mon, which tells "unmanaged", "standby" and "maintenance" as they are in force.
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
    -o APT::Sandbox::User=root -o APT::Install-Recommends=0 -o Debug::NoLocking=1)
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
}
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
switched() { # WORD...: what becomes of a, which prefers node one, after this command of pcs
  local status=0 verified=0
  cat > "$name/root/cib.xml" <<XML
<cib crm_feature_set="3.9.0" validate-with="pacemaker-3.7" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints><rsc_location id="l" rsc="a" node="one" score="100"/></constraints></configuration>
<status>$(state 1 one)$(state 2 two)</status></cib>
XML
  inside "$name" pcs -f /cib.xml "$@" > answer 2>&1 || status=$?
  inside "$name" crm_verify -x /cib.xml > verified 2>&1 || verified=$?
  echo "$*: pcs $status, crm_verify $verified"
  grep -v -e 'upgraded to the latest schema' -e 'detect init system' answer || true
  inside "$name" crm_simulate -x /cib.xml --simulate 2> simulated |
    sed -n '/^Revised/,$s/.*\(Node one:.*\|Dummy):.*\)/  \1/p' | sed 's/Dummy):/a:/' | tr -s '\t ' ' '
}
release bookworm 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'

inside() { # NAME COMMAND...
  chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin "${@:2}"
}
{
  for name in bookworm trixie; do
    echo "pcs $(inside "$name" pcs --version | cut -d . -f 1-3)"
    for value in true ture; do
      switched resource meta a "is-managed=$value"
      switched resource meta a "maintenance=$value"
      switched node attribute one "standby=$value"
      switched node attribute one "maintenance=$value"
      switched property set --force "maintenance-mode=$value"
    done
  done
} | tee seen
diff seen - <<'SEEN'
pcs 0.11.5
resource meta a is-managed=true: pcs 0, crm_verify 0
 a: Started one
resource meta a maintenance=true: pcs 0, crm_verify 0
 a: Stopped (unmanaged)
node attribute one standby=true: pcs 0, crm_verify 0
 Node one: standby
 a: Started two
node attribute one maintenance=true: pcs 0, crm_verify 0
 Node one: maintenance
 a: Started two
property set --force maintenance-mode=true: pcs 0, crm_verify 0
 a: Stopped (unmanaged)
resource meta a is-managed=ture: pcs 0, crm_verify 0
 a: Stopped (unmanaged)
resource meta a maintenance=ture: pcs 0, crm_verify 0
 a: Started one
node attribute one standby=ture: pcs 0, crm_verify 0
 a: Started one
node attribute one maintenance=ture: pcs 0, crm_verify 0
 a: Started one
property set --force maintenance-mode=ture: pcs 0, crm_verify 78
Warning: 'ture' is not a valid maintenance-mode value, use a pacemaker boolean value: '0', '1', 'false', 'n', 'no', 'off', 'on', 'true', 'y', 'yes'
 a: Started one
pcs 0.12.0
resource meta a is-managed=true: pcs 0, crm_verify 0
 a: Started one
resource meta a maintenance=true: pcs 0, crm_verify 0
 a: Stopped (maintenance)
node attribute one standby=true: pcs 0, crm_verify 0
 Node one: standby
 a: Started two
node attribute one maintenance=true: pcs 0, crm_verify 0
 Node one: maintenance
 a: Started two
property set --force maintenance-mode=true: pcs 0, crm_verify 0
 a: Stopped (maintenance)
resource meta a is-managed=ture: pcs 0, crm_verify 0
 a: Stopped (unmanaged)
resource meta a maintenance=ture: pcs 0, crm_verify 0
 a: Started one
node attribute one standby=ture: pcs 0, crm_verify 0
 a: Started one
node attribute one maintenance=ture: pcs 0, crm_verify 0
 a: Started one
property set --force maintenance-mode=ture: pcs 0, crm_verify 78
Warning: 'ture' is not a valid maintenance-mode value, use a pacemaker boolean value: '0', '1', 'false', 'n', 'no', 'off', 'on', 'true', 'y', 'yes'
 a: Started one
SEEN
