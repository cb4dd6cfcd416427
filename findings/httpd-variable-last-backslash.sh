#!/usr/bin/env bash
# A variable whose value ends in a backslash becomes another value in httpd's configuration, in silence.
#
# Apache httpd 2.4 (Debian 12's package).
# Expected: `SetEnv PASSWORD "${SECRET}"` gives the value of SECRET, whatever is in it, or fails.
# Seen: ${SECRET} is put into the line before the line is taken apart. So a backslash at the end of the
#   value escapes the closing quote of the configuration, and the quote becomes part of the value:
#     SECRET=abc\  gives  abc"  and `-t` says "Syntax OK"
#   A quote within the value is at least a syntax error. A backslash elsewhere stays as it is.
# A password that works in the program before it was moved to an environment file no longer logs in.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$(cat "$dir/pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'apache2-bin=2.4.*' libapr1 libaprutil1 libjansson4
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH
cat > httpd.conf <<CONF
ServerRoot $dir
ServerName localhost
Listen 127.0.0.1:\${PORT}
PidFile $dir/pid
ErrorLog $dir/error.log
LoadModule mpm_event_module root/usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module root/usr/lib/apache2/modules/mod_authz_core.so
LoadModule env_module root/usr/lib/apache2/modules/mod_env.so
LoadModule headers_module root/usr/lib/apache2/modules/mod_headers.so
SetEnv PASSWORD "\${SECRET}"
Header always set Value "%{PASSWORD}e"
CONF

cat > value.py <<'P'
"""The header `Value` of the server at the port given, as soon as it answers."""
import sys, time, urllib.error, urllib.request

until = time.monotonic() + 30
while True:
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/", timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    except OSError:
        if time.monotonic() > until:
            raise
        time.sleep(0.05)
        continue
    print(answer.headers["Value"])
    break
P

value_of() { # SECRET: what a request's environment has
  export SECRET=$1 PORT
  PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  root/usr/sbin/apache2 -f "$dir/httpd.conf" -t 2> test.log
  grep -q 'Syntax OK' test.log
  root/usr/sbin/apache2 -f "$dir/httpd.conf" -DFOREGROUND > start.log 2>&1 &
  local server=$!
  python3 value.py "$PORT"
  kill "$server"
  wait "$server" || true
}

root/usr/sbin/apache2 -v | head -n 1
{
  printf '%s gives %s\n' 'abc' "$(value_of 'abc')"
  printf '%s gives %s\n' 'a\c' "$(value_of 'a\c')"
  printf '%s gives %s\n' 'abc\' "$(value_of 'abc\')"
} | tee seen
diff seen - <<'SEEN'
abc gives abc
a\c gives a\c
abc\ gives abc"
SEEN
