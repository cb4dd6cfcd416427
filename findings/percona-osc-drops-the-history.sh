#!/usr/bin/env bash
# pt-online-schema-change throws the history of a system-versioned table away, and ends with 0: "Successfully altered".
#
# percona-toolkit 3.2.1 and MariaDB 10.11 (Debian 12's packages).
# Expected: it does what ALTER TABLE does, without the lock. MariaDB refuses to alter such a table ("Change
#   @@system_versioning_alter_history to proceed"), and with this set to KEEP, ALTER TABLE keeps the history. So the
#   tool keeps it under the same setting, or refuses.
# Seen: with --set-vars "system_versioning_alter_history='KEEP'", as the error advises, the new table has the rows of
#   today and no other. All of them began to hold when they were copied. The old table, which has the history, is
#   dropped. The setting that is there to keep the history is what lets the tool lose it.
#     before            5 rows, of which 3 are history
#     ALTER TABLE       5 rows, of which 3 are history
#     the tool          2 rows, none of them history; as of any time before there is no row at all
# Who was price and owner of what, and when, is gone with an added column. Such a table is altered by ALTER TABLE, or
# with --no-drop-old-table.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'mariadb-server-core=1:10.11.*' 'mariadb-client-core=1:10.11.*' \
  'mariadb-client=1:10.11.*' libmariadb3 libaio1 libnuma1 liburing2 libedit2 libbsd0 libmd0 \
  'percona-toolkit=3.2.1-*' libdbi-perl libdbd-mysql-perl
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu)
PERL5LIB=$(echo "$dir"/root/usr/lib/*-linux-gnu/perl5/5.*)
export LD_LIBRARY_PATH PERL5LIB HOME=$dir PTDEBUG=0

server() {
  root/usr/sbin/mariadbd --no-defaults --user=root --datadir="$dir/data" --lc-messages-dir="$dir/root/usr/share/mysql" "$@"
}
client() { # TOOL ARGUMENT...
  "root/usr/bin/$1" --no-defaults --user=root --socket="$dir/s" "${@:2}"
}
root/usr/bin/mariadb-install-db --no-defaults --force --user=root --basedir="$dir/root/usr" --datadir="$dir/data" \
  --skip-test-db > install.log 2>&1
server --socket="$dir/s" --pid-file="$dir/pid" --skip-networking > server.log 2>&1 &
for _ in $(seq 300); do
  ! client mariadb-admin ping > ping.log 2>&1 || break
  sleep 0.2
done

sql() { client mariadb -N --database=shop --execute="$1" | tr '\t' ' '; }
told() { # LABEL: rows with those of the history, those of the history, and rows as of the beginning
  echo "$1: $(sql 'select count(*), sum(row_end < now(6)) from prices for system_time all')" \
    "$(sql "select count(*) from prices for system_time as of timestamp'$then'")"
}
change() { # OPTION...: the tool
  local status=0
  perl root/usr/bin/pt-online-schema-change --alter 'add column note int' --execute "$@" \
    "D=shop,t=prices,S=$dir/s,u=root" > tool.log 2>&1 || status=$?
  echo "pt-online-schema-change ends with $status"
  grep -o -E '^Successfully altered|was not altered|Change @@[a-z_]*' tool.log | sort -u
}
client mariadb --version | grep -o 'Distrib [^,]*'
perl root/usr/bin/pt-online-schema-change --version
{
  client mariadb --execute="create database shop; use shop;
    create table prices (id int primary key, price int) with system versioning;
    insert into prices values (1, 10), (2, 20)"
  then=$(sql 'select now(6)')
  sql 'update prices set price = 11 where id = 1; update prices set price = 12 where id = 1;
    update prices set price = 21 where id = 2'
  told before
  sql "set system_versioning_alter_history = 'KEEP'; alter table prices add column name varchar(9)"
  told 'ALTER TABLE'
  change
  told 'refused'
  change --set-vars "system_versioning_alter_history='KEEP'"
  told 'as advised'
} | tee seen
diff seen - <<'SEEN'
before: 5 3 2
ALTER TABLE: 5 3 2
pt-online-schema-change ends with 11
Change @@system_versioning_alter_history
was not altered
refused: 5 3 2
pt-online-schema-change ends with 0
Successfully altered
as advised: 2 0 0
SEEN
