"""One of those who are told: a thread of its own sends the messages, so that the run goes on."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.record.run import Run

_PASSING = ("phase", "alive")
"""Occasions that are not worth telling any more when there is newer news."""
_PATIENCE = 5.0
"""Seconds for a line of the journal, when the run ends."""
_IN_A_ROW = 2
"""After so many failures those are left out."""


@dataclass(frozen=True)
class Message:
    """What is told on one occasion."""

    occasion: str
    title: str
    """Its first line."""
    lines: Sequence[str]
    payload: Mapping[str, Any]
    """The same with all that a program may want; JSON takes it."""
    rests: Mapping[str, Any] = field(default_factory=dict)
    """Line and head of the journal that it has, as the event has them."""


class Channel:
    """Sends messages one after the other, and a sign of life when there was none for a while."""

    def __init__(
        self,
        run: Run,
        name: str,
        send: Callable[[Message], str],
        every: float | None,
        alive: Callable[[], Message],
    ) -> None:
        """`send`: why a message was not taken, '' when it was; it has a deadline of its own.

        `every`: seconds without a message, after which `alive` makes one; None: never.
        """
        self._run, self.name, self._send = run, name, send
        self._every, self._alive = every, alive
        self._waiting: deque[Message] = deque()
        self._changed = threading.Condition()
        self._under_way: Message | None = None
        self._is_over = self._is_recording = False
        self._failures = 0
        self._untold: list[str] = []
        self._has_told = False
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"tells {name}")

    def put(self, message: Message) -> None:
        """Have it sent; the run need not wait."""
        with self._changed:
            if self._is_over or self._is_left_out(message):
                return
            for old in [one for one in self._waiting if one.occasion in _PASSING]:
                self._waiting.remove(old)
            self._waiting.append(message)
            self._changed.notify_all()
            if self._thread.ident is None:
                self._thread.start()

    def wait_for(self, message: Message, seconds: float) -> None:
        """Until it was sent, or was not taken, but no longer than that."""
        if threading.current_thread() is self._thread:
            return  # what it recorded has stopped the run
        with self._changed:
            self._changed.wait_for(lambda: not self._has(message), seconds)

    def close(self) -> None:
        """Nothing is sent any more; what was not, is on record as that."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_recording, _PATIENCE)
            left = [*([self._under_way] if self._under_way else []), *self._waiting]
            self._is_over = True
            self._waiting.clear()
            self._changed.notify_all()
        for message in left:
            self._record(message, "not waited for any longer when the run ended")

    def new_problems(self) -> list[str]:
        """What has failed since it was asked last, a sentence each."""
        with self._changed:
            told, self._untold = self._untold, []
            return told

    def _has(self, message: Message) -> bool:
        return self._under_way is message or any(one is message for one in self._waiting)

    def _is_left_out(self, message: Message) -> bool:
        return self._failures >= _IN_A_ROW and message.occasion in _PASSING

    def _work(self) -> None:
        while message := self._next():
            problem = self._send(message)
            with self._changed:
                if self._is_over:
                    return
                self._is_recording, self._under_way = True, None
                self._failures = self._failures + 1 if problem else 0
                self._changed.notify_all()
            # without the lock: a journal that can't be written stops the run, which is news
            self._record(message, problem)
            with self._changed:
                self._is_recording = False
                self._changed.notify_all()

    def _next(self) -> Message | None:
        """The next message; None: there will be none."""
        with self._changed:
            until = None if self._every is None else time.monotonic() + self._every
            while not self._waiting and not self._is_over:
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    message = self._alive()
                    until = time.monotonic() + (self._every or 0.0)
                    if not self._is_left_out(message):
                        self._waiting.append(message)
                else:
                    self._changed.wait(left)
            self._under_way = None if self._is_over else self._waiting.popleft()
            return self._under_way

    def _record(self, message: Message, problem: str) -> None:
        """What became of it; of failures the first is told, and that it is left out from now."""
        told = {"occasion": message.occasion, "problem": problem, "program": self.name}
        self._run.record("notified", **told, **message.rests)
        if not problem:
            return
        said = f"{self.name} was not told ({message.occasion}): {problem}; the run goes on"
        if self._failures == _IN_A_ROW and not self._is_over:
            said = (
                f"{self.name} was not told {_IN_A_ROW} times in a row ({problem}): of phases and"
                " signs of life it hears no more, of a stop and of the end it does"
            )
        elif self._has_told:
            return
        self._has_told = True
        self._untold.append(said)
        self._run.record("warning", step="", text=said)
