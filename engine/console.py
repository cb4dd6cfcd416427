"""What the operator sees while it runs: one line a step, the command's log, what is overdue."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

_IDLE = ("nothing to do", "not needed", "not applicable", "AFTER", "SATISFIED")
_COLOURS = {"ok": "green", "failed": "red", "not reached": "yellow", "blocked": "red"}


def clean_line(text: str) -> str:
    """Printable text only: what a node says must not steer the terminal."""
    return "".join(char if char.isprintable() or char == "\t" else "?" for char in text)


def clock(seconds: float) -> str:
    """1:02:03"""
    return str(timedelta(seconds=int(seconds)))


class Console:
    """Writes lines through pytest's terminal, also while it captures output."""

    def __init__(
        self,
        write_line: Callable[..., None],
        total: int,
        expected: float,  # seconds; 0: nothing is announced
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write_line
        self._total = total
        self._expected = expected
        self._now = now
        self._started = now()
        self._number = 0
        self._phase = ""
        self._last_word = ""
        self._pending: tuple[str, str] | None = None
        self._last_progress = now()

    def line(self, text: str, **markup: bool) -> None:
        for part in text.splitlines() or [""]:
            self._write(clean_line(part), **markup)

    def skip(self) -> None:
        """A step that is not reached: counted, without a line of its own."""
        self._number += 1

    def step(self, name: str, intent: str) -> None:
        """A step begins: phase, step x of y, elapsed, expected."""
        phase = name.split(".")[0]
        if phase != self._phase:
            self._phase = phase
            self.line("")
            self.line(f"== {phase} " + "=" * max(4, 70 - len(phase)), bold=True)
        self._number += 1
        self._pending = (name, intent)

    def _begin(self) -> None:
        """Print the line of the step under way, once there is more to say than one line."""
        if self._pending:
            (name, intent), self._pending = self._pending, None
            self.line(f"{self.progress()}  {name}: {intent}")

    def progress(self) -> str:
        """`[12/84  0:03:20 of about 1:30:00]`, and `longer than expected` when it is."""
        elapsed = self._now() - self._started
        late = "  LONGER THAN EXPECTED" if elapsed > self._expected > 0 else ""
        about = f" of about {clock(self._expected)}" if self._expected else ""
        times = f"{clock(elapsed)}{about}"
        return f"[{self._number}/{self._total}  {times}{late}]"

    def ended(self, outcome: str, reason: str, seconds: float) -> None:
        """A step ended: how, why, and how long it took when that is worth a word."""
        took = f" ({seconds:.0f} s)" if seconds >= 2 else ""
        colour = _COLOURS.get(outcome, "")
        markup = {colour: True} if colour else {}
        if self._pending and outcome in _IDLE:
            # nothing happened: one line is enough
            (name, _), self._pending = self._pending, None
            self.line(f"{self.progress()}  {name}: {outcome}: {reason}", **markup)
            return
        self._begin()
        self.line(f"    {outcome}{took}  {reason}".rstrip(), **markup)

    def output(self, text: str) -> None:
        """A piece of a command's log, as it comes."""
        self._begin()
        for part in text.splitlines():
            self._write(f"    | {clean_line(part)}")
        self._last_progress = self._now()

    def idle(self, word: str) -> None:
        """Nothing new from a long command: say so when it changes, and every half minute."""
        now = self._now()
        if word == self._last_word and now - self._last_progress < 30:
            return
        self._last_word, self._last_progress = word, now
        self._begin()
        self.line(f"    {self.progress()}  {word or 'still running'}")
