"""The scripts that keep the runbook's records on N. Constants; arguments are passed as data.

Layout under `/var/lib/neteye-runbook` (root, 0700):

    lock              generation / held|free / description of the holder (three lines)
    attempt           id of the current or last attempt
    attempts/ID/      baseline.json, journal/RUN.jsonl, commands/NAME/, backups/

Exit codes of their own: 73 the lock is held, 74 the lock can't be looked at in time,
75 the lock's generation is not ours any more, 76 that command was started before,
77 not all that was to be written has arrived, 3 there are no records.
"""

from __future__ import annotations

ROOT = "/var/lib/neteye-runbook"

HELD, BUSY, SUPERSEDED, STARTED_BEFORE, NO_RECORDS = 73, 74, 75, 76, 3

# args: root
READ = """
root=$1
[ -f "$root/attempt" ] || exit 3
id=$(cat "$root/attempt") || exit 1
cd "$root" || exit 1
[ -d "attempts/$id" ] || { echo "attempts/$id is not there" >&2; exit 1; }
tar -cf - --exclude=backups --exclude=nohup.out --exclude='*.part' --exclude='*.new' \\
  attempt "attempts/$id"
code=$?
# 1: a run that is under way wrote on meanwhile; what is there of each file is a whole beginning
[ "$code" -le 1 ] || exit "$code"
"""

# args: root, lease in seconds, generation to take over ('' for none); stdin: holder, one line
ACQUIRE = """
set -eu
umask 077
root=$1 lease=$2 over=$3
mkdir -p "$root"
exec 9>"$root/.flock"
flock -w 20 9 || exit 74
generation=0 state=free
if [ -f "$root/lock" ]; then
  generation=$(sed -n 1p "$root/lock")
  state=$(sed -n 2p "$root/lock")
  age=$(( $(date +%s) - $(stat -c %Y "$root/lock") ))
  if [ "$state" = held ] && [ "$age" -lt "$lease" ] && [ "$generation" != "$over" ]; then
    cat "$root/lock"
    exit 73
  fi
fi
next=$((generation + 1))
{ echo "$next"; echo held; cat; } > "$root/lock.new"
sync "$root/lock.new"
mv "$root/lock.new" "$root/lock"
echo "$next $state"
"""

# args: root, generation
RENEW = """
set -eu
exec 9>"$1/.flock"
flock -w 20 9 || exit 74
[ "$(sed -n 1p "$1/lock")" = "$2" ] || exit 75
touch "$1/lock"
"""

# args: root, generation
RELEASE = """
set -eu
exec 9>"$1/.flock"
flock -w 20 9 || exit 74
[ "$(sed -n 1p "$1/lock")" = "$2" ] || exit 75
{ echo "$2"; echo free; } > "$1/lock.new"
mv "$1/lock.new" "$1/lock"
"""

# args: root, generation, file below root, bytes that have to arrive; stdin: what is appended.
# What arrives is kept aside until it is whole: a connection lost on the way leaves no torn line.
APPEND = """
set -eu
umask 077
exec 9>"$1/.flock"
flock -w 20 9 || exit 74
[ "$(sed -n 1p "$1/lock")" = "$2" ] || exit 75
mkdir -p "$(dirname "$1/$3")"
cat > "$1/$3.part"
[ "$(wc -c < "$1/$3.part")" = "$4" ] || exit 77
if [ -s "$1/$3" ] && [ "$(tail -c 1 "$1/$3" | wc -l)" = 0 ]; then
  # torn by a crash of this node: the whole line comes again
  head -n "$(wc -l < "$1/$3")" "$1/$3" > "$1/$3.new"
  mv "$1/$3.new" "$1/$3"
fi
cat "$1/$3.part" >> "$1/$3"
sync "$1/$3"
rm -f "$1/$3.part"
touch "$1/lock"
"""

# args: root, generation, file below root, bytes that have to arrive; stdin: its whole content
REPLACE = """
set -eu
umask 077
exec 9>"$1/.flock"
flock -w 20 9 || exit 74
[ "$(sed -n 1p "$1/lock")" = "$2" ] || exit 75
mkdir -p "$(dirname "$1/$3")"
cat > "$1/$3.new"
[ "$(wc -c < "$1/$3.new")" = "$4" ] || exit 77
sync "$1/$3.new"
mv "$1/$3.new" "$1/$3"
touch "$1/lock"
"""

# args: directory of the command, then the command itself
START = """
set -eu
umask 077
base=$1
shift
mkdir -p "$(dirname "$base")"
mkdir "$base" || { [ ! -d "$base" ] || exit 76; exit 1; }
: > "$base/nohup.out"
setsid --fork sh -c '
  base=$1
  shift
  cut -d" " -f22 "/proc/$$/stat" > "$base/starttime"
  echo "$$" > "$base/pid"
  cd "$base"
  nohup bash -lc "\\"\\$@\\"" bash "$@" >> "$base/nohup.out" 2>&1
  code=$?
  echo "$code" > "$base/status.new"
  sync "$base/status.new" "$base/nohup.out"
  mv "$base/status.new" "$base/status"
' runbook-wrapper "$base" "$@" < /dev/null > /dev/null 2>&1
tries=0
until [ -s "$base/pid" ] || [ "$tries" -ge 200 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
[ -s "$base/pid" ]
"""

# args: directory of the command, offset into its log in bytes, most bytes to print
FOLLOW = """
base=$1 offset=$2 most=$3
[ -d "$base" ] || { echo "absent - 0"; exit 0; }
alive=dead
pid=$(cat "$base/pid" 2>/dev/null)
if [ -n "$pid" ] && [ -r "/proc/$pid/stat" ]; then
  [ "$(cut -d' ' -f22 "/proc/$pid/stat")" = "$(cat "$base/starttime")" ] && alive=alive
fi
# the status after the process: who ends in between has written it before
status=-
[ -f "$base/status" ] && status=$(cat "$base/status")
echo "$alive $status $(stat -c %s "$base/nohup.out")"
tail -c "+$((offset + 1))" "$base/nohup.out" | head -c "$most"
"""


def script(source: str, *arguments: str) -> tuple[str, ...]:
    """The argument list that runs one of the scripts with these arguments."""
    return ("sh", "-c", source.strip(), "neteye-runbook", *arguments)
