"""`python -m engine watch`: a run while it works, on a second terminal. It only reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live

from engine.errors import UsageError
from engine.model.ending import Mode
from engine.record.journal import utc_now
from engine.report.evidence_files import JOURNAL, directory_of, is_written, told_as_odd
from engine.verify import open_file, read_json
from engine.watching.rows import at
from engine.watching.screen import screen
from engine.watching.tail import CHUNK, Tail
from engine.watching.told import STEPS, Life, Line, Told, Tone, line
from engine.watching.words import told_of

LATEST = Path("reports/latest")
_CHANGING = frozenset(mode.value for mode in Mode if mode.changes)
EVERY = 1.0
"""Seconds between two looks at the journal."""


class Watching:
    """One run that is looked at again and again, until it is over."""

    def __init__(
        self,
        path: Path | None,
        now: Callable[[], datetime] = utc_now,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.directory = _directory(path)
        self._tail = Tail(self.directory / JOURNAL)
        self._now = now
        self._wait = wait
        self.is_over = False
        """Nothing will change any more."""

    def look(self) -> Told:
        """The state now. Raises UsageError for what is no journal."""
        with told_as_odd(self.directory):
            self._tail.look()
            life = self._tail.life()
            if life is Life.GONE:
                self._tail.look()  # its last words may have come between the two
            watched = self._tail.watched
            self.is_over = life is Life.GONE or watched.sealed
            return told_of(watched, self._now(), life)

    def clock(self) -> str:
        """The time of day, for lines of a log."""
        return at(self._now())

    def looks(self) -> Iterator[Told]:
        """One state after the other, the last one when the run is over."""
        while True:
            yield self.look()
            if self.is_over:
                return
            self._wait(EVERY)

    def last_line(self) -> Line:
        """Where to read on, when it is over."""
        report = self.directory / "report.html"
        if self._tail.watched.sealed or report.is_file():
            return line("read on", str(report), tone=Tone.GOOD)
        said = f"its reports are not there; python -m engine report {self.directory} makes them"
        return line("read on", said, tone=Tone.WARN)


def watch(path: Path | None, out: TextIO, *, once: bool) -> None:
    """Show the run until it is over, or once. Raises UsageError."""
    watching = Watching(path)
    console = Console(file=out)
    if not once and console.is_terminal and not console.is_dumb_terminal:
        _draw(watching, console)
        return
    for text in _once(watching) if once else _changes(watching):
        print(text, file=out, flush=True)


def _draw(watching: Watching, console: Console) -> None:
    with Live(console=console, auto_refresh=False) as live:
        for told in watching.looks():
            last = watching.last_line() if watching.is_over else None
            live.update(screen(told, console.height, last), refresh=True)


def _once(watching: Watching) -> Iterator[str]:
    told = watching.look()
    yield told.title
    yield from map(str, told.lines())
    if watching.is_over:
        yield str(watching.last_line())


def _changes(watching: Watching) -> Iterator[str]:
    """For a pipe or a log: all of it, then each line that says something else than before."""
    known: dict[str, Line] = {}
    for told in watching.looks():
        if not known:
            yield told.title
        for one in told.lines():
            before = known.get(one.label)
            if before is None or (before.text != one.text and one.label != STEPS):
                yield f"{watching.clock()} {one}"
            known[one.label] = one
    yield str(watching.last_line())


def _directory(path: Path | None) -> Path:
    """The run's directory, or that of its journal; without one that of the run at work, or the
    newest below `reports/`."""
    if path is None and not LATEST.exists():
        raise UsageError(
            f"{LATEST}: there is no run yet; watch from the project's directory, or name"
            " a run's directory"
        )
    return directory_of(path or _at_work() or LATEST)


def _at_work() -> Path | None:
    """The run that may change the cluster and whose process is there; of several the newest. A
    plan that is made beside it is newer, and not what anybody wants to see."""
    journals = [one for one in LATEST.parent.glob(f"*/{JOURNAL}") if not one.parent.is_symlink()]
    found = [one for one in journals if _is_at_work(one)]
    return max(found, key=lambda one: one.parent.name).parent if found else None


def _is_at_work(journal: Path) -> bool:
    try:
        with open_file(journal) as file:
            first = file.readline(CHUNK)
        # one without a line is about to take the lock, which is left to it
        event = read_json(first.decode()) if first.endswith(b"\n") else None
        changes = isinstance(event, dict) and str(event.get("mode")) in _CHANGING
        return changes and is_written(journal)
    except (OSError, ValueError):
        return False  # it can't be watched, either; whoever names it is told why
