#!/usr/bin/env bash
# `crm configure load replace` of a file with a slip ends with 1, and has emptied the cluster's configuration by then.
#
# crmsh 4.4.1 with pacemaker 2.1.5 (Debian 12's packages), and crmsh 5.0.0~rc1 with pacemaker 3.0.0 (Debian 13's).
# Expected: a file that can't be read changes nothing, as with `load update`, or as with `cibadmin --replace` and
#   `pcs cluster cib-push`, which put one whole configuration in the place of another.
# Seen: with --force, as a script calls it, what is there is deleted and stored before the file is read
#     load update, a word unknown       1, "Unknown command", the configuration is as before
#     load replace, a word unknown      1, the same message, and no resource, constraint or property is there any more:
#                                       neither the old ones nor those of the file's first line
#     load replace, no such file        1, and the same
#   The epoch has grown by one, so that the empty configuration is the one that wins.
# On a cluster that runs, a slip in a file's name stops everything. The configuration is saved by `cibadmin --query`
# before it, and the file is tried on a copy (CIB_file).
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
  printf '%s\n' 'root:x:0:0:root:/root:/bin/bash' 'hacluster:x:90:90::/:/bin/sh' > "$name/root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'haclient:x:90:' > "$name/root/etc/group"
  mkdir -p "$name/root/var/log/crmsh"
  ln -sf bash "$name/root/usr/bin/sh"
  chroot "$name/root" /sbin/ldconfig
}
release bookworm 'crmsh=4.4.1-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'crmsh=5.0.0~rc1-*' 'pacemaker-cli-utils=3.0.0-*'

inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin CIB_file=/cib.xml "${@:2}"; }
load() { # RELEASE WAY FILE: what crmsh says, and what is there afterwards
  local status=0
  cat > "$1/root/cib.xml" <<'XML'
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.7" admin_epoch="0" epoch="7" num_updates="0"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints><rsc_location id="ban" rsc="a" node="one" score="-INFINITY"/></constraints></configuration><status/></cib>
XML
  inside "$1" crm --force configure load "$2" "/$3" < /dev/null > answer 2>&1 || status=$?
  echo "load $2 $3: $status, $(grep -o 'Unknown command' answer || true)"
  inside "$1" cibadmin --query | grep -o -E ' epoch="[0-9]*"|<(primitive|nvpair|rsc_location) id="[a-z0-9]*"' | paste -sd ' '
}
{
  for name in bookworm trixie; do
    inside "$name" crm --version
    printf '%s\n' 'primitive b ocf:pacemaker:Dummy' 'primitve c ocf:pacemaker:Dummy' > "$name/root/slip.crm"
    printf '%s\n' 'primitive b ocf:pacemaker:Dummy' > "$name/root/good.crm"
    load "$name" update slip.crm
    for file in slip.crm missing.crm good.crm; do load "$name" replace $file; done
  done
} | tee seen
diff seen - <<'SEEN'
crm 4.4.0
load update slip.crm: 1, Unknown command
 epoch="7" <nvpair id="p1" <primitive id="a" <rsc_location id="ban"
load replace slip.crm: 1, Unknown command
 epoch="8"
load replace missing.crm: 1, 
 epoch="8"
load replace good.crm: 0, 
 epoch="8" <primitive id="b"
crm 5.0.0
load update slip.crm: 1, Unknown command
 epoch="7" <nvpair id="p1" <primitive id="a" <rsc_location id="ban"
load replace slip.crm: 1, Unknown command
 epoch="8"
load replace missing.crm: 1, 
 epoch="8"
load replace good.crm: 0, 
 epoch="8" <primitive id="b"
SEEN
