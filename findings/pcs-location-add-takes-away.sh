#!/usr/bin/env bash
# A new location constraint takes an older one away, when both are about one resource and one node, whatever its id.
#
# pcs 0.11.5 (Debian 12's package) and pcs 0.12.0 (Debian 13's), each with its pacemaker.
# Expected: `pcs constraint location add ID RESOURCE NODE SCORE` adds a constraint of that id beside those that are
#   there, or it is an error. So is an id that is in use, and `location RESOURCE prefers NODE` where a ban of it stands.
# Seen: each ends with 0, without a word on what went
#     another id, same resource and node    the older one is gone: its id, its score, its role, its discovery
#     a ban by `crm_resource --ban`         gone, too
#     the same id, another resource         the constraint of that resource is gone
#   A constraint with a rule for that node stays, as its node is in an expression.
# A script that prefers a node for a while, and removes its own constraint by its id afterwards, has undone the ban
# that an administrator set. Who adds one has to look in `cibadmin --query` first for both, id and pair.
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
}

release bookworm 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'
inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 CIB_file=/cib.xml /usr/sbin/"${@:2}"; }
adds() { # CONSTRAINT WORD...: the constraints before and after `pcs constraint location WORD...`
  cat > "$name/root/cib.xml" <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.7" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config/><nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>
<clone id="k"><primitive id="d" class="ocf" provider="pacemaker" type="Dummy"/></clone></resources>
<constraints>$1</constraints></configuration><status/></cib>
XML
  local status=0
  list
  inside "$name" pcs -f /cib.xml constraint location "${@:2}" 2> warnings > answer || status=$?
  echo "  ${*:2}: $status, '$(cat answer)', on what went: $(grep -v Deprecation warnings | grep -c -i 'remov\|delet\|replac' || true)"
  list
}
list() { inside "$name" cibadmin --query --xpath //constraints | grep -o '<rsc_location .*[^/>]' || echo none; }
{
  for name in bookworm trixie; do
    echo "pcs $(inside "$name" pcs --version | cut -d . -f 1-3)"
    adds '<rsc_location id="mine" rsc="a" node="one" score="-INFINITY"/>' add for-a-while a one INFINITY
    adds '<rsc_location id="mine" rsc="k" node="one" score="-INFINITY" resource-discovery="never"/>' k prefers one=50
    adds '<rsc_location id="cli-ban-a-on-one" rsc="a" role="Started" node="one" score="-INFINITY"/>' a prefers one=50
    adds '<rsc_location id="mine" rsc="k" node="two" score="-INFINITY"/>' add mine a one INFINITY
    adds '<rsc_location id="mine" rsc="a"><rule id="r" score="-INFINITY"><expression id="e" attribute="#uname"
      operation="eq" value="one"/></rule></rsc_location>' a prefers one=50
  done
} | tee seen
diff seen - <<'SEEN'
pcs 0.11.5
<rsc_location id="mine" rsc="a" node="one" score="-INFINITY"
  add for-a-while a one INFINITY: 0, '', on what went: 0
<rsc_location id="for-a-while" rsc="a" node="one" score="INFINITY"
<rsc_location id="mine" rsc="k" node="one" score="-INFINITY" resource-discovery="never"
  k prefers one=50: 0, '', on what went: 0
<rsc_location id="location-k-one-50" rsc="k" node="one" score="50"
<rsc_location id="cli-ban-a-on-one" rsc="a" role="Started" node="one" score="-INFINITY"
  a prefers one=50: 0, '', on what went: 0
<rsc_location id="location-a-one-50" rsc="a" node="one" score="50"
<rsc_location id="mine" rsc="k" node="two" score="-INFINITY"
  add mine a one INFINITY: 0, '', on what went: 0
<rsc_location id="mine" rsc="a" node="one" score="INFINITY"
<rsc_location id="mine" rsc="a"
  a prefers one=50: 0, '', on what went: 0
<rsc_location id="mine" rsc="a"
<rsc_location id="location-a-one-50" rsc="a" node="one" score="50"
pcs 0.12.0
<rsc_location id="mine" rsc="a" node="one" score="-INFINITY"
  add for-a-while a one INFINITY: 0, '', on what went: 0
<rsc_location id="for-a-while" rsc="a" node="one" score="INFINITY"
<rsc_location id="mine" rsc="k" node="one" score="-INFINITY" resource-discovery="never"
  k prefers one=50: 0, '', on what went: 0
<rsc_location id="location-k-one-50" rsc="k" node="one" score="50"
<rsc_location id="cli-ban-a-on-one" rsc="a" role="Started" node="one" score="-INFINITY"
  a prefers one=50: 0, '', on what went: 0
<rsc_location id="location-a-one-50" rsc="a" node="one" score="50"
<rsc_location id="mine" rsc="k" node="two" score="-INFINITY"
  add mine a one INFINITY: 0, '', on what went: 0
<rsc_location id="mine" rsc="a" node="one" score="INFINITY"
<rsc_location id="mine" rsc="a"
  a prefers one=50: 0, '', on what went: 0
<rsc_location id="mine" rsc="a"
<rsc_location id="location-a-one-50" rsc="a" node="one" score="50"
SEEN
