"""A journal that grows: each look brings its new lines, and costs as much as they do."""

from __future__ import annotations

import fcntl
import os
import platform
import time
from pathlib import Path

from engine.errors import UsageError
from engine.model.event import Event
from engine.record.journal import SCHEMA, head_problem
from engine.verify import open_file, read_json
from engine.watching.fold import state_of
from engine.watching.state import Watched
from engine.watching.told import Life

CHUNK = 1 << 20
"""Bytes read at a time."""
YOUNG = 10.0
"""Seconds within which a journal without a line is one that has just been made."""


class _DoesNotFollow(Exception):
    """What comes next in the file does not go on from what was read of it."""


class Tail:
    """Reads `journal.jsonl` by offset, and keeps what is known of the run. Changes nothing.

    A last line without an end is left for the next look. When the run had to cut lines back, as
    its disk was full, the journal is read once more from its beginning.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.watched = Watched()
        self._offset = 0
        self._rest = b""

    def look(self) -> bool:
        """Take what is new. True when there was a whole line. Raises UsageError."""
        before = self.watched
        try:
            try:
                self._read_on()
            except _DoesNotFollow:
                self.watched, self._offset, self._rest = Watched(), 0, b""
                self._read_on()
        except OSError as error:
            raise UsageError(f"{self.path}: can't be read ({error.strerror or error})") from error
        except _DoesNotFollow as wrong:
            raise UsageError(str(wrong)) from None
        return self.watched is not before

    def life(self) -> Life:
        """Whether the process that writes it is there: it holds the journal while it lives."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except OSError:
            return Life.GONE
        try:
            if not self.watched.lines and time.time() - os.fstat(descriptor).st_mtime < YOUNG:
                return Life.THERE  # it may be about to take the lock, which is left to it
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return Life.THERE
        except OSError:  # a file system without locks
            return Life.ELSEWHERE
        finally:
            os.close(descriptor)
        is_here = self.watched.host in ("", platform.node())
        return Life.GONE if is_here else Life.ELSEWHERE

    def _read_on(self) -> None:
        with open_file(self.path) as file:
            if os.fstat(file.fileno()).st_size < self._offset:
                raise _DoesNotFollow(f"{self.path}: it became shorter")
            file.seek(self._offset)
            while chunk := file.read(CHUNK):
                self._offset += len(chunk)
                *lines, self._rest = (self._rest + chunk).split(b"\n")
                for line in filter(bytes.strip, lines):
                    self.watched = state_of([self._event(line)], self.watched)

    def _event(self, line: bytes) -> Event:
        number = self.watched.lines + 1
        where = f"{self.path}:{number}"
        try:
            event = read_json(line.decode())
        except ValueError as error:
            raise _DoesNotFollow(f"{where}: no JSON event ({error})") from error
        if not isinstance(event, dict) or "event" not in event:
            raise _DoesNotFollow(f"{where}: no event of a journal: {line[:80]!r}")
        if event.get("schema") != SCHEMA:
            raise UsageError(
                f"{where}: journal schema {event.get('schema')!r}, this runbook reads {SCHEMA};"
                " use the version of the runbook that wrote it"
            )
        if problem := head_problem(event):
            raise UsageError(f"{where}: {problem}")
        if event.get("seq") != number:
            raise _DoesNotFollow(
                f"{where}: event {event.get('seq')}, expected {number}; lines are missing or were"
                " moved: python -m engine verify tells more"
            )
        return event
