#!/usr/bin/env bash
# A connection that is lost while rows stream ends in AttributeError, not in a MySQLError.
#
# PyMySQL 1.2.4 against MariaDB 10.11 (Debian 12's packages), Python 3.11.
# Expected: by PEP 249 whatever goes wrong with the database is a `MySQLError`, so `except MySQLError`
#   around `with SSCursor(...)` tells "the server was lost" from a defect of one's own.
# Seen: the row that can't be read raises OperationalError 2013. Leaving the `with` block then closes
#   the cursor, which reads on for the end of the result, from a file that the loss has closed:
#     AttributeError: 'NoneType' object has no attribute 'read'
#   takes the place of the database's error. With a plain Cursor the same loss is an OperationalError.
# Who streams a big table has to catch the error inside the `with` block.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'mariadb-server-core=1:10.11.*' libaio1 libnuma1 liburing2
for package in ./*.deb; do dpkg -x "$package" root; done
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'pymysql==1.2.4'

server() {
  LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu) root/usr/sbin/mariadbd --no-defaults --user=root \
    --datadir="$dir/data" --lc-messages-dir="$dir/root/usr/share/mysql" "$@"
}
mkdir data
server --bootstrap <<< 'create database mysql;' > bootstrap.log 2>&1
server --socket="$dir/s" --pid-file="$dir/pid" --skip-networking --skip-grant-tables > server.log 2>&1 &

cat > lost.py <<'P'
import socket, sys, time
from importlib.metadata import version

import pymysql
from pymysql.cursors import Cursor, SSCursor

ROWS = "select repeat('x', 1000) from information_schema.collations a, information_schema.collations b"
sys.unraisablehook = lambda _: None  # the closing is tried again when the cursor is collected


def connect():
    until = time.monotonic() + 60
    while True:
        try:
            return pymysql.connect(unix_socket="s", user="root", read_timeout=20)
        except pymysql.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def lost(cursor_class):
    """Names of the exception that leaves `with`, and of the one it took the place of."""
    connection = connect()
    try:
        with cursor_class(connection) as cursor:
            if cursor_class is SSCursor:
                cursor.execute(ROWS)
                cursor.fetchone()
            connection._sock.shutdown(socket.SHUT_RDWR)  # the network goes away
            if cursor_class is Cursor:
                cursor.execute(ROWS)
            while cursor.fetchone():
                pass
    except Exception as error:
        return type(error).__name__, type(error.__context__).__name__
    return "nothing", "nothing"


print("PyMySQL", version("pymysql"), "server", connect().get_server_info())
streamed, plain = lost(SSCursor), lost(Cursor)
print("SSCursor:", streamed[0], "in the place of", streamed[1])
print("Cursor:", plain[0])
sys.exit(streamed != ("AttributeError", "OperationalError") or plain[0] != "OperationalError")
P
venv/bin/python lost.py
