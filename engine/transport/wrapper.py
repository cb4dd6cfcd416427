"""The frame around commands on a node, and how its answers are taken out of the streams.

One constant POSIX script runs one or more commands. Each stream carries a mark before the first
command and one after each, made of a random word that the output can't contain by chance. So
- what start-up files of the login shell print is cut off,
- a command's exit code is told from that of ssh, which also ends with 255 by itself,
- the answer is complete when the marks are there, even if a background process of the command
  still holds the streams open,
- output needs no encoding and no file on the node, whatever bytes it has.
Where it is known which machine the node is, the script first looks whether it is that one. Another
one leaves a mark that says who it is, and no command is started.

The script measures by /proc/uptime, a clock that nobody sets and that costs no process.
"""

from __future__ import annotations

import math
import secrets
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.errors import UsageError
from engine.model.answer import Known

KILL_AFTER = 5
"""Seconds from TERM to KILL for a command whose deadline is over."""
COMMAND_LIMIT = 120_000
"""Bytes; Linux takes no argument longer than 131072, and the whole command is one for ssh."""
MEMBER_SECONDS = 3
"""For pacemaker's name of the node: crm_node hangs when pacemaker's daemons do."""
NO_POSIX_SHELL = 97
"""The exit code of a login shell that is a csh."""
# A csh can't read quoted lines: it would take each line of a script for a command of its own and
# run it, whatever came of those before (tcsh 6.24: `exit` too ends its line only). Its `$?name` is
# 1; elsewhere that is the last exit code and a word.
_GUARD = f"test $?shell != 1 || exec sh -c 'exit {NO_POSIX_SHELL}'\n"
_ENV = "/usr/bin/env"
"""By its path: sudo looks for a name in its own `secure_path` only."""
SAFE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MARK = b"\x1e"
_BEGIN = b"begin"
_STRANGER = b"stranger"

# Positional data: the random word; machine id, name ('' for any machine) and pacemaker's name ('':
# not asked); then for each command: deadline, number of words, the words.
# The words of one command are cut out by rotating them behind the others in a subshell.
_BEGINNING = """\
n=$1 wi=$2 wh=$3 wm=$4; shift 4
i= h= m=$wm
if [ -n "$wh" ]; then
{ read -r i </etc/machine-id; read -r h </proc/sys/kernel/hostname; } 2>/dev/null
[ -z "$wm" ] || m=$(timeout MEMBER crm_node -n </dev/null 2>/dev/null) || m=$wm
case $m in ''|*[!A-Za-z0-9._-]*) m=$wm; esac
if [ "$i" != "$wi" ] || [ "$h" != "$wh" ] || [ "$m" != "$wm" ]; then
printf '\\036%s:stranger:%s/%s/%s\\n' "$n" "$i" "$h" "$m"
printf '\\036%s:stranger:%s/%s/%s\\n' "$n" "$i" "$h" "$m" >&2
exit
fi
fi
mark() {
read -r u r </proc/uptime
printf '\\036%s:%s:%s\\n' "$n" "$1" "$u"
printf '\\036%s:%s:%s\\n' "$n" "$1" "$u" >&2
}
mark begin
""".replace("MEMBER", str(MEMBER_SECONDS))
_COMMANDS = """\
while [ "$#" -gt 0 ]; do
t=$1 k=$2; shift 2
(i=0 r=$(($#-k))
while [ "$i" -lt "$k" ]; do a=$1; shift; set -- "$@" "$a"; i=$((i+1)); done
shift "$r"
exec timeout -k KILL_AFTER "$t" "$@"INPUT)
mark "$?"
shift "$k"
done
""".replace("KILL_AFTER", str(KILL_AFTER))
_SCRIPT = _BEGINNING + _COMMANDS.replace("INPUT", "")
# The first question in its arguments, one after the other then as they come by standard input: how
# many lines it has, and in these lines what the script above gets as its arguments, quoted so too.
_LANE = f"""\
turn() {{
{_BEGINNING}{_COMMANDS.replace("INPUT", " </dev/null")}}}
[ "$#" = 0 ] || turn "$@"
while read -r left; do
text=
while [ "$left" -gt 0 ]; do IFS= read -r line || exit; text="$text$line
"; left=$((left-1)); done
eval "turn $text"
done
"""
_ONE_OPEN = f'{_BEGINNING}exec "$@"\n'


def new_nonce() -> str:
    """A random word (128 bit) for the marks of one session."""
    return secrets.token_hex(16)


def remote_command(
    nonce: str,
    argvs: Sequence[Sequence[str]],
    deadline: float,
    become: bool,
    known: Known | None = None,
) -> bytes:
    """The command for the node's login shell, quoted once.

    `known`: the machine that it must be. None: whichever answers.
    UsageError for what no command can carry: no words, NUL, too long, an impossible deadline.
    """
    data = [nonce, *_machine(known), *_timed(argvs, deadline)]
    return _line(_SCRIPT, data, argvs[0][0], become)


def open_command(nonce: str, argv: Sequence[str], become: bool, known: Known | None) -> bytes:
    """One command that is talked with: behind the mark of its begin its streams are its own.

    It has no deadline there, and no mark tells of its end; otherwise as `remote_command`.
    """
    _require_words(argv)
    return _line(_ONE_OPEN, [nonce, *_machine(known), *argv], argv[0], become)


