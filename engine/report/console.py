"""What the operator sees while it runs: one line a step, the command's log, what is overdue."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TextIO

from engine.judge.text import cut_at_word, listed
from engine.model.outcomes import IDLE
from engine.model.steps import base_of, phase_of
from engine.report.fanned import in_words

_IDLE = (*IDLE, "AFTER", "SATISFIED")
MOST = 300
"""Characters of a reason that are shown; the report has the whole."""
_REASONS = 2
"""Different reasons of steps that share a line."""
_COLOURS = {"ok": "green", "failed": "red", "not reached": "yellow", "blocked": "red"}


WIDTH = 80
"""Characters of a line, where the terminal does not say."""
_NARROWEST = 60


def columns() -> int:
    """So many characters a line has room for."""
    return max(shutil.get_terminal_size((WIDTH, 24)).columns, _NARROWEST)


_OPTION = r"--[a-z][a-z-]*(?: (?:'[^']*'|[A-Z]+\b))?"
_PASTED = re.compile(rf"`[^`]*`|{_OPTION}(?: {_OPTION})*")
_BLANK = "\ue000"
"""Stands for a blank at which no line may end."""


def in_columns(text: str, width: int, further: str = "") -> list[str]:
    """Its lines, the later ones behind `further`.

    No word is broken, as it may be a path, and no line ends within what is pasted: a command in
    backticks, options with their values.

    >>> in_columns("Look, then run again with --reason TEXT --by NAME.", 30, "  ")
    ['Look, then run again with', '  --reason TEXT --by NAME.']
    """
    kept = _PASTED.sub(lambda found: found[0].replace(" ", _BLANK), text)
    lines = textwrap.wrap(
        kept,
        width,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_BLANK, " ") for line in lines]


def clean_line(text: str) -> str:
    """Printable text only: what a node says must not steer the terminal."""
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in text)


def clean_lines(text: str) -> list[str]:
    """The lines of a text, each of them printable."""
    return [clean_line(line) for line in text.splitlines()]


def clock(seconds: float) -> str:
    """1:02:03"""
    return str(timedelta(seconds=int(seconds)))


class LastingOutput:
    """A terminal that may go away: what can't be shown any more is dropped, the run goes on.

    What pytest itself writes, such as a traceback of its own, comes by here only: it is masked too.
    Stands in for the file that pytest's terminal writes to. A closed pipe, a terminal that hung
    up or a full disk behind `> log` must not keep a run from its orderly end.
    """

    def __init__(self, file: TextIO, clean: Callable[[str], str]) -> None:
        self._file = file
        self._clean = clean
        self.problem = ""
        """Why nothing is shown any more; empty while all is well."""
        self._muted = False
        self._own = self._duplicate()

    def write(self, text: str) -> int:
        if not self.problem and not self._muted:
            with self._tolerant():
                self._file.write(self._clean(text))
        return len(text)

    def flush(self) -> None:
        if not self.problem:
            with self._tolerant():
                self._file.flush()

    def say(self, text: str) -> None:
        """A line from within a signal handler, past every buffer."""
        if self._own is not None:
            with contextlib.suppress(OSError):
                os.write(self._own, f"\n{clean_line(self._clean(text))}\n".encode())

    @contextlib.contextmanager
    def muted(self) -> Iterator[None]:
        """Nothing is shown that is written meanwhile."""
        self._muted = True
        try:
            yield
        finally:
            self._muted = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    @contextlib.contextmanager
    def _tolerant(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.problem = error.strerror or str(error)
            self._to_nowhere()

    def _to_nowhere(self) -> None:
        """What waits in the buffer goes nowhere: the interpreter would fail on it at its end."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.fileno())
            os.close(nowhere)
            self._file.flush()

    def _duplicate(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            return os.dup(self._file.fileno())
        return None


@dataclass(frozen=True)
class _Idle:
    """A step that had nothing to do, and how far the run was then."""

    name: str
    node: str
    outcome: str
    reason: str
    progress: str


class Console:
    """Writes lines through pytest's terminal, also while it captures output; secrets are masked."""

    def __init__(
        self,
        write_line: Callable[..., None],
        total: int,
        expected: float,  # seconds; 0: nothing is announced
        clean: Callable[[str], str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write_line
        self._total = total
        self._expected = expected
        self._clean = clean
        self._now = now
        self._started = now()
        self._number = 0
        self._phase = ""
        self._last_word = ""
        self._pending: tuple[str, str, str] | None = None
        self._idle: list[_Idle] = []
        """Those of a fan-out, one after the other: they share a line, once something else comes."""
        self._last_progress = now()

    def line(self, text: str, **markup: bool) -> None:
        self._tell_idle()
        for part in self._lines(text) or [""]:
            self._write(part, **markup)

    def _lines(self, text: str) -> list[str]:
        """Everything shown passes here in one piece: a secret may be a line behind its name."""
        return clean_lines(self._clean(text))

    def skip(self) -> None:
        """A step that is not reached: counted, without a line of its own."""
        self._number += 1

    def step(self, name: str, intent: str, node: str = "") -> None:
        """A step begins: phase, step x of y, elapsed, expected."""
        if base_of(name) == name:  # those of a fan-out may be many that have nothing to do
            self._tell_idle()
            self._head(name)
        self._number += 1
        self._pending = (name, intent, node)

    def _head(self, name: str) -> None:
        phase = phase_of(name)
        if phase != self._phase:
            self.line("")
            self._phase = phase
            self.line(f"== {phase} " + "=" * max(4, 70 - len(phase)), bold=True)

    def _begin(self) -> None:
        """Print the line of the step under way, once there is more to say than one line."""
        if self._pending:
            (name, intent, _), self._pending = self._pending, None
            progress = self.progress()
            self._head(name)
            self.line(f"{progress}  {name}: {intent}")

    def progress(self) -> str:
        """`[12/84  0:03:20 of about 1:30:00]`, and `longer than expected` when it is."""
        elapsed = self._now() - self._started
        late = "  LONGER THAN EXPECTED" if elapsed > self._expected > 0 else ""
        about = f" of about {clock(self._expected)}" if self._expected else ""
        times = f"{clock(elapsed)}{about}"
        return f"[{self._number}/{self._total}  {times}{late}]"

    def ended(
        self, outcome: str, reason: str, seconds: float, *, has_findings: bool = False
    ) -> None:
        """A step ended: how, why, and how long it took when that is worth a word.

        One that has findings shares its line with no other: they would be lost in it.
        """
        took = f" ({seconds:.0f} s)" if seconds >= 2 else ""
        colour = _COLOURS.get(outcome, "")
        markup = {colour: True} if colour else {}
        if self._pending and outcome in _IDLE:
            (name, _, node), self._pending = self._pending, None
            if has_findings:
                self._tell_idle()
            self._idle.append(_Idle(name, node, outcome, reason, self.progress()))
            if has_findings or base_of(name) == name:
                self._tell_idle()
            return
        self._begin()
        self.line(f"    {outcome}{took}  {cut_at_word(reason, MOST)}".rstrip(), **markup)

    def _tell_idle(self) -> None:
        """Nothing happened: one line is enough for a step, and for all those of a fan-out."""
        idle, self._idle = self._idle, []
        if not idle:
            return
        self._head(idle[0].name)
        said = idle[0].name if len(idle) == 1 else in_words((one.name, one.node) for one in idle)
        how = ", ".join(dict.fromkeys(one.outcome for one in idle))
        why = listed(dict.fromkeys(one.reason for one in idle), _REASONS)
        self.line(f"{idle[-1].progress}  {said}: {how}: {cut_at_word(why, MOST)}")

    def output(self, text: str) -> None:
        """A piece of a command's log, as it comes."""
        self._begin()
        self._tell_idle()
        for part in self._lines(text):
            self._write(f"    | {part}")
        self._last_progress = self._now()

    def idle(self, word: str) -> None:
        """Nothing new from a long command: say so when it changes, and every half minute."""
        now = self._now()
        if word == self._last_word and now - self._last_progress < 30:
            return
        self._last_word, self._last_progress = word, now
        self._begin()
        self.line(f"    {self.progress()}  {word or 'still running'}")
