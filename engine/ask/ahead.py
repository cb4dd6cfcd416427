"""Answers that were asked ahead: side by side, before the steps that take them come to their turn.

A question costs its way to the node and back. What a plan asks hangs together in chains of a dozen
questions at most; one after the other they are hundreds. So the steps are gone through beforehand,
all at once, with nobody listening to what they find (`Scouting`). Equal questions of several steps
are one. Then each step runs in its turn, and takes these answers (`Served`), each with the time at
which it came. What is not there it asks as ever: whatever a scout got wrong costs time only.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar, cast

from engine.ask.source import Page, Source
from engine.ask.sql import Rows, SharedSessions
from engine.errors import Refused, RunbookError
from engine.model.answer import Answer, DatedAnswer
from engine.model.query import Query, SqlQuery
from engine.transport.base import Transport
from engine.transport.firewall import Firewall

T = TypeVar("T")

ROOM = 64 * 1024 * 1024
"""Bytes of answers that wait to be taken. One for which there is no room is asked again."""
_AT_ONCE = 64
"""Questions that are asked at the same time for one who waits for all of them."""


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


def _question(node: str, query: Query[Any]) -> Hashable:
    return node, query.argv, query.stdin, query.deadline


def _statement(node: str, query: SqlQuery[Any]) -> Hashable:
    return node, query.database, query.sql, query.params, query.deadline


@dataclass
class Course:
    """How a scout went through a step: after each wait, when that was over."""

    since: float = -math.inf
    """What was asked before is no answer, by `time.monotonic()`."""
    begun: float = field(default_factory=time.monotonic)
    waits: list[float] = field(default_factory=list)


class SideBySide(Source):
    """Whom all scouts ask: one database session serves several of them."""

    def __init__(
        self,
        transport: Transport,
        guard: Firewall,
        databases: Callable[[str], SharedSessions],
    ) -> None:
        super().__init__(transport)
        self._guard = guard
        self._databases = databases

    def answer(self, node: str, query: Query[Any]) -> Answer:
        try:
            self._guard.check(node, query.argv)
        except Refused as refused:  # told, and the run ended, when the step itself comes to it
            raise NotAhead from refused
        return super().answer(node, query)

    def rows(self, node: str, query: SqlQuery[Any]) -> Rows:
        return self._databases(node).ask(query)


class Scouting(Source):
    """What a scout of one step asks, unless another scout has done so."""

    def __init__(
        self, asked: SideBySide, answers: Answers, course: Course, over: threading.Event
    ) -> None:
        super().__init__(asked.transport)
        self._asked = asked
        self._answers = answers
        self._course = course
        self._over = over
        self._since = course.since

    def answer(self, node: str, query: Query[Any]) -> Answer:
        return self._ask(_question(node, query), lambda: self._asked.answer(node, query))

    def rows(self, node: str, query: SqlQuery[Any]) -> Rows:
        return self._ask(_statement(node, query), lambda: self._asked.rows(node, query))

    def pages(self, node: str, page: Page[T]) -> Iterator[list[T]]:
        query = page(None)
        while found := query.parse(self.rows(node, query).rows):
            yield found
            query = page(found[-1])

    def connect(self, node: str, path: str) -> float | None:
        return self._ask((node, path), lambda: self._asked.connect(node, path))

    def ask_ahead(self, questions: Collection[tuple[str, Query[Any]]]) -> None:
        with ThreadPoolExecutor(min(_AT_ONCE, max(1, len(questions)))) as pool:
            for node, query in questions:
                pool.submit(self._ask_for_later, node, query)

    def wait(self, seconds: float) -> None:
        if self._over.wait(seconds):
            raise NotAhead
        self._go_on()

    @contextlib.contextmanager
    def anew(self) -> Iterator[None]:
        before = self._since
        self._go_on()
        yield
        self._since = before

    def _go_on(self) -> None:
        self._since = time.monotonic()
        self._course.waits.append(self._since)

    def _ask_for_later(self, node: str, query: Query[Any]) -> None:
        ask = partial(self._asked.answer, node, query)
        self._answers.ask(_question(node, query), self._since, ask, takers=0)

    def _ask(self, key: Hashable, ask: Callable[[], T]) -> T:
        if self._over.is_set():
            raise NotAhead
        return self._answers.ask(key, self._since, ask)


class Served(Source):
    """Answers that were asked ahead, and else the nodes'."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._answers = Answers()
        self._lock = threading.Lock()
        self._databases: dict[str, SharedSessions] = {}
        self._since = -math.inf
        self._waits: list[float] = []
        self._shift = 0.0
        self._begun = 0.0
        self._course: Course | None = None

    @property
    def answers(self) -> Answers:
        return self._answers

    def begin(self, course: Course | None) -> None:
        """A step begins, which a scout has gone through in this way. None: no scout has, and what
        was asked before is asked anew."""
        self._course = course
        self._waits = list(course.waits) if course else []
        self._since = course.since if course else math.inf
        self._shift, self._begun = 0.0, time.monotonic()

    def ask_ahead(self, questions: Collection[tuple[str, Query[Any]]]) -> None:
        """Begin to ask all of these at once, each for one who takes it later."""
        if self._since == math.inf:
            self._since = time.monotonic()
        known = self._answers.knows
        left = [one for one in questions if not known(_question(*one), self._since)]
        pool = ThreadPoolExecutor(min(_AT_ONCE, max(1, len(left))))
        for node, query in left:
            ask = partial(super().answer, node, query)
            self._answers.begin(_question(node, query), ask, pool)
        pool.shutdown(wait=False)

    def databases(self, node: str) -> SharedSessions:
        """The sessions with this node's database that scouts use."""
        with self._lock:
            if node not in self._databases:
                self._databases[node] = SharedSessions(self.transport, node)
            return self._databases[node]

    def reach_database(self, node: str) -> None:
        self.databases(node).prepare()

    def end(self) -> None:
        """Nobody asks ahead any more, until somebody begins anew."""
        with self._lock:
            for sessions in self._databases.values():
                sessions.close()
            self._databases.clear()

    def answer(self, node: str, query: Query[Any]) -> Answer:
        try:
            return cast("Answer", self._answers.take(_question(node, query), self._since))
        except (LookupError, NotAhead):
            return super().answer(node, query)

    def has(self, node: str, query: Query[Any]) -> bool:
        return self._answers.has(_question(node, query), self._since)

    def rows(self, node: str, query: SqlQuery[Any]) -> Rows:
        try:
            return cast("Rows", self._answers.take(_statement(node, query), self._since))
        except (LookupError, NotAhead):
            return super().rows(node, query)

    def pages(self, node: str, page: Page[T]) -> Iterator[list[T]]:
        last: T | None = None
        while self._answers.has(_statement(node, query := page(last)), self._since):
            found = query.parse(self.rows(node, query).rows)
            if not found:
                return
            yield found
            last = found[-1]
        yield from super().pages(node, lambda row: page(last if row is None else row))

    def connect(self, node: str, path: str) -> float | None:
        try:
            return cast("float | None", self._answers.take((node, path), self._since))
        except (LookupError, NotAhead):
            return super().connect(node, path)

    def timer(self) -> float:
        return time.monotonic() + self._shift

    def wait(self, seconds: float) -> None:
        """No need to wait where a scout did: what follows was asked after its wait."""
        if self._course is None or not self._waits:
            super().wait(seconds)
        self._go_on()

    @contextlib.contextmanager
    def anew(self) -> Iterator[None]:
        before = self._since
        self._go_on()
        yield
        self._since = before

    def _go_on(self) -> None:
        if self._course is None or not self._waits:
            self._since = math.inf
            return
        self._since = self._waits.pop(0)
        took = self._since - self._course.begun
        self._shift = max(self._shift, took - (time.monotonic() - self._begun))
