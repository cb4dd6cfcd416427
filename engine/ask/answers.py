"""Answers that wait for those who are to take them, each with the time at which it came."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from engine.ask.sql import Rows
from engine.errors import RunbookError
from engine.model.answer import Answer, DatedAnswer

T = TypeVar("T")

ROOM = 64 * 1024 * 1024
"""Bytes of answers that wait to be taken. One for which there is no room is asked again."""


class NotAhead(Exception):
    """What comes now can't be asked ahead: the step asks it in its own turn."""


@dataclass(eq=False)
class _Entry:
    asked: float
    """By `time.monotonic()`: what is to be seen after a wait was asked after it."""
    takers: int = 0
    size: int = 0
    answer: Future[Any] = field(default_factory=Future)


class Answers:
    """Answers by question, until the last one who is to have them has taken them. Thread-safe."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._entries: dict[Hashable, list[_Entry]] = {}
        self._held = 0

    def ask(self, key: Hashable, since: float, ask: Callable[[], T], *, takers: int = 1) -> T:
        """The answer that somebody asked since then, or asks now; else ask. It stays for one who
        takes it later. Raises what asking raises."""
        with self._lock:
            entry = next((e for e in self._entries.get(key, ()) if e.asked >= since), None)
            is_mine = entry is None
            if entry is None:
                entry = _Entry(time.monotonic())
                self._entries.setdefault(key, []).append(entry)
            entry.takers += takers
        if is_mine:
            try:
                entry.answer.set_result(_dated(ask))
            except RunbookError as error:
                entry.answer.set_exception(error)
            finally:
                if not entry.answer.done():  # an error of the program: the others ask themselves
                    entry.answer.set_exception(NotAhead())
                self._keep(key, entry)
        return cast("T", _result_of(entry))

    def begin(self, key: Hashable, ask: Callable[[], object], pool: ThreadPoolExecutor) -> None:
        """Ask in the background, for one who takes it later."""
        entry = _Entry(time.monotonic(), takers=1)
        entry.answer = pool.submit(_dated, ask)
        with self._lock:
            self._entries.setdefault(key, []).append(entry)

    def take(self, key: Hashable, since: float) -> Any:
        """The answer that was asked since then; LookupError when there is none, or none that is
        left for this one. Raises what asking raised."""
        with self._lock:
            entry = next((e for e in self._entries.get(key, ()) if e.asked >= since), None)
            if entry is None:
                raise LookupError(key)
            entry.takers -= 1
            if entry.takers <= 0:
                self._drop(key, entry)
        return _result_of(entry)

    def has(self, key: Hashable, since: float) -> bool:
        """There is one to be taken, without waiting."""
        with self._lock:
            return any(e.asked >= since and e.answer.done() for e in self._entries.get(key, ()))

    def knows(self, key: Hashable, since: float) -> bool:
        """It is asked already."""
        with self._lock:
            return any(entry.asked >= since for entry in self._entries.get(key, ()))

    def forget(self) -> None:
        """Nobody takes any of these any more."""
        with self._lock:
            self._entries.clear()
            self._held = 0

    def _keep(self, key: Hashable, entry: _Entry) -> None:
        with self._lock:
            if entry not in self._entries.get(key, ()):
                return  # forgotten meanwhile
            entry.size = 0 if entry.answer.exception() else _size_of(entry.answer.result())
            self._held += entry.size
            if self._held > self._room:
                self._drop(key, entry)

    def _drop(self, key: Hashable, entry: _Entry) -> None:
        entries = self._entries.get(key, [])
        if entry in entries:
            entries.remove(entry)
            self._held -= entry.size
        if not entries:
            self._entries.pop(key, None)


def _dated(ask: Callable[[], Any]) -> Any:
    """What asking gives or raises, with the time at which it came."""
    try:
        answer = ask()
    except RunbookError as error:
        error.received = time.time()
        raise
    if isinstance(answer, Answer):
        given = (answer.code, answer.stdout, answer.stderr, answer.seconds, answer.truncated)
        return DatedAnswer(*given, received=time.time())
    if isinstance(answer, Rows):
        return replace(answer, received=time.time())
    return time.time() if answer is None else answer


def _size_of(answer: object) -> int:
    if isinstance(answer, Answer):
        return len(answer.stdout) + len(answer.stderr)
    if isinstance(answer, Rows):
        return sum(len(str(value)) + 64 for row in answer.rows for value in row.values())
    return 0


def _result_of(entry: _Entry) -> Any:
    try:
        return entry.answer.result()
    except RunbookError as error:
        raise _again(error) from error.__cause__


def _again(error: RunbookError) -> RunbookError:
    """The same, one of its own for each who is told of it."""
    told = error.__class__.__new__(error.__class__)
    told.args = error.args
    told.__dict__.update(error.__dict__)
    return told
