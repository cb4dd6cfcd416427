#!/usr/bin/env bash
# mariadb-import brings back other rows than mariadb-dump --tab wrote: other keys, other times. It ends with 0.
#
# MariaDB 10.11 (Debian 12's packages): mariadb-dump, mariadb-import and the server, whose clock is not at UTC.
# Expected: `mariadb-dump --tab` writes a file with the table and one with its rows, and `mariadb` and
#   `mariadb-import` make the same table of them, as `mariadb` does of a usual dump.
# Seen: what a usual dump sets at its beginning is not in the file of the rows, and mariadb-import doesn't set it.
#     key 0 of an auto_increment column   comes back as the next free number
#     timestamp                           written at UTC, read at the server's time zone: hours earlier or later
#     uuid                                "Incorrect uuid value", no row at all, ends with 1
#   A usual dump of the same table restores all of them.
# Rows that named the row with key 0 name nothing after the restore, and the counts of rows are equal. Whoever
# saves tables in this way compares the restored rows, not their number.
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
server --socket="$dir/s" --pid-file="$dir/pid" --default-time-zone=+05:00 --skip-networking --skip-grant-tables > server.log 2>&1 &
for _ in $(seq 300); do
  ! client mariadb-admin ping > ping.log 2>&1 || break
  sleep 0.2
done

show() { client mariadb -N --execute="select * from $1.$2" | tr '\t' ' ' | sed "s/^/  $2: /"; }
client mariadb-dump --version | grep -o 'Distrib [^,]*'
mkdir tab
{
  client mariadb --execute="create database d; use d; set sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
    create table keyed (id int auto_increment primary key, name varchar(9));
    insert into keyed values (0, 'unknown'), (7, 'seven');
    create table timed (t timestamp); insert into timed values ('2026-01-01 12:00:00');
    create table ids (u uuid); insert into ids values ('123e4567-e89b-12d3-a456-426655440000');
    create database usual; create database tab"
  for table in keyed timed ids; do
    client mariadb-dump d $table | client mariadb usual
    client mariadb-dump --tab="$dir/tab" d $table
    client mariadb tab < tab/$table.sql
    status=0
    client mariadb-import tab "$dir/tab/$table.txt" > import.log 2>&1 || status=$?
    echo "mariadb-import of $table ends with $status"
    sed -n 's/.*\(Incorrect [a-z0-9]* value\).*/  \1/p' import.log
    for database in d usual tab; do echo "$database" && show $database $table; done
  done
} | tee seen
diff seen - <<'SEEN'
mariadb-import of keyed ends with 0
d
  keyed: 0 unknown
  keyed: 7 seven
usual
  keyed: 0 unknown
  keyed: 7 seven
tab
  keyed: 7 seven
  keyed: 8 unknown
mariadb-import of timed ends with 0
d
  timed: 2026-01-01 12:00:00
usual
  timed: 2026-01-01 12:00:00
tab
  timed: 2026-01-01 07:00:00
mariadb-import of ids ends with 1
  Incorrect uuid value
d
  ids: 123e4567-e89b-12d3-a456-426655440000
usual
  ids: 123e4567-e89b-12d3-a456-426655440000
tab
SEEN