def lane_words(
    nonce: str, argvs: Sequence[Sequence[str]], deadline: float, known: Known | None
) -> list[str]:
    """Commands for a session that stays open: looked at and marked as by `remote_command`.

    Each finds its standard input at its end. The first are the words of `lane_command`, those
    after them go to its standard input by `lane_request`.
    """
    words = [nonce, *_machine(known), *_timed(argvs, deadline)]
    _require_room(shlex.join(words).encode("utf-8", "surrogateescape"), argvs[0][0])
    return words


def lane_command(first: Sequence[str], become: bool) -> bytes:
    """A session that stays open, as a command for the node's login shell. UsageError: too long."""
    return _line(_LANE, first, "sh", become)


def lane_request(words: Sequence[str]) -> bytes:
    """What follows in an open session, as it reads it."""
    text = shlex.join(words).encode("utf-8", "surrogateescape") + b"\n"
    return b"%d\n%s" % (text.count(b"\n"), text)


def _machine(known: Known | None) -> list[str]:
    return [known.machine_id, known.hostname, known.member] if known else ["", "", ""]


def _timed(argvs: Sequence[Sequence[str]], deadline: float) -> list[str]:
    if not (math.isfinite(deadline) and deadline >= 0.001):
        raise UsageError(f"a deadline is a positive number of seconds, not {deadline!r}")
    words: list[str] = []
    for argv in argvs:
        _require_words(argv)
        words += [f"{deadline:.3f}", str(len(argv)), *argv]
    return words


def _require_words(argv: Sequence[str]) -> None:
    if not argv or any("\0" in word for word in argv):
        raise UsageError(f"not a command: {list(argv)!r}; expected words without NUL")


def _require_room(line: bytes, name: str) -> None:
    if len(line) > COMMAND_LIMIT:
        raise UsageError(
            f"a command of {len(line)} bytes ({name} ...), at most {COMMAND_LIMIT} can be "
            "sent; pass data by standard input"
        )


def _line(script: str, data: Sequence[str], name: str, become: bool) -> bytes:
    # -H: root's own settings count, of the database's client too, whatever sudoers keeps
    words = ["sudo", "-n", "-H", "--"] if become else []
    words += [_ENV, "LC_ALL=C", f"PATH={SAFE_PATH}", "sh", "-c", script, "sh", *data]
    line = (_GUARD + shlex.join(words)).encode("utf-8", "surrogateescape")
    _require_room(line, name)
    return line


@dataclass(frozen=True)
class Mark:
    """A mark in a stream: the code of the command that just ended, None at the begin."""

    code: int | None
    uptime: float


class Demux:
    """Takes one stream apart, chunk by chunk, holding back no more than a possible mark.

    `sink(index, data)` gets the output of command `index`. What comes behind the last one of
    `commands` is not this one's, and is handed back; 0: the stream is this one's to its end.
    """

    def __init__(
        self, nonce: str, sink: Callable[[int, bytes], None], *, commands: int = 0
    ) -> None:
        self._commands = commands
        self._mark = _MARK + nonce.encode() + b":"
        self._longest = len(self._mark) + 40
        self._sink = sink
        self._held = b""
        self.before = b""
        """What came before the begin (first 4 KiB): ssh itself, the login shell, sudo."""
        self.marks: list[Mark] = []
        self.stranger: Known | None = None
        """The machine that started nothing, as it is not the one that was meant."""

    @property
    def begun(self) -> bool:
        return bool(self.marks)

    @property
    def ended(self) -> int:
        """How many commands have ended."""
        return max(0, len(self.marks) - 1)

    @property
    def is_over(self) -> bool:
        """All of its commands have ended, and what comes is another one's."""
        return 0 < self._commands <= self.ended

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; returns what of it is not this one's."""
        data = self._held + chunk
        self._held = b""
        while not self.is_over:
            at = data.find(self._mark)
            if at < 0:
                break
            end = data.find(b"\n", at)
            if end < 0:
                break
            self._emit(data[:at])
            self._take(data[at + len(self._mark) : end])
            data = data[end + 1 :]
        if self.is_over:
            return data
        keep = len(data) if at < 0 else at
        if at < 0:
            start = data.rfind(_MARK, max(0, len(data) - self._longest))
            if start >= 0 and self._mark.startswith(data[start:]):
                keep = start
        self._emit(data[:keep])
        self._held = data[keep:]
        return b""

    def finish(self) -> None:
        """The stream is over: what was held back is output."""
        self._emit(self._held)
        self._held = b""

    def _emit(self, data: bytes) -> None:
        if not data:
            return
        if self.begun:
            self._sink(self.ended, data)
        else:
            self.before = (self.before + data)[:4096]

    def _take(self, mark: bytes) -> None:
        word, _, uptime = mark.partition(b":")
        if word == _STRANGER:
            self.stranger = Known(*uptime.decode("utf-8", "backslashreplace").split("/", 2))
            return
        self.marks.append(Mark(None if word == _BEGIN else int(word), float(uptime)))
