"""The scripts that start a long command on N, once and detached, and look at it.

Constants; arguments are passed as data. What they share, and their exit codes, is in `remote`.
"""

from __future__ import annotations

from engine.attempt.remote import with_common

# args: root, token, directory of the command, then the command itself.
# The wrapper moves its directory to its place and then runs the command: of any number of starts
# one at most gets there, and a start that was cut off leaves either nothing or a wrapper at work.
START = with_common("""
set -eu
mask=$(umask)
umask 077
root=$1 token=$2 base=$3
shift 3
locked "$root"
mine "$root" "$token"
system=$(system)
rm -rf "$base.new.gone"
for old in "$base".new.*; do
  # a start that was cut off; moved away as a whole, so that a late wrapper can't take it
  if [ -d "$old" ] && mv -T "$old" "$base.new.gone"; then rm -rf "$base.new.gone"; fi
done
[ ! -d "$base" ] || exit 76
new="$base.new.$$"
mkdir -p "$new"
: > "$new/nohup.out"
# its place on the disk is taken now: a file system that fills up can't lose the exit status
printf '%-7s\\n' - > "$new/status.new" || { df -P "$new" >&2; exit 1; }
sync "$new/status.new"
setsid --fork sh -c '
  set -e
  new=$1 base=$2 mask=$3 system=$4
  shift 4
  trap "rm -rf \\"$new\\"" EXIT
  cut -d" " -f22 "/proc/$$/stat" > "$new/starttime"
  echo "$system" > "$new/system"
  echo "$$" > "$new/pid"
  sync "$new/starttime" "$new/system" "$new/pid" "$new"
  mv -T "$new" "$base"
  dir=${base%/*}
  sync "$dir" "${dir%/*}"
  trap - EXIT
  set +e
  exec 2> /dev/null
  cd "$base"
  umask "$mask"
  unset LC_ALL
  nohup bash -lc "\\"\\$@\\"" bash "$@" >> "$base/nohup.out" 2>&1
  code=$?
  printf "%-7s\\n" "$code" 1<> "$base/status.new"
  sync "$base/status.new" "$base/nohup.out"
  mv "$base/status.new" "$base/status"
' runbook-wrapper "$new" "$base" "$mask" "$system" "$@" < /dev/null > /dev/null 9>&-
tries=0
until [ -d "$base" ] || [ ! -d "$new" ] || [ "$tries" -ge 200 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
if mv -T "$new" "$base.new.gone" 2> /dev/null; then rm -rf "$base.new.gone"; fi
[ -d "$base" ]
""")

# args: directory of the command, offset into its log in bytes, most bytes to print
# Of a command that has ended also the time of the node's clock now, at its end, and at its begin.
# Where the state can't be read now (no memory, say), the script fails and prints no state.
FOLLOW = with_common("""
base=$1 offset=$2 most=$3
[ -d "$base" ] || { echo "absent - 0"; exit 0; }
# first: the first line of a file in $line; empty when it has none, or is not there
first() {
  line=
  { read -r line < "$1"; } 2> /dev/null || [ -n "$line" ] || [ ! -s "$1" ] || exit 1
}
now=$(system) || exit 1
first "$base/starttime"
started=$line
first "$base/pid"
pid=$line
first "$base/system"
alive=dead
if [ -f "$base/system" ] && [ "$line" != "$now" ]; then
  alive=rebooted
elif [ -n "$pid" ] && began "$pid"; then
  [ "$ticks" != "$started" ] || alive=alive
elif [ -n "$pid" ]; then
  # the wrapper was ended; its command may go on without it
  left=$(ps -o pid= -s "$pid")
  [ "$?" -le 1 ] || exit 1
  [ -z "$left" ] || alive=alive
fi
# the status after the process: who ends in between has written it before
first "$base/status"
[ -n "$line" ] || first "$base/status.new"
times=
case $line in
  ''|-*) ;;
  *)
    # the file with the status keeps its time when it gets its name; without times it counts too
    file=$base/status
    [ -f "$file" ] || file=$base/status.new
    times=$(date +%s.%N && stat -c %.3Y "$file" "$base/pid") || times=
    ;;
esac
size=$(stat -c %s "$base/nohup.out") || exit 1
echo "$alive ${line:--} $size" $times
tail -c "+$((offset + 1))" "$base/nohup.out" | head -c "$most"
""")
