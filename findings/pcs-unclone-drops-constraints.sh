#!/usr/bin/env bash
# `pcs resource unclone` takes the clone's bans, orders and colocations away, and says nothing of it.
#
# pcs 0.11.5 (Debian 12's package) and pcs 0.12.0 (Debian 13's), each with its pacemaker.
# Expected: `pcs resource clone a` turns the constraints of a into those of a-clone, and `pcs resource unclone` turns
#   them back, or it names what it removes, as `pcs resource delete` does ("Removing ... constraint").
# Seen: the first is so, but for sets and tickets, which go on to name the a inside of the clone. The second ends
#   with 0 and not a word, and all four constraints that name the clone are gone: the ban, the wish, the order, the
#   colocation.
# A resource that was banned from a node is free to start there after it was cloned and made single again. Who does
# that writes down `pcs constraint --full` first, and compares.
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
change() { # WORD...: what pcs does, and the constraints after it
  local status=0
  inside "$name" pcs -f /cib.xml resource "$@" > answer 2>&1 || status=$?
  echo "$*: $status, '$(cat answer)'"
  inside "$name" cibadmin --query --xpath //constraints | grep -o -E '<(rsc_|resource_ref).*[^/>]' || true
}
{
  for name in bookworm trixie; do
    echo "pcs $(inside "$name" pcs --version | cut -d . -f 1-3)"
    cat > "$name/root/cib.xml" <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.7" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config/><nodes><node id="1" uname="one"/><node id="2" uname="two"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>
<primitive id="b" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints><rsc_location id="ban" rsc="a" node="one" score="-INFINITY"/>
<rsc_location id="wish" rsc="a" node="two" score="50"/><rsc_order id="order" first="a" then="b"/>
<rsc_colocation id="together" rsc="b" with-rsc="a" score="INFINITY"/>
<rsc_order id="order-of-a-set"><resource_set id="set"><resource_ref id="a"/><resource_ref id="b"/></resource_set>
</rsc_order><rsc_ticket id="of-a-ticket" rsc="a" ticket="site"/></constraints></configuration><status/></cib>
XML
    change clone a
    change unclone a-clone
  done
} | tee seen
diff seen - <<'SEEN'
pcs 0.11.5
clone a: 0, ''
<rsc_location id="ban" rsc="a-clone" node="one" score="-INFINITY"
<rsc_location id="wish" rsc="a-clone" node="two" score="50"
<rsc_order id="order" first="a-clone" then="b"
<rsc_colocation id="together" rsc="b" with-rsc="a-clone" score="INFINITY"
<rsc_order id="order-of-a-set"
<resource_ref id="a"
<resource_ref id="b"
<rsc_ticket id="of-a-ticket" rsc="a" ticket="site"
unclone a-clone: 0, ''
<rsc_order id="order-of-a-set"
<resource_ref id="a"
<resource_ref id="b"
<rsc_ticket id="of-a-ticket" rsc="a" ticket="site"
pcs 0.12.0
clone a: 0, ''
<rsc_location id="ban" rsc="a-clone" node="one" score="-INFINITY"
<rsc_location id="wish" rsc="a-clone" node="two" score="50"
<rsc_order id="order" first="a-clone" then="b"
<rsc_colocation id="together" rsc="b" with-rsc="a-clone" score="INFINITY"
<rsc_order id="order-of-a-set"
<resource_ref id="a"
<resource_ref id="b"
<rsc_ticket id="of-a-ticket" rsc="a" ticket="site"
unclone a-clone: 0, ''
<rsc_order id="order-of-a-set"
<resource_ref id="a"
<resource_ref id="b"
<rsc_ticket id="of-a-ticket" rsc="a" ticket="site"
SEEN
