#!/usr/bin/env bash
# icinga2 hands a number with a point to a plugin with six decimals: 4.26 is "4.260000", and 0.0000005 is nought.
#
# icinga2 2.13.6 (Debian 12's package) and 2.14.6 (Debian 13's).
# Expected: what stands in the configuration reaches the plugin as it was written, or as the shortest text of the same
#   number. A whole number and a text do so.
# Seen: an argument of a check command, and the same for text that is joined in the configuration ("limit " + limit)
#     1.2                    1.200000     --tls=1.200000 is no version of TLS
#     4.26                   4.260000     a version, a name, is no longer the one that was meant
#     0.0000005              0.000000     a limit of nought
#     0.99999997             1.000000     a share that can't be passed
#     12345678901, "1.2"     as they are
#   `icinga2 daemon -C` says nothing.
# The limit of a check is another one than its configuration shows. What isn't meant to be rounded stands in quotes.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(cat "$dir"/*/root/run/icinga2/icinga2.pid 2>/dev/null) 2>/dev/null || true; rm -rf "$dir"' EXIT
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

cat > numbers.conf <<'CONF'
object CheckCommand "show" {
  command = [ "/show" ]
  arguments = {
    "--tls" = "$tls$"
    "--version" = "$version$"
    "--limit" = "$limit$"
    "--share" = "$share$"
    "--whole" = "$whole$"
    "--text" = "$text$"
    "--joined" = "$joined$"
  }
}
object Host "one" {
  check_command = "show"
  check_interval = 1
  vars.tls = 1.2
  vars.version = 4.26
  vars.limit = 0.0000005
  vars.share = 0.99999997
  vars.whole = 12345678901
  vars.text = "1.2"
  vars.joined = "limit " + vars.limit
}
object CheckerComponent "checker" {}
CONF
options=(-c /etc/icinga2/numbers.conf -DRunAsUser=root -DRunAsGroup=root)
icinga() { chroot "$1/root" /usr/bin/env -i TZ=UTC PATH=/usr/bin /usr/lib/x86_64-linux-gnu/icinga2/sbin/icinga2 "${@:2}"; }
{
  for name in bookworm trixie; do
    cp numbers.conf "$name/root/etc/icinga2"
    cat > "$name/root/show" <<'PLUGIN'
#!/bin/sh
for word in "$@"; do echo "$word"; done > "/new-$$"
mv "/new-$$" /arguments
PLUGIN
    chmod +x "$name/root/show"
    icinga "$name" --version | grep -o 'version: r[0-9.]*'
    status=0
    icinga "$name" daemon -C "${options[@]}" > check.log 2>&1 || status=$?
    echo "daemon -C: $status, warnings: $(grep -c -E 'warning/|critical/' check.log || true)"
    icinga "$name" daemon "${options[@]}" > icinga.log 2>&1 &
    for _ in $(seq 300); do
      [ ! -e "$name/root/arguments" ] || break
      sleep 0.2
    done
    kill "$(cat "$name/root/run/icinga2/icinga2.pid")"
    wait
    paste -d ' ' - - < "$name/root/arguments"
  done
} | tee seen
diff seen - <<'SEEN'
version: r2.13.6
daemon -C: 0, warnings: 0
--joined limit 0.000000
--limit 0.000000
--share 1.000000
--text 1.2
--tls 1.200000
--version 4.260000
--whole 12345678901
version: r2.14.6
daemon -C: 0, warnings: 0
--joined limit 0.000000
--limit 0.000000
--share 1.000000
--text 1.2
--tls 1.200000
--version 4.260000
--whole 12345678901
SEEN
