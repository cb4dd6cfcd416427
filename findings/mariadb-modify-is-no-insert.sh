#!/usr/bin/env bash
# The same texts become other numbers when a column is altered than when its rows are inserted into an integer column.
#
# MariaDB 10.11 (Debian 12's packages), its default SQL mode (strict).
# Expected: `alter table ... modify v int` converts each text as an insert into an integer column does: '1e3' is
#   1000, '12.5' is 13, and what is no number at all is an error in both.
# Seen: an insert reads a number and rounds it, `modify` reads digits and stops at the first other character:
#     text    insert ... select    modify       alter ignore ... modify
#     1e3     1000                 error        1
#     12.5    13                   error        12
#     .5      1                    error        0
#     -.5     -1                   error        0
#     1.      1                    error        1
#     12abc   error                error        12
#     'No'    error                error        0
#   Of a text with blanks around it (' 12 ') all make 12.
# A trial of a conversion by insert into a copy of the table tells neither whether the alteration will succeed nor
# which numbers it makes. Only an alteration of a copy does.
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

sql() { client mariadb -N d --execute="$1" 2> errors || echo error; }
client mariadb --version | grep -o 'Distrib [^,]*'
client mariadb --execute='create database d'
{
  client mariadb -N --execute='select @@sql_mode'
  for text in 12 ' 12 ' 1e3 12.5 .5 -.5 1. 12abc No; do
    for table in one two three; do sql "create or replace table $table (v varchar(9)); insert into $table values ('$text')"; done
    inserted=$(sql 'create or replace table copy (v int); insert into copy select v from one; select v from copy')
    modified=$(sql 'alter table two modify v int; select v from two')
    ignored=$(sql 'alter ignore table three modify v int; select v from three')
    echo "'$text': insert $inserted, modify $modified, ignore $ignored"
  done
} | tee seen
diff seen - <<'SEEN'
STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION
'12': insert 12, modify 12, ignore 12
' 12 ': insert 12, modify 12, ignore 12
'1e3': insert 1000, modify error, ignore 1
'12.5': insert 13, modify error, ignore 12
'.5': insert 1, modify error, ignore 0
'-.5': insert -1, modify error, ignore 0
'1.': insert 1, modify error, ignore 1
'12abc': insert error, modify error, ignore 12
'No': insert error, modify error, ignore 0
SEEN
