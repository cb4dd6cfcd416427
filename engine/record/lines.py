"""A journal's file, read without having all of it in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from engine.model.event import Event
from engine.record.journal import events_in, lines_of
from engine.record.places import Places
from engine.record.told import Told, is_plain
from engine.verify import GENESIS, digest, open_whole, read_file, read_json


class JournalFile:
    """One journal: `told` is what most of its readers go by (`Told`), iterating reads all anew.

    `check` is called with each event and its number, counted from 1; what it raises is not caught.
    `ends`: what has no line end is no line, as in a run's own journal.
    Raises OSError, ValueError for a line that is no event.
    """

    def __init__(
        self,
        path: Path,
        check: Callable[[int, Event], None] | None = None,
        *,
        ends: bool = True,
    ) -> None:
        self._path = path
        self._ends = ends
        self.head = GENESIS
        """SHA-256 of its last whole line."""
        self.is_torn = False
        """Its last line was cut off while it was written, and is left out."""
        self._places = Places()
        self._line = (0, 0)
        self._end = 0
        self._known: Sequence[Event] | None = None
        told, before = Told(), 0
        for number, event in enumerate(events_in(self._lines(), str(path)), start=1):
            if check is not None:
                check(number, event)
            if event["seq"] <= before:
                self._read_at_once()
                break
            before = event["seq"]
            told.add(event)
            self._note_place(str(event.get("step") or ""))
        else:
            self.is_torn = self.is_torn or self._line[1] > self._end
            told.end()
            told.reached(event for event in self if is_plain(event))
        self.told: Sequence[Event] = told.events if self._known is None else self._known

    def __iter__(self) -> Iterator[Event]:
        """All of its events, plain answers too."""
        if self._known is not None:
            yield from self._known
            return
        with open_whole(self._path) as file:
            yield from _events(file, self._end)

    def of_step(self, step: str) -> Iterator[Event]:
        """The same of one step; '': of none."""
        if self._known is not None:
            yield from (event for event in self._known if str(event.get("step") or "") == step)
            return
        with open_whole(self._path) as file:
            for begin, end in self._places.of(step):
                file.seek(begin)
                yield from _events(file, end - begin)

    def _lines(self) -> Iterator[str]:
        """The lines; `_line` is where the one lies that was given last."""
        at, last = 0, b""
        with open_whole(self._path) as file:
            for line in file:
                if self._ends and not line.endswith(b"\n"):
                    self.is_torn = bool(line.strip())
                    break
                at, last = at + len(line), line
                text = line.decode("utf-8", "replace")
                if text.strip():
                    self._line = at - len(line), at
                    yield text.removesuffix("\n")
        self.head = digest(last.removesuffix(b"\n"))

    def _note_place(self, step: str) -> None:
        begin, self._end = self._line
        self._places.note(step, begin, self._end)

    def _read_at_once(self) -> None:
        """Lines were handed over twice, because the first answer was lost: each counts once."""
        lines = dict.fromkeys(lines_of(read_file(self._path)))
        self._known = list(events_in(lines, str(self._path)))


def _events(file: BinaryIO, size: int) -> Iterator[Event]:
    """Those of the next `size` bytes, which were looked at when the journal was read."""
    for line in file:
        text = line.decode("utf-8", "replace")
        if text.strip():
            yield read_json(text.removesuffix("\n"))
        size -= len(line)
        if size <= 0:
            return
