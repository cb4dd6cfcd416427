#!/usr/bin/env bash
# To read `mariadb-dump --system=users --replace` into a server takes every right from the administrator who reads it.
#
# MariaDB 11.8 (Debian 13's packages): mariadb-dump, mariadb and the server.
# Expected: --system=users writes the accounts so that root of a new server reads them in, with --replace where some
#   of them are there. Then accounts, roles and rights are as they were.
# Seen: read into a new server, as root, of one role, one account and one right for PUBLIC,
#     --system=users                    ends with 1 at the first account, mariadb.sys, which every server has
#     --insert-ignore as well           ends with 0; PUBLIC has no right, as the dump has none of it
#     --replace as well                 root is replaced by a root without rights, before roles and rights are made,
#                                       and the next statement ends it with 1: "Access denied". Of root only USAGE is
#                                       left, so nobody is there to give the rights back. So it is without any role
#   The dump has a check against that, "Don't remove current user 'root'@'localhost'". It compares current_user() with
#   the name in quotes, as current_user() never writes it.
# To repair it the server has to be started anew with --skip-grant-tables. Accounts are moved by `show create user` and
# `show grants`, of PUBLIC too, or with --insert-ignore and a look at PUBLIC.
set -euo pipefail
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server"; }; rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p {lists,cache/archives}/partial root/{etc,run,tmp,dev,usr/{bin,sbin,lib,lib64}}
sed 's/bookworm/trixie/' /etc/apt/sources.list.d/debian.sources > debian.sources
options=(-qq -y -o Dir::Etc::sourcelist="$dir/debian.sources" -o Dir::Etc::sourceparts=/none
  -o Dir::State::lists="$dir/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache"
  -o APT::Sandbox::User=root -o APT::Install-Recommends=0 -o Debug::NoLocking=1)
apt-get "${options[@]}" update
apt-get "${options[@]}" --download-only install bash coreutils libc-bin sed grep gawk 'mariadb-server=1:11.8.*' \
  > apt.log
for package in bin sbin lib lib64; do ln -s "usr/$package" "root/$package"; done
for package in cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C root; done
cp -a /dev/null /dev/urandom root/dev
echo 'root:x:0:0:root:/:/bin/bash' > root/etc/passwd
ln -sf bash root/usr/bin/sh
chroot root /sbin/ldconfig

inside() { chroot root /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 PATH=/usr/bin:/usr/sbin "$@"; }
sql() { inside mariadb --no-defaults --socket=/run/db --user=root --skip-column-names "$@"; }
start() { # a new server
  mkdir -p root/data
  inside mariadb-install-db --no-defaults --force --user=root --basedir=/usr --datadir=/data > install.log 2>&1
  chroot root /usr/sbin/mariadbd --no-defaults --user=root --datadir=/data --socket=/run/db --skip-networking \
    > server.log 2>&1 &
  server=$!
  for _ in {1..300}; do
    if sql --execute='select 1' > ready.log 2>&1; then break; fi
    kill -0 "$server"
    sleep 0.2
  done
}
stop() {
  kill "$server"
  wait "$server"
  server=
  rm -rf root/data
}
rights() { # of root and of PUBLIC
  sql --execute='show grants' | sed -E 's/ IDENTIFIED .*//; s/^/  /' | grep -v -e PROXY -e PUBLIC
  echo "  $(sql --execute='show grants for public' 2>&1 | grep -c '`shop`' || true) rights of PUBLIC in shop"
}
read_in() { # DUMP
  local status=0
  sql < "$1" > answer 2>&1 || status=$?
  grep -o -E 'ERROR.*(CREATE USER failed for .*|Access denied)' answer | sed 's/ at line [0-9]*//' || true
  echo "  ends with $status"
}
dumped() { # FILE OPTION...
  inside mariadb-dump --no-defaults --socket=/run/db --user=root --system=users "${@:2}" > "$1"
}
start
{
  sql --execute='select version()' | grep -o '^11\.8'
  dumped no-role --replace
  sql --execute="create database shop; create user clerk@localhost; grant select on shop.* to clerk@localhost;
    grant select on shop.* to public; create role staff"
  dumped plain
  dumped ignore --insert-ignore
  dumped replace --replace
  echo "the check: $(grep -o "current_user()=.*'root.*'" replace)"
  sql --execute='select current_user()'
  rights
  for one in plain ignore replace no-role; do
    stop
    start
    echo "$one, in a new server"
    read_in "$one"
    rights
  done
} > seen
cat seen
diff seen - <<'SEEN'
11.8
the check: current_user()='''root''@''localhost'''
root@localhost
  GRANT `staff` TO `root`@`localhost` WITH ADMIN OPTION
  GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`
  1 rights of PUBLIC in shop
plain, in a new server
ERROR 1396 (HY000): Operation CREATE USER failed for 'mariadb.sys'@'localhost'
  ends with 1
  GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`
  0 rights of PUBLIC in shop
ignore, in a new server
  ends with 0
  GRANT `staff` TO `root`@`localhost` WITH ADMIN OPTION
  GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`
  0 rights of PUBLIC in shop
replace, in a new server
ERROR 1227 (42000): Access denied
  ends with 1
  GRANT `mariadb_dump_import_role` TO `root`@`localhost` WITH ADMIN OPTION
  GRANT USAGE ON *.* TO `root`@`localhost`
  0 rights of PUBLIC in shop
no-role, in a new server
ERROR 1698 (28000): Access denied
  ends with 1
  GRANT `mariadb_dump_import_role` TO `root`@`localhost` WITH ADMIN OPTION
  GRANT USAGE ON *.* TO `root`@`localhost`
  0 rights of PUBLIC in shop
SEEN
