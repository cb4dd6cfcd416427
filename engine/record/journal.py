"""The journal: one JSON event a line, flushed to the disk before anything depends on it.

It is the record of truth of a run. Any prefix of it reads as a valid state; a torn last line
(power loss while writing) is dropped on reading.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.model.event import Event, stamp
from engine.verify import GENESIS, digest, read_json

SCHEMA = 1
"""The journal's form. A new number means that a reader of the former one would misread it. A new
field is no new form: readers do without it in an older journal.
"""
LOCK_TAKEN = "lock-taken"
"""The event by which runs on several controllers are put in order (`in_order`)."""
INTENT = "intent"
UNHURRIED = frozenset({"observation", "step-started", "step-ended", "row", "finding"})
"""What was asked and what was judged: written at once, so that it outlives the process, and on the
disk with the next event of another kind, which is before a change and before anybody is told. A
loss of power in between is as one a little earlier.
"""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Journal:
    """Appends events to one file; remembers which lines the node N has not got yet.

    A line that the disk does not take waits, and is tried again before the next one: the file has
    no gap and no torn line in its middle. Only an intent must be on the disk: without it the
    change is not made. So is all that stands before it.
    """

    def __init__(
        self,
        path: Path,
        run_id: str,
        clean: Callable[[str], str],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.path = path
        self.run_id = run_id
        self.problem = ""
        """Why a line could not be written; empty while each one could."""
        self._clean = clean
        self._now = now
        self._sequence = 0
        self.head = GENESIS
        """SHA-256 of the last line. The next one has it as `prev`: the lines are a chain."""
        self.events: list[Event] = []
        self._unsent: list[str] = []
        self._waiting = b""
        """Lines that are not in the file."""
        self._unsynced = bytearray()
        """Lines at the end of the file that are not known to be on the disk."""
        self._lock = threading.RLock()
        self._descriptor: int | None = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        # held while this process lives: a report is not rebuilt under a run that still writes
        with contextlib.suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def record(self, event: str, **fields: Any) -> Event:
        """Write one event. Texts are redacted; the line is on the disk when this returns, one of
        what is `UNHURRIED` in the file.

        When the disk does not take it, it is kept to be tried again and `problem` says why. An
        intent is not kept: OSError, and its change is not made.
        """
        with self._lock:
            line = {
                "schema": SCHEMA,
                "run": self.run_id,
                "seq": self._sequence + 1,
                "prev": self.head,
                "time": stamp(self._now()),
                "event": event,
                **cleaned(fields, self._clean),
            }
            text = json.dumps(line, ensure_ascii=False, sort_keys=False)
            try:
                self._write(text.encode() + b"\n", sync=event not in UNHURRIED)
            except OSError as error:
                self.problem = self.problem or error.strerror or str(error)
                if event == INTENT:
                    raise
                self._waiting += text.encode() + b"\n"
            self._sequence += 1
            self.head = digest(text.encode())
            self.events.append(line)
            self._unsent.append(text)
            return line

    def _write(self, lines: bytes, *, sync: bool) -> None:
        """Append what waits and these lines, or nothing of it: OSError. A half-written line would
        spoil the next one. What can't be brought to the disk is taken back, and waits.
        """
        if self._descriptor is None:
            raise OSError(errno.EBADF, "the journal is closed")
        size = os.fstat(self._descriptor).st_size
        data = self._waiting + lines
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except BaseException:
            self._cut_back(size)
            raise
        if not sync:
            self._waiting = b""
            self._unsynced += data
            return
        try:
            os.fsync(self._descriptor)
        except BaseException:
            self._cut_back(size - len(self._unsynced))
            self._waiting = bytes(self._unsynced) + self._waiting
            raise
        else:
            self._waiting = b""
        finally:
            self._unsynced.clear()

    def _sync(self) -> None:
        """What was only written comes to the disk; what the disk does not take waits."""
        with self._lock:
            if not self._unsynced:
                return
            try:
                self._write(b"", sync=True)
            except OSError as error:
                self.problem = self.problem or error.strerror or str(error)

    def _cut_back(self, size: int) -> None:
        assert self._descriptor is not None
        try:
            os.ftruncate(self._descriptor, size)
        except OSError:  # nothing may follow the half line that stays
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def is_whole(self) -> bool:
        """Every event is on the disk; what was only written is brought there."""
        self._sync()
        return not (self._waiting or self._unsynced)

    def unsent(self) -> list[str]:
        """The lines that were not handed to N yet, oldest first; N never has more than the disk."""
        self._sync()
        return list(self._unsent)

    def sent(self, count: int) -> None:
        """The first `count` unsent lines are on N now."""
        del self._unsent[:count]

    def close(self) -> None:
        """Close the file, after a last try to write what waits; afterwards nothing is written."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            self._write(b"", sync=True)
        os.close(self._descriptor)
        self._descriptor = None


def cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """The same as JSON has it, every text redacted."""
    if isinstance(value, str):
        # what a terminal or a node wrote need not be UTF-8; the journal is
        return clean(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {str(key): cleaned(item, clean) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [cleaned(item, clean) for item in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return clean(str(value))


def in_order(journals: Mapping[str, Sequence[Event]]) -> dict[str, Sequence[Event]]:
    """Journals of several runs by file name, oldest run first.

    N counts the generations of its lock; the clocks of two controllers need not agree. A journal
    without a generation goes by its name, which begins with the controller's UTC time, before them.
    ValueError for a lock that was taken without one.
    """

    def place(name: str) -> tuple[int, str]:
        taken = (event for event in journals[name] if event["event"] == LOCK_TAKEN)
        return next((_generation(event, name) for event in taken), 0), name

    return {name: journals[name] for name in sorted(journals, key=place)}


def _generation(event: Event, name: str) -> int:
    """Of the lock that was taken; ValueError."""
    try:
        return int(event["generation"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name}: {LOCK_TAKEN} without a generation") from error


def read_journal(lines: Iterable[str], source: str) -> list[Event]:
    """The events of a journal. Only the last line may be torn; ValueError names any other."""
    return list(events_in(lines, source))


def events_in(lines: Iterable[str], source: str) -> Iterator[Event]:
    """The same one after the other."""
    number, torn = 0, ""
    for line in filter(str.strip, lines):
        if torn:
            raise ValueError(torn)
        number += 1
        try:
            event = read_json(line)
        except ValueError as error:
            torn = f"{source}:{number}: no JSON event ({error})"
            continue
        if not isinstance(event, dict) or "event" not in event:
            raise ValueError(f"{source}:{number}: no event of a journal: {line[:80]!r}")
        if event.get("schema") != SCHEMA:
            raise ValueError(
                f"{source}:{number}: journal schema {event.get('schema')!r}, this runbook reads"
                f" {SCHEMA}; use the version of the runbook that wrote it"
            )
        if problem := head_problem(event):
            raise ValueError(f"{source}:{number}: {problem}")
        yield event


def head_problem(event: Event) -> str:
    """What an event lacks of the fields that each one has; empty when nothing."""
    run, number, when = (event.get(name) for name in ("run", "seq", "time"))
    if not isinstance(run, str) or not isinstance(number, int) or not isinstance(when, str):
        return "an event without its run, number or time"
    try:
        has_zone = datetime.fromisoformat(when).tzinfo is not None
    except ValueError:
        has_zone = False
    return "" if has_zone else f"an event with {when!r} in the place of its time"


def lines_of(raw: bytes) -> list[str]:
    """The lines of a journal's bytes; a last one torn within a character is a torn line."""
    # only "\n" ends a line: what nodes print may hold other characters that look so
    return raw.decode("utf-8", "replace").split("\n")
