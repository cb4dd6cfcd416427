"""The journal: one JSON event a line, flushed to the disk before anything depends on it.

It is the record of truth of a run. Any prefix of it reads as a valid state; a torn last line
(power loss while writing) is dropped on reading. What a run needs of it in memory are the events
that are told (`engine.record.told`); the others are read from the file again where a list shows
them.
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

from engine.errors import RunbookError
from engine.model.event import Event, stamp
from engine.record.places import Places
from engine.record.told import Told, is_plain
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
        self.lines = 0
        """How many events there are."""
        self.head = GENESIS
        """SHA-256 of the last line. The next one has it as `prev`: the lines are a chain."""
        self.first: Event | None = None
        self.last: Event | None = None
        self.size = 0
        """Bytes of all lines, those that wait among them: the place of the next one."""
        self.unsent_lines = 0
        """How many of the last lines N has not got yet."""
        self._sent = 0
        """Bytes of the lines that N has."""
        self._told = Told()
        self._places = Places()
        self._lock = threading.RLock()
        self._waiting = b""
        """Lines that are not in the file."""
        self._unsynced = bytearray()
        """Lines at the end of the file that are not known to be on the disk."""
        self._descriptor: int | None = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
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
                "seq": self.lines + 1,
                "prev": self.head,
                "time": stamp(self._now()),
                "event": event,
                **cleaned(fields, self._clean),
            }
            data = json.dumps(line, ensure_ascii=False, sort_keys=False).encode()
            self._append(event, data + b"\n")
            self.lines += 1
            self.unsent_lines += 1
            self.head = digest(data)
            self.first, self.last = self.first or line, line
            self._told.add(line)
            end = self.size + len(data) + 1
            self._places.note(str(line.get("step") or ""), self.size, end)
            self.size = end
            return line

    @property
    def events(self) -> list[Event]:
        """The events until now, but for the plain answers that only lists show (`Told`)."""
        with self._lock:
            return self._told.so_far()

    def told_events(self) -> list[Event]:
        """The same for a report, as whoever reads the file later goes by it."""
        with self._lock:
            told, size = self._told.ended(), self.size
        with contextlib.suppress(RunbookError):
            told.reached(event for event in self.between(0, size) if is_plain(event))
        return told.events

    def of_step(self, step: str) -> Iterator[Event]:
        """All events of a step until now, plain answers too; '': those of none.

        A file that gives nothing back keeps no report from being made: then it is what is told.
        """
        with self._lock:
            places, told = self._places.of(step), self._told.so_far()
        return self._of_step(step, places, told)

    def _of_step(
        self, step: str, places: list[tuple[int, int]], told: list[Event]
    ) -> Iterator[Event]:
        before = 0
        try:
            for begin, end in places:
                for event in self.between(begin, end):
                    before = event["seq"]
                    yield event
        except RunbookError:
            mine = (event for event in told if str(event.get("step") or "") == step)
            yield from (event for event in mine if event["seq"] > before)

    def __iter__(self) -> Iterator[Event]:
        """All of its events until now, plain answers too. Raises RunbookError."""
        return self.between(0, self.size)

    def between(self, begin: int, end: int) -> Iterator[Event]:
        """The events from one place of the journal to another. Raises RunbookError."""
        return map(read_json, self._lines(begin, end))

    def _append(self, event: str, data: bytes) -> None:
        try:
            self._write(data, sync=event not in UNHURRIED)
        except OSError as error:
            self.problem = self.problem or error.strerror or str(error)
            if event == INTENT:
                raise
            self._waiting += data

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

    def _lines(self, begin: int, end: int) -> Iterator[str]:
        """The lines from one place to another, without their ends."""
        rest = b""
        while begin < end:
            piece = self._read(begin, min(end - begin, _PIECE))
            begin += len(piece)
            *whole, rest = (rest + piece).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in whole)

    def _read(self, begin: int, size: int) -> bytes:
        """Bytes of the journal, at least one: of the file, or of what the disk does not take."""
        with self._lock:
            kept = self.size - len(self._waiting)
            if begin >= kept:
                return self._waiting[begin - kept :][:size]
            size = min(size, kept - begin)
            try:
                if self._descriptor is not None:
                    piece = os.pread(self._descriptor, size, begin)
                else:
                    with self.path.open("rb") as file:
                        file.seek(begin)
                        piece = file.read(size)
            except OSError as error:
                raise RunbookError(f"{self.path}: can't be read ({error.strerror})") from error
        if not piece:
            raise RunbookError(f"{self.path}: it ends at byte {begin}, lines were taken out of it")
        return piece

    @property
    def is_whole(self) -> bool:
        """Every event is on the disk; what was only written is brought there."""
        self._sync()
        return not (self._waiting or self._unsynced)

    def unsent(self, most: int = 1 << 20) -> list[str]:
        """Lines that were not handed to N yet, the oldest ones, one at least and others up to
        `most` bytes; empty: N has all. N never has more than the disk. Raises RunbookError."""
        self._sync()
        found: list[str] = []
        size = 0
        for line in self._lines(self._sent, self.size):
            size += len(line.encode()) + 1
            if found and size > most:
                break
            found.append(line)
        return found

    def sent(self, lines: Sequence[str]) -> None:
        """These lines, the first unsent ones, are on N now."""
        with self._lock:
            self._sent += sum(len(line.encode()) + 1 for line in lines)
            self.unsent_lines -= len(lines)

    def unsent_events(self) -> Iterator[Event]:
        """What N has not got. Raises RunbookError."""
        return self.between(self._sent, self.size)

    def close(self) -> None:
        """Close the file, after a last try to write what waits; afterwards nothing is written."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            self._write(b"", sync=True)
        os.close(self._descriptor)
        self._descriptor = None


_PIECE = 1 << 16
"""Bytes that are read at once."""


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
