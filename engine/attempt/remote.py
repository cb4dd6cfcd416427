"""The scripts that keep the runbook's records on N. Constants; arguments are passed as data.

Layout under `/var/lib/neteye-runbook` (root, 0700):

    lock              token / held|free / description of the holder (three lines)
    attempt           id of the current or last attempt
    attempts/ID/      baseline.json, journal/RUN.jsonl, outputs/RUN/NAME.tar.gz, commands/NAME/,
                      backups/, comparison.key until the attempt is over: it never leaves N as a
                      record; runs: `taken GENERATION HOLDER` of each run that took the lock since
                      it was opened, `journal NAME` of each journal that N has had lines of

The lease is counted by N's uptime, which nobody sets: the time stamp of `lock` is the uptime at
which it was renewed, in seconds. A stamp later than the uptime is from before a reboot; the lease
then counts from the start of N.

Exit codes of their own: 73 the lock is held, 74 the lock can't be looked at in time,
75 the lock's token is not ours any more, 76 that command was started before,
77 not all that was to be written has arrived, 78 there is no room for outputs, 3 there are no
records.
"""

from __future__ import annotations

from functools import partial

ROOT = "/var/lib/neteye-runbook"

HELD, BUSY, SUPERSEDED, STARTED_BEFORE, NO_ROOM, NO_RECORDS = 73, 74, 75, 76, 78, 3
NOT_STARTED = "neteye-runbook: not started:"
"""Begins the standard error of a change that a guard kept from starting."""

# system: tells this start of the node from every other one, of a container too, whose boot id is
# that of its host. It starts no process, which could fail. began: sets $ticks to the start of a
# process. age: seconds since the lock below $root was renewed. mine: prints the lock and exits when
# it is not ours any more. named: writes the directories between root and a file to the disk; a
# rename alone does not.
# Whoever writes has mine and named of its own, a process in place of several: a node starts them at
# each change, and READ is word for word as in older runs.
# within: makes the directory of a file. ours: how whoever writes begins. received: standard input,
# whole, as a file. placed: FILE.new takes the place of FILE.
_COMMON = """
uptime() { read -r up rest < /proc/uptime && echo "${up%%.*}"; }
began() {
  { read -r ticks < "/proc/$1/stat"; } 2> /dev/null || return 1
  set -- ${ticks##*) }
  ticks=${20}
}
age() {
  up=$(uptime)
  renewed=$(stat -c %Y "$root/lock")
  if [ "$up" -ge "$renewed" ]; then echo $((up - renewed)); else echo "$up"; fi
}
system() { read -r boot < /proc/sys/kernel/random/boot_id && began 1 && echo "$boot/$ticks"; }
locked() { exec 9>"$1/.flock"; flock -w 20 9 || exit 74; }
mine() { [ "$(sed -n 1p "$1/lock")" = "$2" ] || { cat "$1/lock"; exit 75; }; }
named() {
  set -- "$1" "$1/$2"
  while [ "$2" != "$1" ]; do
    set -- "$1" "${2%/*}"
    sync "$2"
  done
}
renew() { touch -d "@$(uptime)" "$1/lock"; system; }
"""
_WRITES = """\
mine() {
  held=
  { IFS= read -r held < "$1/lock"; } 2> /dev/null || :
  [ "$held" = "$2" ] || { cat "$1/lock"; exit 75; }
}
named() {
  top=$1 at=$1/$2
  set --
  while [ "$at" != "$top" ]; do
    at=${at%/*}
    set -- "$@" "$at"
  done
  sync "$@"
}
within() { [ -d "${1%/*}" ] || mkdir -p "${1%/*}"; }
ours() { set -eu; umask 077; locked "$1"; mine "$1" "$2"; }
received() { cat > "$1"; [ "$(wc -c < "$1")" = "$2" ] || exit 77; }
placed() { sync "$1/$2.new"; mv "$1/$2.new" "$1/$2"; named "$1" "$2"; }
"""
# A line more in an attempt's list of runs. Apart: what is judged again is asked as in older runs.
_NOTED = """\
noted() {
  { [ ! -f "$1/$2/runs" ] || cat "$1/$2/runs"; printf '%s\\n' "$3"; } > "$1/$2/runs.new"
  placed "$1" "$2/runs"
}
"""


