#!/usr/bin/env bash
# `mariadb-binlog --flashback` brings back other rows than there were, and ends with 0, as does reading them in.
#
# MariaDB 11.8 (Debian 13's packages): mariadb-binlog, mariadb and the server.
# Expected: the changes of a binary log are taken back, the last one first, or --flashback ends with an error, where
#   the log has not what it takes.
# Seen: with binlog_format=ROW, both commands end with 0 and warn of nothing.
#     binlog_row_image=FULL, FULL_NODUP    rows that were updated, deleted or inserted are back
#     MINIMAL                              the update is not taken back, and of a row that was deleted the key is
#                                          back and all else is NULL
#     rows deleted by a foreign key        not back: the parent is there again without its children
#     truncate                             not back
#     two columns that changed places      the values of one come back in the other
# So after a flashback tables are compared with what they should be, and it is tried before on a copy: a backup of the
# tables concerned, which has none of this, is no more work.
set -euo pipefail
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server"; }; rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p {lists,cache/archives}/partial root/{data,etc,run,tmp,dev,usr/{bin,sbin,lib,lib64}}
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
  --log-bin=bin --binlog-format=row --server-id=1 > server.log 2>&1 &
server=$!
sql() { inside mariadb --no-defaults --socket=/run/db --user=root --skip-column-names "$@"; }
for _ in {1..300}; do
  if sql --execute='select 1' > ready.log 2>&1; then break; fi
  kill -0 "$server"
  sleep 0.2
done
back() { # IMAGE CHANGES: what is other after the changes and their flashback
  local log status=0
  sql --execute="set global binlog_row_image=$1"
  sql <<'SQL'
drop database if exists shop;
create database shop;
use shop;
create table parent (id int primary key, number int, name text);
create table child (id int primary key, parent int references parent (id) on delete cascade);
insert into parent values (1, 10, 'one'), (2, 20, 'two'), (3, 30, 'three');
insert into child values (11, 1), (12, 2);
flush binary logs;
SQL
  rows > before
  sql shop --execute="$2"
  log=$(sql --execute='show master status' | cut -f 1)
  inside mariadb-binlog --no-defaults --flashback "/data/$log" > flashback 2> warnings || status=$?
  echo "$1:"
  tr ';' '\n' <<< "$2" | sed '/^[[:space:]]*$/d; s/^[[:space:]]*/  /'
  echo "  flashback ends with $status, $(wc -l < warnings) lines of warnings"
  status=0
  sql < flashback || status=$?
  echo "  reading it in ends with $status"
  rows > after
  diff before after | grep '^[<>]' | tr '\t' ' ' | sed 's/^/  /' || true
}
rows() {
  sql shop --execute="select 'parent', id, number, name from parent order by id;
    select 'child', id, parent from child order by id"
}
{
  sql --execute='select version()' | grep -o '^11\.8'
  for image in FULL FULL_NODUP MINIMAL; do
    back "$image" "update parent set number = 21 where id = 2; delete from parent where id = 3;
      insert into parent values (4, 40, 'four')"
  done
  back FULL 'delete from parent where id = 1'
  back FULL 'truncate child'
  back FULL 'delete from parent where id = 3; alter table parent modify number int first'
} | tee seen
diff seen - <<'SEEN'
11.8
FULL:
  update parent set number = 21 where id = 2
  delete from parent where id = 3
  insert into parent values (4, 40, 'four')
  flashback ends with 0, 0 lines of warnings
  reading it in ends with 0
FULL_NODUP:
  update parent set number = 21 where id = 2
  delete from parent where id = 3
  insert into parent values (4, 40, 'four')
  flashback ends with 0, 0 lines of warnings
  reading it in ends with 0
MINIMAL:
  update parent set number = 21 where id = 2
  delete from parent where id = 3
  insert into parent values (4, 40, 'four')
  flashback ends with 0, 0 lines of warnings
  reading it in ends with 0
  < parent 2 20 two
  < parent 3 30 three
  > parent 2 21 two
  > parent 3 NULL NULL
FULL:
  delete from parent where id = 1
  flashback ends with 0, 0 lines of warnings
  reading it in ends with 0
  < child 11 1
FULL:
  truncate child
  flashback ends with 0, 0 lines of warnings
  reading it in ends with 0
  < child 11 1
  < child 12 2
FULL:
  delete from parent where id = 3
  alter table parent modify number int first
  flashback ends with 0, 0 lines of warnings
  reading it in ends with 0
  < parent 3 30 three
  > parent 30 3 three
SEEN
