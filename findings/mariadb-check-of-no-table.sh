#!/usr/bin/env bash
# mariadb-check ends with 0 for a table that isn't there, and for a view whose table is gone.
#
# MariaDB 10.11 (Debian 12's packages): mariadb-check and the server.
# Expected: a misspelled table is an error of mariadb-check, as it is of mariadb-dump (6) and a misspelled
#   database is of mariadb-check itself (2).
# Seen: "Failed to SHOW CREATE TABLE", "Table 'd.orders_misspelt' doesn't exist" goes to standard error, and the
#   exit status is 0, for --check, --analyze, --optimize and --check-upgrade alike. So it is for a view that
#   can't be read, asked with --process-views.
# A job that checks the tables that matter before an upgrade is green without having checked one. The output has
# to be read: one line with OK for each table that was asked for.
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

ask() { # TOOL ARGUMENT...: the exit status, and what it says
  local status=0
  client "$@" > answer 2>&1 || status=$?
  echo "$* ends with $status"
  grep -E 'OK|exist|Unknown|find' answer | tr -s ' ' | sed 's/^/  /; s|root/usr/bin/||' || true
}
client mariadb-check --version | grep -o 'Distrib [^,]*'
{
  client mariadb --execute='create database d; create table d.orders (id int) engine=MyISAM;
    create table d.part (id int); create view d.broken as select id from d.part; drop table d.part'
  ask mariadb-check d orders
  ask mariadb-check d oders
  ask mariadb-check d orders oders
  ask mariadb-check --check-upgrade d oders
  ask mariadb-check --analyze d oders
  ask mariadb-check --optimize d oders
  ask mariadb-check --process-views d
  ask mariadb-check nowhere
  ask mariadb-dump d oders
} | tee seen
diff seen - <<'SEEN'
mariadb-check d orders ends with 0
  d.orders OK
mariadb-check d oders ends with 0
  Error: Table 'd.oders' doesn't exist
mariadb-check d orders oders ends with 0
  Error: Table 'd.oders' doesn't exist
  d.orders OK
mariadb-check --check-upgrade d oders ends with 0
  Error: Table 'd.oders' doesn't exist
mariadb-check --analyze d oders ends with 0
  Error: Table 'd.oders' doesn't exist
mariadb-check --optimize d oders ends with 0
  Error: Table 'd.oders' doesn't exist
mariadb-check --process-views d ends with 0
  Error : Table 'd.part' doesn't exist
  d.orders OK
mariadb-check nowhere ends with 2
  mariadb-check: Got error: 1049: Unknown database 'nowhere' when selecting the database
mariadb-dump d oders ends with 6
  mariadb-dump: Couldn't find table: "oders"
SEEN
