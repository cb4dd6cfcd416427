#!/usr/bin/env bash
# `httpd -t` says "Syntax OK" for a Perl module that can't be loaded; a graceful restart then ends the whole server.
#
# Apache httpd 2.4 with mod_perl 2.0.12 (Debian 12's packages).
# Expected: -t loads what the configuration names, as it does for LoadModule, and fails for a PerlModule that isn't
#   there. A graceful restart with such a configuration is refused, and the server goes on with the old one.
# Seen: mod_perl loads modules when its interpreter starts, and -t ends before that. `-k graceful` tests by the same
#   means, ends with 0, and the server that ran is gone: "Can't load Perl module NoSuch ..., exiting...".
#   Whether -t is green depends on another place: one <Perl> section anywhere, before or behind, starts the
#   interpreter while the configuration is read, and -t ends with 1. So it does with
#     httpd -t -c 'PerlConfigRequire strict.pm'
#   which starts it in the same way, without a change of the files; with the module at hand that is "Syntax OK".
# A configuration that a package brings for its next version, checked by -t before it is put in place, takes all
# sites of the server away at the next graceful restart, such as that of logrotate at night.
set -euo pipefail
dir=$(mktemp -d)
server() { chroot "$dir/root" /usr/sbin/apache2 -f /srv/httpd.conf "$@"; }
trap 'kill "$(cat "$dir/root/srv/pid" 2> /dev/null)" 2> /dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p {lists,cache/archives}/partial root/{etc,tmp,srv/lib,dev,usr/{bin,sbin,lib,lib64}}
options=(-qq -y -o Dir::Etc::sourcelist=/etc/apt/sources.list.d/debian.sources -o Dir::Etc::sourceparts=/none
  -o Dir::State::lists="$dir/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache"
  -o APT::Sandbox::User=root -o APT::Install-Recommends=0)
apt-get "${options[@]}" update
apt-get "${options[@]}" --download-only install libc-bin 'apache2-bin=2.4.*' 'libapache2-mod-perl2=2.0.12-*' > apt.log
for package in bin sbin lib lib64; do ln -s "usr/$package" "root/$package"; done
for package in cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C root; done
cp -a /dev/null /dev/urandom root/dev
echo 'web:x:33:33::/srv:/bin/false' > root/etc/passwd
echo 'web:x:33:' > root/etc/group
chroot root /sbin/ldconfig

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > root/srv/httpd.conf <<HTTPD
ServerRoot /srv
ServerName localhost
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule perl_module /usr/lib/apache2/modules/mod_perl.so
User web
Group web
StartServers 1
Listen 127.0.0.1:$port
PidFile /srv/pid
ErrorLog /srv/error.log
PerlSwitches -I/srv/lib
Include /srv/own.conf
HTTPD
echo 'package Mine; 1;' > root/srv/lib/Mine.pm
own() { printf '%b\n' "$1" > root/srv/own.conf; }
test_it() { # TEXT OPTION...: the last line without its stamp, and the exit status
  local text=$1 status=0
  shift
  server -t "$@" > answer 2>&1 || status=$?
  echo "$text: $(tail -n 1 answer | sed -E 's/^(\[[^]]*\] )+//; s/ \(you may need.*//') -> $status"
}
state() { if kill -0 "$(cat root/srv/pid 2> /dev/null)" 2> /dev/null; then echo 'the server runs'; else echo 'no server'; fi; }
wait_for() { # STATE: as soon as it is so, or what it is after a minute
  for _ in {1..300}; do
    if [ "$(state)" = "$1" ]; then break; fi
    sleep 0.2
  done
  state
}
strict=(-c 'PerlConfigRequire strict.pm')

server -v | grep -o 'Apache/2\.4'
{
  own 'PerlModule NoSuch'
  test_it 'a module that is not there'
  test_it 'the same, interpreter started' "${strict[@]}"
  own 'PerlModule NoSuch\n<Perl>\n1;\n</Perl>'
  test_it 'the same, <Perl> behind it'
  own 'PerlModule Mine'
  test_it 'a module that is there'
  test_it 'the same, interpreter started' "${strict[@]}"
  server -k start
  wait_for 'the server runs'
  own 'PerlModule NoSuch'
  status=0
  server -k graceful || status=$?
  echo "graceful -> $status"
  wait_for 'no server'
  grep -c 'exiting\.\.\.' root/srv/error.log
} 2>&1 | tee seen
diff seen - <<'SEEN'
a module that is not there: Syntax OK -> 0
the same, interpreter started: Can't load Perl module NoSuch for server localhost:0, exiting... -> 1
the same, <Perl> behind it: Can't load Perl module NoSuch for server localhost:0, exiting... -> 1
a module that is there: Syntax OK -> 0
the same, interpreter started: Syntax OK -> 0
the server runs
graceful -> 0
no server
1
SEEN
