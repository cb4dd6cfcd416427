#!/usr/bin/env bash
# A restored dump has other numbers in a column of type float: mariadb-dump writes six digits of them.
#
# MariaDB 10.11 (Debian 12's packages): mariadb-dump and the server.
# Expected: a dump has as many digits as are needed to get the same number back, as it has for a double.
# Seen: 16777216 is written as 16777200, and pi, 3.14159274..., as 3.14159. Both the dump and the restore end with
#   0, CHECKSUM TABLE of the restored table differs, and a search for equal rows in both tables finds none. The
#   original's number can be had, by `f * 1` or `cast(f as double)`.
# A proof that a dump restores, by checksum, calls a good dump broken for each table with a float. The other way
# round, a restore moves whatever was computed with the lost digits.
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

client mariadb-dump --version | grep -o 'Distrib [^,]*'
{
  for type in float double 'decimal(20,10)'; do
    client mariadb --execute="create or replace database d; create or replace database restored;
      create table d.t (v $type); insert into d.t values (16777216), (pi())"
    client mariadb-dump d t > dump.sql
    client mariadb restored < dump.sql
    echo "$type: $(grep -A 2 '^INSERT' dump.sql | grep -o '([^)]*)' | paste -sd ' ')"
    client mariadb -N --execute="select a.v = b.v, a.v * 1, b.v * 1 from d.t a, restored.t b
      where round(a.v / 1000) = round(b.v / 1000)" | tr '\t' ' ' | sed 's/^/  equal, original, restored: /'
    client mariadb -N --execute='checksum table d.t, restored.t' | cut -f 2 | uniq | wc -l | sed 's/^/  checksums: /'
  done
} | tee seen
diff seen - <<'SEEN'
float: (16777200) (3.14159)
  equal, original, restored: 0 16777216 16777200
  equal, original, restored: 0 3.1415927410125732 3.141590118408203
  checksums: 2
double: (16777216) (3.141592653589793)
  equal, original, restored: 1 16777216 16777216
  equal, original, restored: 1 3.141592653589793 3.141592653589793
  checksums: 1
decimal(20,10): (16777216.0000000000) (3.1415926536)
  equal, original, restored: 1 16777216.0000000000 16777216.0000000000
  equal, original, restored: 1 3.1415926536 3.1415926536
  checksums: 1
SEEN
