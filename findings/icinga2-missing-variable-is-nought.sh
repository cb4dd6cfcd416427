#!/usr/bin/env bash
# icinga2 takes a variable that a host lacks for the number 0: a rule "below 2" applies to it, and so does a slip.
#
# icinga2 2.13.6 (Debian 12's package) and 2.14.6 (Debian 13's).
# Expected: `assign where host.vars.version < 2` is not true of a host without the variable, or an error, as it is one
#   to compare a text with a number. And a variable that no host has gives the warning "does not match anywhere".
# Seen: of the hosts old (1), new (3), without, and blank (""), a rule applies to
#     host.vars.version < 2        old, without, blank
#     host.vars.version >= 0       all of them
#     host.vars.version == ""      without, blank
#     host.vars.version == 0       none: it is 0 only where sizes are compared
#     host.vars.versoin < 2        all of them, without a warning; for a slip there is one with > 2 alone
#   One host whose version is the text "3", and "Operator < cannot be applied" makes the whole configuration invalid.
# Checks for old agents run on everything that has no agent. The rule asks first: host.vars.version && ... < 2.
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
  cp -a /dev/{null,zero,random,urandom} "$name/root/dev"
  mkdir -p "$name"/root/{run,proc/self/fd,etc/icinga2,var/{lib,cache,log}/icinga2,run/icinga2}
  echo 'root:x:0:0:root:/root:/bin/bash' > "$name/root/etc/passwd"
  echo 'root:x:0:' > "$name/root/etc/group"
  ln -sf bash "$name/root/usr/bin/sh"
  chroot "$name/root" /sbin/ldconfig
}
release bookworm 'icinga2-bin=2.13.6-*'
release trixie 'icinga2-bin=2.14.6-*'

cat > hosts.conf <<'CONF'
object CheckCommand "none" { command = [ "/bin/true" ] }
template Host "any" { check_command = "none" }
template Service "any" { check_command = "none" }
object Host "old" { import "any", vars.version = 1 }
object Host "new" { import "any", vars.version = 3 }
object Host "without" { import "any" }
object Host "blank" { import "any", vars.version = "" }
apply Service "below" { import "any", assign where host.vars.version < 2 }
apply Service "at-least" { import "any", assign where host.vars.version >= 0 }
apply Service "empty" { import "any", assign where host.vars.version == "" }
apply Service "nought" { import "any", assign where host.vars.version == 0 }
apply Service "slip-below" { import "any", assign where host.vars.versoin < 2 }
apply Service "slip-above" { import "any", assign where host.vars.versoin > 2 }
apply Service "asked" { import "any", assign where host.vars.version && host.vars.version < 2 }
CONF
echo 'object Host "text" { import "any", vars.version = "3" }' > text.conf
cat > told.py <<'P'
import collections
import json
import sys

with open(sys.argv[1], "rb") as objects:
    text = objects.read()
hosts = collections.defaultdict(list)
while text:  # LENGTH:JSON,
    length, rest = text.split(b":", 1)
    one, text = json.loads(rest[: int(length)]), rest[int(length) + 1 :]
    if one["type"] == "Service":
        hosts[one["name"]].append(one["properties"]["host_name"])
for service, names in sorted(hosts.items()):
    print(f"{service}: {', '.join(sorted(names))}")
P
check() { # RELEASE: what `daemon -C` says
  local status=0 dump=()
  [ "$1" = bookworm ] || dump=(--dump-objects) # 2.13 does so always
  chroot "$1/root" /usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2 daemon -C -c /etc/icinga2/hosts.conf "${dump[@]}" \
    -DRunAsUser=root -DRunAsGroup=root > check.log 2>&1 || status=$?
  echo "daemon -C: $status"
  grep -o -E "'[a-z-]*' .* does not match anywhere|Operator < cannot be applied" check.log | sed 's/ (in .*) for/ for/' \
    | sort -u
}
{
  for name in bookworm trixie; do
    chroot "$name/root" /usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2 --version | grep -o 'version: r[0-9.]*'
    cp hosts.conf "$name/root/etc/icinga2"
    check "$name"
    python3 told.py "$name/root/var/cache/icinga2/icinga2.debug"
    cat hosts.conf text.conf > "$name/root/etc/icinga2/hosts.conf"
    check "$name"
  done
} | tee seen
diff seen - <<'SEEN'
version: r2.13.6
daemon -C: 0
'nought' for type 'Service' does not match anywhere
'slip-above' for type 'Service' does not match anywhere
asked: old
at-least: blank, new, old, without
below: blank, old, without
empty: blank, without
slip-below: blank, new, old, without
daemon -C: 1
Operator < cannot be applied
version: r2.14.6
daemon -C: 0
'nought' for type 'Service' does not match anywhere
'slip-above' for type 'Service' does not match anywhere
asked: old
at-least: blank, new, old, without
below: blank, old, without
empty: blank, without
slip-below: blank, new, old, without
daemon -C: 1
Operator < cannot be applied
SEEN