def with_common(script: str, writes: str = _WRITES) -> str:
    """The script behind the functions that it may call."""
    return _COMMON + writes + script


_noting = partial(with_common, writes=_WRITES + _NOTED)

# args: root
# Prints the lock's state and the seconds since it was renewed, then its holder; behind these two
# lines the archive, when there are records. Word for word as in older runs, to be judged again.
READ = with_common(
    """
root=$1 state=none age=0 holder=
if [ -f "$root/lock" ]; then
  state=$(sed -n 2p "$root/lock")
  holder=$(sed -n 3p "$root/lock")
  age=$(age)
fi
printf '%s\\n' "${state:-unreadable} $age" "$holder"
[ -f "$root/attempt" ] || exit 3
id=$(cat "$root/attempt") || exit 1
cd "$root" || exit 1
[ -d "attempts/$id" ] || { echo "attempts/$id is not there" >&2; exit 1; }
tar -cf - --exclude=backups --exclude=outputs --exclude=nohup.out --exclude='*.part' \\
  --exclude='*.new' --exclude=comparison.key \\
  --exclude="attempts/$id/commands/*.new.*" attempt "attempts/$id"
code=$?
# 1: a run that is under way wrote on meanwhile; what is there of each file is a whole beginning
[ "$code" -le 1 ] || exit "$code"
""",
    writes="",
)

# Prints uptime in seconds and what tells this start of the node from every other one.
BOOT = with_common("""
echo "$(uptime) $(system)"
""")

# args: root, lease in seconds of a holder that tells none of its own, token to take over
# ('' for none); stdin: holder, one line
# Who takes it is noted before. A lock that somebody removed goes on behind the last one noted.
# Prints the new token, the former state and age of the lease, and this start; then the
# former holder. When it is held: the lock as it is, and the age of the lease. Named `generation`
# there: a word of a secret before `=` is masked wherever the script is told.
ACQUIRE = _noting("""
set -eu
umask 077
root=$1 lease=$2 over=$3
now=$(system)
[ -d "$root" ] || { mkdir -p "$root"; sync "${root%/*}"; }
locked "$root"
generation=0 state=free age=0 former= id=
{ IFS= read -r id < "$root/attempt"; } 2> /dev/null || :
runs="$root/attempts/${id:-.}/runs"
if [ -f "$root/lock" ]; then
  {
    IFS= read -r generation || :
    IFS= read -r state || :
    IFS= read -r former || :
  } < "$root/lock"
  age=$(age)
  own=$(printf '%s\\n' "$former" | sed -n 's/^.*"lease": "\\([0-9]\\{1,4\\}\\)".*$/\\1/p')
  lease=${own:-$lease}
  if [ "$state" = held ] && [ "$age" -lt "$lease" ] && [ "$generation" != "$over" ]; then
    printf '%s\\n' "$generation" "$state" "$former" "$age"
    exit 73
  fi
elif [ -f "$runs" ]; then
  generation=$(sed -n 's/^taken \\([0-9]\\{1,9\\}\\) .*$/\\1/p' "$runs" | tail -n 1)
fi
next=$((generation + 1))
{ echo "$next"; echo held; cat; } > "$root/lock.new"
sync "$root/lock.new"
[ -z "$id" ] || [ ! -d "$root/attempts/$id" ] ||
  noted "$root" "attempts/$id" "taken $next $(sed -n 3p "$root/lock.new")"
touch -d "@$(uptime)" "$root/lock.new"
mv "$root/lock.new" "$root/lock"
named "$root" lock
printf '%s\\n' "$next $state $age $now" "$former"
""")

# args: root, token
RENEW = with_common("""
ours "$1" "$2"
renew "$1"
""")

# args: root, token
RELEASE = with_common("""
ours "$1" "$2"
{ echo "$2"; echo free; } > "$1/lock.new"
placed "$1" lock
""")

