#!/usr/bin/env bash
# PyMySQL reads the machine's certificates for every connection, over a Unix socket too.
#
# PyMySQL 1.2.4, Python 3.11.
# Expected: without any ssl option no TLS is prepared; over a Unix socket there is nobody to listen in.
# Seen: the default is to take TLS when the server offers it, so each Connection makes an SSL context
#   and loads all trusted certificates before it knows whether the server can TLS: some 15 ms of
#   processor each. `ssl_disabled=True` makes none.
# Who opens a connection a question pays that for each.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'pymysql==1.2.4'
cat > count.py <<'P'
import ssl

import pymysql

made = []
real = ssl.create_default_context


def counted(*words, **named):
    made.append(1)
    return real(*words, **named)


ssl.create_default_context = counted
for number, options in ((1, {}), (0, {"ssl_disabled": True})):
    made.clear()
    pymysql.Connection(unix_socket="/nowhere", user="root", defer_connect=True, **options)
    print(options, "contexts:", len(made))
    assert len(made) == number, made
P
venv/bin/python count.py
