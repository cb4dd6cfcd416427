"""SIGINT, SIGTERM and SIGHUP: the run ends in good order, once, and where nothing is torn.

The first signal becomes a KeyboardInterrupt, which pytest turns into an orderly ending. It waits
while something short is under way that must be whole: a line of the journal, taking the lock, a
plain change until its result is on record. A second signal breaks off a change that is waited
for, unless it is of another kind and was sent together with the first one. While the run ends,
signals are only answered.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

UNWINDING = 2.0
"""Seconds for which one KeyboardInterrupt is enough: a second one would break the first's way."""
TOGETHER = 1.0
"""Seconds within which a signal of another kind counts as sent with the first one, as systemd does
when it stops a session: nobody could have read yet that a second one breaks a change off."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Interrupts:
    """What a run does with the signals of its process. It hears none until `install`."""

    name: str = ""
    """The first signal that came; empty while none did."""
    count: int = 0
    ending: bool = False
    """The run ends already: nothing is broken off any more."""
    say: Callable[[str], None] = field(default=lambda text: None)
    clock: Callable[[], float] = time.monotonic
    _first: float = 0.0
    _raised: float | None = None
    _depth: int = 0
    _patience: list[str] = field(default_factory=list)

    def install(self) -> None:
        """Hear the signals from now on; one that is ignored (nohup) stays so."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self.hear)

    def hear(self, number: int, frame: FrameType | None = None) -> None:
        """A signal came; raises KeyboardInterrupt where that is harmless."""
        name = signal.Signals(number).name
        if self._came_along(name):
            return
        self.count += 1
        if not self.name:
            self.name, self._first = name, self.clock()
        if self.ending:
            self.say(f"{name}: the run is ending already; the reports are written. A moment.")
        elif self._depth:
            return  # raised as soon as what is under way is whole
        elif self._waits:
            self.say(
                f"{name}: waiting for {self._patience[-1]}; once more breaks it off, and then it is"
                " not known how it ended"
            )
        elif self._raised is not None and self.clock() - self._raised < UNWINDING:
            return
        else:
            self._raise()

    def _came_along(self, name: str) -> bool:
        """It was sent together with the first signal, so it breaks nothing off."""
        together = self.clock() - self._first < TOGETHER
        return self._waits and not self.ending and name != self.name and together

    def _raise(self) -> None:
        self._raised = self.clock()
        raise KeyboardInterrupt(self.name)

    def check(self) -> None:
        """Raise what was put off, or was lost in a place where nothing can be raised."""
        if self.count and not self.ending and not self._depth:
            if self._waits:
                return
            self._raise()

    @property
    def _waits(self) -> bool:
        return bool(self._patience and self._patience[-1]) and self.count == 1

    @contextmanager
    def whole(self) -> Iterator[None]:
        """The block is never interrupted: a signal waits for its end. For moments only."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        self.check()

    @contextmanager
    def waited_for(self, what: str) -> Iterator[None]:
        """The first signal waits for the end of the block; a second one breaks it off."""
        self._patience.append(what)
        try:
            yield
        finally:
            self._patience.pop()
        self.check()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within `waited_for`: the first signal ends this part, which goes on without us."""
        with self.waited_for(""):
            self.check()
            yield