# args: root, token, file below root, bytes that have to arrive; stdin: what is appended.
# What arrives is kept aside until it is whole: a connection lost on the way leaves no torn line.
APPEND = _noting("""
ours "$1" "$2"
within "$1/$3"
received "$1/$3.part" "$4"
fresh=no
[ -s "$1/$3" ] || fresh=yes
if [ -s "$1/$3" ] && ! tail -c 1 "$1/$3" | read -r _; then
  # torn by a crash of this node: the whole line comes again
  head -n "$(wc -l < "$1/$3")" "$1/$3" > "$1/$3.new"
  mv "$1/$3.new" "$1/$3"
  fresh=yes
fi
cat "$1/$3.part" >> "$1/$3"
sync "$1/$3"
if [ "$fresh" = yes ]; then
  named "$1" "$3"
  # only now: of a journal that is noted N has had the first lines
  case $3 in attempts/*/journal/*) noted "$1" "${3%/journal/*}" "journal ${3##*/}" ;; esac
fi
rm -f "$1/$3.part"
renew "$1"
""")

# args: root, token, file below root, bytes that have to arrive; stdin: its whole content
REPLACE = with_common("""
ours "$1" "$2"
within "$1/$3"
received "$1/$3.new" "$4"
placed "$1" "$3"
renew "$1"
""")

# args: root, token, file below root, bytes that have to arrive, KiB that all outputs of the
# attempt may take, KiB that have to stay free; stdin: its whole content. What the records and the
# vendor's commands need comes first: without room for it the reason is printed.
KEEP = with_common("""
ours "$1" "$2"
place="$1/$3"
within "$place"
size=$(( ($4 + 1023) / 1024 ))
taken=$(du -sk "${place%/*/*}") || :
taken=${taken%%[!0-9]*}
free=$(df -k --output=avail "$1") || :
free=${free##*[!0-9]}
if [ $((taken + size)) -gt "$5" ]; then
  echo "the outputs of this attempt take $taken KiB already, they may take $5 KiB"
  exit 78
elif [ $((free - size)) -lt "$6" ]; then
  echo "$((free)) KiB are free at $1, $6 KiB have to stay free"
  exit 78
fi
received "$place.new" "$4"
placed "$1" "$3"
renew "$1"
""")

# args: root, attempt. All outputs on N, packed by run.
OUTPUTS = """
cd "$1/attempts/$2" || exit 3
[ -d outputs ] || exit 3
tar -cf - --exclude='*.new' outputs
code=$?
[ "$code" -le 1 ] || exit "$code"
"""

# args: root, token, file below root
FORGET = with_common("""
ours "$1" "$2"
if [ -e "$1/$3" ]; then
  rm -f "$1/$3"
  named "$1" "$3"
fi
renew "$1"
""")

BOOKKEEPING = frozenset(
    source.strip() for source in (ACQUIRE, RENEW, RELEASE, APPEND, REPLACE, KEEP, FORGET)
)
"""They only keep records: what they get on standard input becomes a file, and nothing runs it."""

# Goes before a change on N. args: root, token, the command. One script compares and starts: a run
# that slept while another one took over starts nothing.
GUARD = """
refuse() { echo "neteye-runbook: not started: $1" >&2; exit "$2"; }
[ -r "$1/.flock" ] || refuse "the lock is gone" 74
exec 9<"$1/.flock"
flock -s -w 20 9 || refuse "the lock can not be looked at in time" 74
{ IFS= read -r held < "$1/lock"; } 2> /dev/null || :
[ "$held" = "$2" ] || refuse "$(sed -n 3p "$1/lock")" 75
exec 9<&-
shift 2
exec "$@"
"""

# Goes before a change on any other node. args: uptime of that node until which the lease is known
# to hold, what told its start, the command.
GUARD_ELSEWHERE = with_common("""
[ "$(uptime)" -le "$1" ] && [ "$(system)" = "$2" ] || {
  echo "neteye-runbook: not started: too late" >&2
  exit 75
}
shift 2
exec "$@"
""")


def script(source: str, *arguments: str) -> tuple[str, ...]:
    """The argument list that runs one of the scripts with these arguments."""
    return ("sh", "-c", source.strip(), "neteye-runbook", *arguments)
