#!/bin/bash
# Makes the template of the MariaDB data directory while the node image is built; the version step's
# fill.sh makes its databases. Passwords and users come later.
set -euo pipefail
here=/usr/share/neteye-rehearsal/database
data=/usr/share/neteye-rehearsal/mysql-template
socket=/tmp/template.sock

mkdir -p "$data"
chown mysql:mysql "$data"
mariadb-install-db --user=mysql --datadir="$data" --skip-test-db \
    --auth-root-authentication-method=socket > /tmp/install-db.log
mariadbd --defaults-file="$here/template.cnf" --user=mysql --datadir="$data" --socket="$socket" &
server=$!
client=(mariadb --socket="$socket")
for _ in $(seq 300); do
    "${client[@]}" -e "DO 0" 2> /dev/null && break
    kill -0 "$server"
    sleep 0.1  # poll, at most 30 s
done

[ ! -e "$here/fill.sh" ] || "$here/fill.sh" "${client[@]}"

kill "$server"
wait "$server"
rm -f /tmp/install-db.log
