#!/usr/bin/env bash
# `pcs resource ungroup` and `unclone` start what was disabled, and `manage` of one member manages the whole group.
#
# pcs 0.11.5 (Debian 12's package) and pcs 0.12.0 (Debian 13's), each with its pacemaker.
# Expected: what was disabled or unmanaged stays so, whether it is in a group, a clone or by itself, or a warning says
#   that it doesn't. A command about one member is about that one.
# Seen: `pcs resource disable GROUP` and `unmanage` write to the group or clone, or a hand did so with crm_resource,
#     ungroup, or group remove of all members    target-role and is-managed go with the group: the members start, or
#                                                are managed
#     unclone                                    so too
#     group remove of one member                 that one starts; the group stays down
#     manage of one member                       takes is-managed from the group: all its members are managed
#     enable of one member                       the group stays down, and no word says so
#   All end with 0, without a warning.
# Before a group is taken apart while its service must be down, each member is disabled by itself.
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
dummy() {
  echo "<primitive id='$1' class='ocf' provider='pacemaker' type='Dummy'><operations/></primitive>"
}
switch() { # OF
  echo "<meta_attributes id='$1-m'><nvpair id='$1-n' name='target-role' value='Stopped'/>
    <nvpair id='$1-u' name='is-managed' value='$2'/></meta_attributes>"
}
told() { # MANAGED WORD...: where the resources are after this command of pcs, in a cluster where all is down
  cat > "$name/root/cib.xml" <<XML
<cib crm_feature_set="3.9.0" validate-with="pacemaker-3.7" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes><node id="1" uname="one"/></nodes><resources>
<group id="g">$(switch g "$1")$(dummy a)$(dummy b)</group><clone id="c-clone">$(switch c "$1")$(dummy c)</clone>
</resources><constraints/></configuration><status>$(state 1 one)</status></cib>
XML
  echo "pcs resource ${*:2}"
  inside "$name" pcs -f /cib.xml resource "${@:2}" 2>&1 | grep -v 'upgraded to the latest schema' |
    sed 's/^/  /' || true
  inside "$name" crm_simulate -x /cib.xml --simulate |
    sed -n '/^Revised/,$s/.*\* \([abc]\)[ \t].*\(Started\|Stopped\)/  \1 \2/p'
}
release bookworm 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'

inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 /usr/sbin/"${@:2}"; }
{
  for name in bookworm trixie; do
    echo "pcs $(inside "$name" pcs --version | cut -d . -f 1-3)"
    told true ungroup g
    told true group remove g a b
    told true group remove g a
    told true unclone c-clone
    told true enable a
    told false enable a
    told false manage a
    told false ungroup g
  done
} | tee seen
diff seen - <<'SEEN'
pcs 0.11.5
pcs resource ungroup g
  a Started one
  b Started one
pcs resource group remove g a b
  a Started one
  b Started one
pcs resource group remove g a
  b Stopped (disabled)
  a Started one
pcs resource unclone c-clone
  a Stopped (disabled)
  b Stopped (disabled)
  c Started one
pcs resource enable a
  a Stopped (disabled)
  b Stopped (disabled)
pcs resource enable a
  Warning: 'a' is unmanaged
  a Stopped (disabled, unmanaged)
  b Stopped (disabled, unmanaged)
pcs resource manage a
  a Stopped (disabled)
  b Stopped (disabled)
pcs resource ungroup g
  a Started one
  b Started one
pcs 0.12.0
pcs resource ungroup g
  a Started one
  b Started one
pcs resource group remove g a b
  a Started one
  b Started one
pcs resource group remove g a
  b Stopped (disabled)
  a Started one
pcs resource unclone c-clone
  a Stopped (disabled)
  b Stopped (disabled)
  c Started one
pcs resource enable a
  a Stopped (disabled)
  b Stopped (disabled)
pcs resource enable a
  Warning: 'a' is unmanaged
  a Stopped (disabled, unmanaged)
  b Stopped (disabled, unmanaged)
pcs resource manage a
  a Stopped (disabled)
  b Stopped (disabled)
pcs resource ungroup g
  a Started one
  b Started one
SEEN
