#!/usr/bin/env bash
# `crm configure save` ends with 0 for a file that `crm configure load` refuses: defaults of operations with a rule.
#
# crmsh 4.4.1 with pcs 0.11.5 (Debian 12's packages), and crmsh 5.0.0~rc1 with pcs 0.12.0 (Debian 13's).
# Expected: what has no form in crmsh's own language is written as `xml <...>`, which the same crmsh reads back, as it
#   does for fencing levels and alerts; or `save` ends with an error.
# Seen: `pcs resource op defaults set create meta timeout=44s rule resource ocf:pacemaker:Dummy` makes a rule by the
#   kind of a resource, as the manual of pcs shows. Of it crmsh saves
#     xml <meta_attributes id="op_defaults-meta_attributes"> ...
#   without the <op_defaults> around it: "syntax in op_defaults" on standard error, and 0. No load takes the file:
#   "Element meta_attributes not recognized", 1. The same defaults without a rule are saved and loaded.
# The backup of a cluster is found out when it is needed. A saved file is loaded once, into a copy (CIB_file); what can
# always be put back is the XML of `cibadmin --query`.
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
release bookworm 'crmsh=4.4.1-*' 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'crmsh=5.0.0~rc1-*' 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'

inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin CIB_file=/cib.xml "${@:2}"; }
empty() { # RELEASE: a configuration without a resource
  cat > "$1/root/cib.xml" <<'XML'
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.7" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources/><constraints/></configuration><status/></cib>
XML
}
there_and_back() { # RELEASE RULE...: defaults with such a rule, saved by crmsh and loaded
  local status=0
  empty "$1"
  inside "$1" pcs -f /cib.xml resource op defaults set create meta timeout=44s "${@:2}" > pcs.log 2>&1
  inside "$1" crm configure save /saved.crm < /dev/null > answer 2>&1 || status=$?
  echo "save${2:+ with a rule}: $status, $(grep -o 'syntax in op_defaults' answer | sort -u)"
  grep -o -E '^(op_defaults|xml <[a-z_]*)' "$1/root/saved.crm"
  empty "$1"
  status=0
  inside "$1" crm --force configure load update /saved.crm < /dev/null > answer 2>&1 || status=$?
  echo "load: $status, $(grep -o 'Element .* not recognized' answer)"
  inside "$1" cibadmin --query | grep -o 'name="timeout" value="44s"' || true
}
{
  for name in bookworm trixie; do
    inside "$name" crm --version
    there_and_back "$name"
    there_and_back "$name" rule resource ocf:pacemaker:Dummy
  done
} | tee seen
diff seen - <<'SEEN'
crm 4.4.0
save: 0, 
op_defaults
load: 0, 
name="timeout" value="44s"
save with a rule: 0, syntax in op_defaults
xml <meta_attributes
load: 1, Element meta_attributes not recognized
crm 5.0.0
save: 0, 
op_defaults
load: 0, 
name="timeout" value="44s"
save with a rule: 0, syntax in op_defaults
xml <meta_attributes
load: 1, Element meta_attributes not recognized
SEEN
