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
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from engine.ask.answers import Answers, NotAhead
from engine.ask.source import Page, Source
from engine.ask.sql import Rows, SharedSessions
from engine.errors import Refused
from engine.model.answer import Answer
from engine.model.query import Query, SqlQuery
from engine.transport.base import Transport
from engine.transport.firewall import Firewall

T = TypeVar("T")

_AT_ONCE = 64
"""Questions that are asked at the same time for one who waits for all of them."""


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


class _AskedSince(Source, ABC):
    """What was asked before a moment is no answer. A wait moves it on, and a look anew."""

    _since: float
    """By `time.monotonic()`."""

    @contextlib.contextmanager
    def anew(self) -> Iterator[None]:
        before = self._since
        self._go_on()
        yield
        self._since = before

    @abstractmethod
    def _go_on(self) -> None:
        """Move the moment on."""


class Scouting(_AskedSince):
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


class Served(_AskedSince):
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

    def _go_on(self) -> None:
        if self._course is None or not self._waits:
            self._since = math.inf
            return
        self._since = self._waits.pop(0)
        took = self._since - self._course.begun
        self._shift = max(self._shift, took - (time.monotonic() - self._begun))
