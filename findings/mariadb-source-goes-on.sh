#!/usr/bin/env bash
# A file that mariadb reads by `source` goes on after an error and ends with 0; the same file on standard input stops.
#
# MariaDB 10.11 (Debian 12's packages): mariadb and the server.
# Expected: without --force the client stops at the first error of a batch and ends with 1, whichever way the
#   statements come: `mariadb < file`, `mariadb --execute="source file"`, or a file that has `source` in it.
# Seen: of three statements, the second one wrong,
#     mariadb < file                       the first is carried out, ends with 1
#     mariadb --execute="source file"      the first and the third are carried out, ends with 0
#     mariadb < outer (`source file`)      likewise 0, and what stands behind the `source` is carried out as well
#   --abort-source-on-error is what makes them stop, and end with 1. Only a file that can't be opened is always
#   an error.
# A restore by `source` is reported as done though tables are missing from it.
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

printf "insert into t values (1);\ninsert into t values ('no number');\ninsert into t values (3);\n" > file
printf 'source file\ninsert into t values (4);\n' > outer
run() { # LABEL STANDARD-INPUT CLIENT-ARGUMENT...: the exit status, and the rows that are there afterwards
  local status=0
  client mariadb --execute='create or replace database d; create table d.t (v int)'
  client mariadb d "${@:3}" < "$2" > run.log 2>&1 || status=$?
  echo "$1 ends with $status, rows:$(client mariadb -N --execute='select v from d.t order by v' | sed 's/^/ /' | paste -sd '')"
}
client mariadb --version | grep -o 'Distrib [^,]*'
{
  run 'mariadb < file' file
  run 'source file' /dev/null --execute='source file'
  run '< outer' outer
  run '--abort-source-on-error, source file' /dev/null --abort-source-on-error --execute='source file'
  run '--abort-source-on-error < outer' outer --abort-source-on-error
  run 'source nowhere' /dev/null --execute='source nowhere'
} | tee seen
diff seen - <<'SEEN'
mariadb < file ends with 1, rows: 1
source file ends with 0, rows: 1 3
< outer ends with 0, rows: 1 3 4
--abort-source-on-error, source file ends with 1, rows: 1
--abort-source-on-error < outer ends with 1, rows: 1
source nowhere ends with 1, rows:
SEEN
