#!/usr/bin/env bash
# `mariadb-dump --dir` puts sequences, functions and events not into the directory, but on standard output, all in one.
#
# MariaDB 11.8 (Debian 13's packages): mariadb-dump, mariadb-import and the server.
# Expected: the directory has what was asked for, a folder for each database, and `mariadb-import --dir` makes the
#   same databases of it; as of a usual dump, which says `USE` before what belongs to each.
# Seen: for two databases with --routines --events, both commands end with 0, without a warning.
#     in the directory       tables, their rows and triggers, views
#     on standard output     sequences, functions, events: of both databases, without a word to which of them each
#                            belongs. What has one name in both begins with DROP ... IF EXISTS: read into one
#                            database, the second takes the place of the first.
#   What mariadb-import restores has no sequence, no function and no event. Where a column's default is such a
#   sequence, it ends with 1, "Table 'shop.numbers' doesn't exist", and none of the rows is read.
# A nightly dump whose output goes to nowhere, as the files are what counts, is found out at the restore. Each database
# is dumped alone, its output kept, and read in before mariadb-import runs.
set -euo pipefail
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server"; }; rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p {lists,cache/archives}/partial root/{data,dump,etc,run,tmp,dev,usr/{bin,sbin,lib,lib64}}
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
inside mariadb-install-db --no-defaults --force --user=root --basedir=/usr --datadir=/data > install.log 2>&1
chroot root /usr/sbin/mariadbd --no-defaults --user=root --datadir=/data --socket=/run/db --skip-networking \
  > server.log 2>&1 &
server=$!
sql() { inside mariadb --no-defaults --socket=/run/db --user=root --skip-column-names "$@"; }
for _ in {1..300}; do
  if sql --execute='select 1' > ready.log 2>&1; then break; fi
  kill -0 "$server"
  sleep 0.2
done
made() { # what each database has
  local schema="in ('shop', 'store')"
  sql --execute="select table_schema, lower(table_type), table_name from information_schema.tables
    where table_schema $schema union all select routine_schema, lower(routine_type), routine_name
    from information_schema.routines where routine_schema $schema union all select trigger_schema, 'trigger',
    trigger_name from information_schema.triggers where trigger_schema $schema union all select event_schema, 'event',
    event_name from information_schema.events where event_schema $schema order by 1, 2, 3" | tr '\t' ' '
}
dump() { # DATABASE...
  rm -rf root/dump/*
  inside mariadb-dump --no-defaults --socket=/run/db --user=root --dir=/dump --routines --events --databases "$@"
}
import() {
  local status=0
  inside mariadb-import --no-defaults --socket=/run/db --user=root --dir=/dump > import.log 2>&1 || status=$?
  grep -o "Error: .*exist" import.log || true
  echo "import ends with $status"
}

sql --execute='select version()'
sql <<'SQL'
create database shop;
create sequence shop.numbers start with 1000;
create table shop.orders (id int primary key);
insert into shop.orders values (1), (2);
create view shop.listed as select id from shop.orders;
create trigger shop.checked before insert on shop.orders for each row set new.id = abs(new.id);
create function shop.rate() returns int return 19;
create event shop.tidy on schedule every 1 day disable do delete from shop.orders;
create database store;
create sequence store.numbers start with 7;
create function store.rate() returns int return 7;
create table store.places (id int primary key);
SQL
{
  made
  dump shop store > output.sql
  echo "in the directory: $(cd root/dump && echo */*)"
  echo 'on standard output:'
  sed -n -E "s/^CREATE .*((SEQUENCE|FUNCTION) .[a-z]*.( start with [0-9]*)?).*/\1/p; s/.*(EVENT .tidy. ON).*/\1/p
    s/^(return .*|USE.*)/\1/p" output.sql
  sql --execute='drop database shop; drop database store'
  import
  made
  sql --execute='create sequence shop.numbers; alter table shop.orders modify id int default nextval(shop.numbers)'
  dump shop > output.sql
  sql --execute='drop database shop'
  import
  echo "tables of shop: $(made | grep -c '^shop' || true)"
} | tee seen
diff seen - <<'SEEN'
shop base table orders
shop event tidy
shop function rate
shop sequence numbers
shop trigger checked
shop view listed
store base table places
store function rate
store sequence numbers
in the directory: shop/listed.sql shop/orders.sql shop/orders.txt store/places.sql store/places.txt
on standard output:
SEQUENCE `numbers` start with 1000
EVENT `tidy` ON
FUNCTION `rate`
return 19
SEQUENCE `numbers` start with 7
FUNCTION `rate`
return 7
import ends with 0
shop base table orders
shop trigger checked
shop view listed
store base table places
Error: 1146, Table 'shop.numbers' doesn't exist
import ends with 1
tables of shop: 0
SEEN
