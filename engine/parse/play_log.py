"""What a log of `neteye update` or `neteye upgrade` is at, and where it tells of a failure.

The commands are Ansible inside (domain facts 2.1): a heading for each task, then a line for each
host. The wording of their other lines is not known, so no phrase of theirs is relied on. In a log
without headings, as of a shell, the last line that tells of a failure counts.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from engine.parse.log_asks import asked_in
from engine.verify import read_json

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# whatever a logger puts in front of it; a task's name may hold brackets itself
_HEADING = re.compile(r"(?:^|\s)(?:TASK|RUNNING HANDLER) \[(.*)\][ *]*$")
_PLAY = re.compile(r"(?:^|\s)PLAY \[(.*)\][ *]*$")
_OF_HOST = re.compile(r"(?:^|\s)[a-z]+: \[([^\]]+)\]")
_FAILURE = re.compile(
    r"(?:^|\s)(?:fatal|failed): \[([^\]]+)\](?: \(item=.*?\))?(?:: [A-Z]+!)? => ?(.*)$"
)
_IGNORED = re.compile(r"^\s*\.\.\.ignoring\s*$")
_RECAP = re.compile(r" : ok=\d+ +changed=\d+")
_MSG = re.compile(r"^\s+msg: *(?:[|>][+-]?)?(.*)$")
_MSG_IN_JSON = re.compile(r'"msg": "((?:[^"\\]|\\.)*)')
_TELLS = (
    *("error", "fail", "fatal", "critical", "cannot", "can not", "can't", "could not", "unable"),
    *("denied", "refused", "not found", "no such", "aborted", "timed out", "*** ["),
)
_NONE = re.compile(r"\b(?:no|0) (?:errors?|fail)|(?:errors?|failed|failures)\s*[=:]\s*0\b", re.I)
_OF_ITEMS = ("All items completed", "One or more items failed")
_MOST = 2000
"""Characters kept of a line or a message."""
_LOOKED_AT = 200
"""Lines from the end that are looked through for one that tells of a failure."""
_ASKED = 20
"""Things kept that the log asks for."""


@dataclass(frozen=True)
class Place:
    """Where a log has come to; empty where it does not say."""

    play: str = ""
    task: str = ""
    host: str = ""
    """Whose line came last within the task."""
    tasks: int = 0
    """Headings of tasks so far."""


@dataclass
class _Failure:
    task: str
    hosts: list[str] = field(default_factory=list)
    message: str = ""


class PlayLog:
    """Takes a log line by line; constant memory."""

    def __init__(self) -> None:
        self._task: str | None = None
        self._play = ""
        self._tasks = 0
        self._of_host = ""
        """The last line of the task that is about a host."""
        self._failure: _Failure | None = None
        self._before: _Failure | None = None
        """What to go back to when a failure turns out to be ignored."""
        self._awaits = ""
        """What of a failure written in several lines is still to come: `msg` or its `text`."""
        self._plain: deque[str] = deque(maxlen=_LOOKED_AT)
        """The last lines of no particular form, within the task."""
        self._asked: dict[str, None] = {}

    def feed(self, line: str) -> None:
        """The next line, without its end."""
        # a log may be a flood: a pattern is tried only on a line that has its word
        line = (_COLOURS.sub("", line) if "\x1b" in line else line).rstrip()
        if not line or (self._awaits and self._go_on(line)):
            return
        if " [" in line and (heading := _HEADING.search(line)):
            self._task = heading.group(1)
            self._tasks += 1
            self._of_host = ""
            self._plain.clear()
            return
        self._listen(line[:_MOST])
        if ": [" in line and (failed := _FAILURE.search(line)):
            self._of_host = line[:_MOST]
            self._fail(failed.group(1), failed.group(2))
        elif "...ignoring" in line and _IGNORED.match(line):
            self._failure = self._before
        else:
            self._plain.append(line[:_MOST])
            if ": [" in line:
                self._of_host = line[:_MOST]
            elif "PLAY [" in line and (play := _PLAY.search(line)):
                self._play = play.group(1)

    def at(self) -> Place:
        """Where it has come to; its texts as the log has them."""
        host = _OF_HOST.search(self._of_host)
        return Place(self._play, self._task or "", host.group(1) if host else "", self._tasks)

    def failing(self) -> str:
        """Why the command failed, as a phrase: task, hosts and message, as far as the log says."""
        if self._failure is not None:
            hosts = ", ".join(dict.fromkeys(self._failure.hosts))
            said = f": {self._failure.message}" if self._failure.message else ""
            return f"task {self._failure.task!r} failed on {hosts}{said}"
        lines = [line for line in self._plain if not _RECAP.search(line)]
        telling = next(filter(_tells, reversed(lines)), None)
        if telling is not None:
            within = f" in task {self._task!r}" if self._task else ""
            return f"its log says{within}: {_flat(telling)}"
        if self._task is not None:
            return f"the last task that it began is {self._task!r}"
        return f"its log ends with: {_flat(lines[-1])}" if lines else ""

    def asked(self) -> tuple[str, ...]:
        """What the log asks a person to do afterwards, each once, in its order."""
        return tuple(self._asked)

    def _listen(self, line: str) -> None:
        said = asked_in(line)
        if said and len(self._asked) < _ASKED:
            self._asked[said] = None

    def _fail(self, host: str, details: str) -> None:
        if self._failure is None or self._failure.task != (self._task or ""):
            self._before, self._failure = self._failure, _Failure(self._task or "")
        self._failure.hosts.append(host)
        message = _message_of(details)
        if not self._failure.message and message not in _OF_ITEMS:
            self._failure.message = message
        self._awaits = "" if details.startswith("{") else "msg"

    def _go_on(self, line: str) -> bool:
        """The rest of a failure in several lines, each indented; False when it is over."""
        if not line[0].isspace():
            self._awaits = ""
            return False
        said = _MSG.match(line)
        text = line if self._awaits == "text" else said.group(1) if said else ""
        if said and not text.strip():
            self._awaits = "text"
        elif text.strip() and self._failure is not None:
            self._failure.message = self._failure.message or _flat(text)
            self._awaits = "rest"
        return True


def _tells(line: str) -> bool:
    """It speaks of a failure."""
    small = line.lower()
    return any(word in small for word in _TELLS) and not _NONE.search(line)


def _message_of(details: str) -> str:
    try:
        told = read_json(details)
    except ValueError:  # in several lines, or a line that was cut
        found = _MSG_IN_JSON.search(details)
        return _flat(found.group(1)) if found else ""
    if not isinstance(told, dict):
        return ""
    message = _flat(str(told.get("msg") or ""))
    lines = str(told.get("stderr") or told.get("module_stderr") or "").strip().splitlines()
    return f"{message}: {_flat(lines[-1])}" if lines and lines[-1] not in message else message


def _flat(text: str) -> str:
    return " ".join(text.split())[:_MOST]
