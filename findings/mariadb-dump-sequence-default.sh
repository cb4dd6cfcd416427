#!/usr/bin/env bash
# A dump of a table whose default is a sequence can't be restored: neither beside the original nor in its place.
#
# MariaDB 10.11 (Debian 12's packages): mariadb-dump, mariadb and the server.
# Expected: mariadb-dump of a database with a sequence and a table with `default nextval(sequence)` restores by
#   `mariadb`, in the same database and in a scratch one, each with its own sequence.
# Seen: the dump ends with 0. The restore ends with 1 in both cases, as the dump locks the table and not the
#   sequence behind its default: ERROR 1100 "Table 's' was not locked with LOCK TABLES". The table stays empty.
#   With --skip-add-locks it ends with 0, but the default names the database that was dumped,
#     `id` int(11) NOT NULL DEFAULT nextval(`shop`.`s`)
#   so a row of the scratch database takes its number from the original's sequence, and there is no row to be
#   had when the original is gone ("Table 'shop.s' doesn't exist").
# A backup of such a database is none before it was restored, and a restore beside the original touches it.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'mariadb-server-core=1:10.11.*' 'mariadb-client-core=1:10.11.*' \
  'mariadb-client=1:10.11.*' libmariadb3 libaio1 libnuma1 liburing2 libedit2 libbsd0 libmd0
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu)
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

restored() { # LABEL DATABASE DUMP-OPTION...: what a restore of the dump says, and the rows it brings
  local status=0
  client mariadb-dump "${@:3}" shop > dump.sql
  client mariadb --execute="create or replace database $2"
  client mariadb "$2" < dump.sql > restore.log 2>&1 || status=$?
  echo "$1: the restore ends with $status, $(client mariadb -N --execute="select count(*) from $2.orders") rows"
  sed -n '/^ERROR/p' restore.log
}
client mariadb --version | grep -o 'Distrib [^,]*'
{
  client mariadb --execute="create database shop; use shop; create sequence s;
    create table orders (id int primary key default nextval(s), item varchar(9)); insert into orders (item) values ('one')"
  restored 'beside' scratch
  restored 'beside, no locks' scratch --skip-add-locks
  client mariadb -N --execute="show create table scratch.orders" | grep -o 'DEFAULT nextval[^,\]*'
  client mariadb -N --execute="insert into scratch.orders (item) values ('two'); insert into shop.orders (item) values ('three');
    select * from scratch.orders; select * from shop.orders"
  restored 'in its place' shop
  client mariadb --execute='drop database shop'
  client mariadb --execute="insert into scratch.orders (item) values ('four')" 2>&1 | sed -n '/^ERROR/p' || true
} | tee seen
diff seen - <<'SEEN'
beside: the restore ends with 1, 0 rows
ERROR 1100 (HY000) at line 47: Table 's' was not locked with LOCK TABLES
beside, no locks: the restore ends with 0, 1 rows
DEFAULT nextval(`shop`.`s`)
1	one
2	two
1	one
3	three
in its place: the restore ends with 1, 0 rows
ERROR 1100 (HY000) at line 47: Table 's' was not locked with LOCK TABLES
ERROR 1146 (42S02) at line 1: Table 'shop.s' doesn't exist
SEEN
