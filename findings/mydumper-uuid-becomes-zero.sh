#!/usr/bin/env bash
# myloader restores every uuid and IP address as nothing or as zeros, and ends with 0; so does a dump in "binary".
#
# MariaDB 10.11, mydumper 0.10.1 and mariadb-dump (Debian 12's packages).
# Expected: mydumper writes all values under `SET NAMES binary`, so that no character set can change them on the way;
#   for the same end mariadb-dump has --default-character-set=binary. What a type doesn't take is an error.
# Seen: a text in "binary" is no text for the types uuid, inet6 and inet4. They ask for the raw bytes instead.
#   myloader, and each dump of mariadb-dump, switch the strict mode off that would make an error of it:
#     column may be null     NULL in place of each value
#     NOT NULL               00000000-0000-0000-0000-000000000000, ::, 0.0.0.0
#   Dump and restore end with 0, without a warning, and the counts of rows are equal.
#   The same dump of mydumper, read by `mariadb`, ends with 1, "Incorrect uuid value".
# A restore that was counted is a table of hosts without addresses. The dump itself is whole: with `SET NAMES utf8mb4`
# in the first line of its files myloader restores all of it, where the tables have no binary columns.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'mariadb-server-core=1:10.11.*' 'mariadb-client-core=1:10.11.*' \
  'mariadb-client=1:10.11.*' libmariadb3 libaio1 libnuma1 liburing2 libedit2 libbsd0 libmd0 \
  'mydumper=0.10.1-*' libglib2.0-0 libpcre3
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$(echo "$dir"/root/lib/*-linux-gnu)
export LD_LIBRARY_PATH

server() {
  root/usr/sbin/mariadbd --no-defaults --user=root --datadir="$dir/data" --lc-messages-dir="$dir/root/usr/share/mysql" "$@"
}
client() { # TOOL ARGUMENT...
  "root/usr/bin/$1" --no-defaults --socket="$dir/s" "${@:2}"
}
mkdir data
server --bootstrap <<< 'create database mysql;' > bootstrap.log 2>&1
server --socket="$dir/s" --pid-file="$dir/pid" --skip-networking --skip-grant-tables > server.log 2>&1 &
for _ in $(seq 300); do
  ! client mariadb-admin ping > ping.log 2>&1 || break
  sleep 0.2
done

restored() { # LABEL COMMAND...: how a restore to b ends, and what it has brought
  local status=0
  client mariadb --execute='create or replace database b'
  "${@:2}" > restore.log 2>&1 || status=$?
  echo "$1 ends with $status"
  grep -o 'Incorrect [a-z0-9]* value' restore.log || true
  client mariadb -N --execute='select * from b.hosts; select * from b.networks' 2> missing | tr '\t' ' ' || true
}
read_in() { cat "$@" | client mariadb b; }
client mariadb --version | grep -o 'Distrib [^,]*'
root/usr/bin/mydumper --version
{
  client mariadb --execute="create database a; use a;
    create table hosts (id uuid not null, address inet6, name varchar(9));
    insert into hosts values ('123e4567-e89b-12d3-a456-426655440000', '2001:db8::1', 'one'),
      ('123e4567-e89b-12d3-a456-426655440001', '2001:db8::2', 'two');
    create table networks (id uuid primary key, gateway inet4 not null);
    insert into networks values ('123e4567-e89b-12d3-a456-426655440002', '192.0.2.1')"
  for set in utf8mb4 binary; do
    client mariadb-dump --default-character-set=$set a > dump.sql
    restored "mariadb-dump in $set" read_in dump.sql
  done
  root/usr/bin/mydumper --socket="$dir/s" --database=a --outputdir="$dir/dump"
  restored myloader root/usr/bin/myloader --socket="$dir/s" --database=b --source-db=a --directory="$dir/dump"
  restored 'mydumper, mariadb' read_in dump/a.{hosts,networks}-schema.sql dump/a.{hosts,networks}.sql
  sed -i 's/SET NAMES binary/SET NAMES utf8mb4/' dump/a.*.sql
  restored 'myloader, changed' root/usr/bin/myloader --socket="$dir/s" --database=b --source-db=a --directory="$dir/dump"
} | tee seen
diff seen - <<'SEEN'
mariadb-dump in utf8mb4 ends with 0
123e4567-e89b-12d3-a456-426655440000 2001:db8::1 one
123e4567-e89b-12d3-a456-426655440001 2001:db8::2 two
123e4567-e89b-12d3-a456-426655440002 192.0.2.1
mariadb-dump in binary ends with 0
00000000-0000-0000-0000-000000000000 NULL one
00000000-0000-0000-0000-000000000000 NULL two
00000000-0000-0000-0000-000000000000 0.0.0.0
myloader ends with 0
00000000-0000-0000-0000-000000000000 NULL one
00000000-0000-0000-0000-000000000000 NULL two
00000000-0000-0000-0000-000000000000 0.0.0.0
mydumper, mariadb ends with 1
Incorrect uuid value
myloader, changed ends with 0
123e4567-e89b-12d3-a456-426655440000 2001:db8::1 one
123e4567-e89b-12d3-a456-426655440001 2001:db8::2 two
123e4567-e89b-12d3-a456-426655440002 192.0.2.1
SEEN
