"""Going through steps ahead of their turn, all at once, for what they ask.

A scout of a step calls its fixtures and its body as pytest will, with a run of its own that keeps
nothing: what it judges, records, remembers or stops is thrown away. Its answers stay
(`engine/ask/ahead.py`). In a plan all steps are gone through at its beginning. Those that only ask
go side by side. The others, whose actions a plan shows, go one after the other beside them, as each
has to know which changes come before it. In an upgrade it is the steps of a phase that only asks,
when the first of them has come to its turn: nothing is changed until the last one has had its own.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NoReturn, cast

import pytest

from engine.ask.ahead import Course, Scouting, SideBySide
from engine.ask.answers import NotAhead
from engine.ask.look import Look
from engine.ask.source import Source
from engine.model.ending import Mode
from engine.model.event import Event
from engine.model.query import LocalQuery
from engine.model.steps import Scope, StepItem, phase_of
from engine.plan.planner import Planner
from engine.record.course import UpgradeCourse
from engine.record.evidence import Evidence
from engine.record.interrupts import Interrupts
from engine.record.journal import Journal
from engine.record.listing import Cells
from engine.record.outputs import Outputs
from engine.record.run import Run
from engine.report.console import Console
from engine.run.session import ITEM, Session
from engine.transport.base import Transport
from engine.transport.firewall import Firewall


class _NoJournal:
    """Events are read by the steps that come to them, and are nowhere else."""

    def __init__(self, journal: Journal) -> None:
        self.events = list(journal.events)
        self.head, self.path, self.problem, self.is_whole = journal.head, journal.path, "", True
        self._run_id = journal.run_id
        self._time = self.events[-1]["time"] if self.events else ""

    def record(self, event: str, **fields: Any) -> Event:
        number = self.events[-1]["seq"] + 1 if self.events else 1
        told = {"run": self._run_id, "seq": number, "time": self._time}
        self.events.append({**told, "event": event, **fields})
        return self.events[-1]


class _NoOutputs:
    """Nothing is written; a long list is gone through, as its rows are asked for."""

    def describe(self, name: str, text: str) -> dict[str, Any]:
        return {"text": ""}

    def command(self, name: str, text: str) -> dict[str, Any]:
        return {"command": ""}

    def list(self, name: str, head: Cells, rows: Iterable[Cells]) -> dict[str, Any]:
        count = sum(1 for _ in rows)
        return {"text": "", "rows": count, "size": 0, "sha256": "0" * 64, "file": name}


def _run_apart(run: Run) -> Run:
    """A run that begins where this one is, and of which nothing is left."""
    apart = copy.copy(run)
    apart.journal = cast("Journal", _NoJournal(run.journal))
    apart.outputs = cast("Outputs", _NoOutputs())
    apart.memory, apart.judge = copy.copy(run.memory), copy.copy(run.judge)
    for part in (apart.memory, apart.judge):
        for name, value in vars(part).items():
            if isinstance(value, dict | list | set):
                setattr(part, name, copy.copy(value))
    apart.on_stop, apart.news, apart.interrupts = [], None, Interrupts()
    apart.course = UpgradeCourse()
    apart._lock = threading.RLock()
    return apart


class _ScoutLook(Look):
    """Asks ahead. What only the controller knows is asked by the step itself."""

    def __init__(self, run: Run, look: Look, source: Source) -> None:
        super().__init__(run, look._transport, look.names)
        self.source = source
        self.position, self.baseline, self.silent = look.position, look.baseline, look.silent

    def _record(self, *_: Any, **__: Any) -> None:
        """The step that takes the answer records it."""

    _record_rows = _observed = _record

    def here(self, query: LocalQuery[Any]) -> NoReturn:
        raise NotAhead

    def batch(self, *_: Any, **__: Any) -> NoReturn:
        raise NotAhead


class _Nobody:
    """Takes the place of a transport: a scout's session sends nothing but by its look."""

    def __getattr__(self, name: str) -> NoReturn:
        raise NotAhead


class _ScoutSession(Session):
    def __init__(self, session: Session, planner: Planner | None) -> None:
        run = _run_apart(session.run)
        super().__init__(run, cast("Transport", _Nobody()), Console(_drop, 0, 0.0, str))
        self.survey = session.survey
        self.planner = planner or Planner(run)


def _drop(text: str, **_: Any) -> None:
    """Nobody is told."""


@dataclass(eq=False)
class _Request:
    """As pytest's `request`: hands out fixtures to one scout."""

    node: pytest.Item
    session: Session
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> pytest.Config:
        return self.node.config

    def getfixturevalue(self, name: str) -> Any:
        if name not in self.known:
            self.known[name] = self._value(name)
        return self.known[name]

    def _value(self, name: str) -> Any:
        if name == "request":
            return self
        if name == "runbook_session":
            return self.session
        parameters = getattr(getattr(self.node, "callspec", None), "params", {})
        if name in parameters:
            return parameters[name]
        manager = self.node.session._fixturemanager
        found = manager.getfixturedefs(name, self.node)
        if not found or found[-1].scope not in ("function", "session"):
            raise NotAhead
        if inspect.isgeneratorfunction(found[-1].func):
            raise NotAhead
        wanted = {argument: self.getfixturevalue(argument) for argument in found[-1].argnames}
        return found[-1].func(**wanted)


class Scouts:
    """The scouts of a run: those of a plan begun together, of an upgrade phase by phase; waited for
    step by step."""

    def __init__(self, session: Session, items: Sequence[pytest.Item]) -> None:
        self._session, self._source = session, session.opening.served
        self._later: dict[str, list[pytest.Item]] = {}
        """First step of a phase that only asks -> all steps of the phase."""
        self._asked = SideBySide(
            self._source.transport, Firewall(session.run.inventory), self._source.databases
        )
        self._over = threading.Event()
        self._since = -math.inf
        """What was asked before is no answer for the scouts under way, by `time.monotonic()`."""
        self._courses: dict[str, Course] = {}
        self._under_way: dict[str, Future[None]] = {}
        mine = [item for item in items if item.stash[ITEM].name not in session.run.left_out]
        self._chain = ThreadPoolExecutor(1, "scout")
        if session.run.mode is not Mode.PLAN:
            self._later = {each[0].stash[ITEM].name: each for each in _that_only_ask(mine)}
            self._pool = ThreadPoolExecutor(max(map(len, self._later.values()), default=1), "scout")
            return
        asking = [item for item in mine if item.stash[ITEM].mark.asks]
        self._pool = ThreadPoolExecutor(max(1, len(asking)), "scout")
        for item in asking:
            self._begin(self._pool, item, None)
        planner = Planner(_run_apart(session.run))
        for item in mine:
            if not item.stash[ITEM].mark.asks:
                self._begin(self._chain, item, planner)

    def come_to(self, step: str) -> None:
        """The step's turn has come: what its scout has asked is handed to it."""
        if self._session.run.mode is not Mode.PLAN and step not in self._under_way:
            self._over.set()  # a phase is over: those of its steps that were left out, too
            self._source.end()
        if (phase := self._later.pop(step, None)) and self._session.run.stop is None:
            self._over, self._since = threading.Event(), time.monotonic()
            self._source.answers.forget()
            for item in phase:
                self._begin(self._pool, item, None)
        if step in self._under_way:
            wait([self._under_way[step]])
        self._source.begin(self._courses.get(step))

    def end(self) -> None:
        """No scout asks any more."""
        self._over.set()
        for pool in (self._pool, self._chain):
            pool.shutdown(wait=False, cancel_futures=True)
        self._source.end()

    def _begin(self, pool: ThreadPoolExecutor, item: pytest.Item, planner: Planner | None) -> None:
        step: StepItem = item.stash[ITEM]
        course = Course(self._since)
        self._under_way[step.name] = pool.submit(
            self._go_through, item, step, planner, course, self._over
        )

    def _go_through(
        self,
        item: pytest.Item,
        step: StepItem,
        planner: Planner | None,
        course: Course,
        over: threading.Event,
    ) -> None:
        """What this raises ends the scout; the step itself will tell."""
        self._courses[step.name] = course = replace(course, begun=time.monotonic())
        session = _ScoutSession(self._session, planner)
        run = session.run
        run.step = step.name
        session.steps.evidence = Evidence(run, step.name, step.mark.guide)
        scouting = Scouting(self._asked, self._source.answers, course, over)
        session.look = _ScoutLook(run, self._session.look, scouting)
        request = _Request(item, session)
        if planner is None:
            self._call(item, request)
            return
        planner.begin(step, "", ())
        outcome = "failed"
        try:
            for name in _arguments(item):
                request.getfixturevalue(name)
            planner.foresee(session.look, session.steps.evidence, getattr(item, "obj", None))
            outcome = "passed"
        finally:
            planner.end(outcome, session.steps.evidence, "", ())

    def _call(self, item: pytest.Item, request: _Request) -> None:
        function = cast("Callable[..., None]", getattr(item, "obj", None))
        function(**{name: request.getfixturevalue(name) for name in _arguments(item)})


SCOUTS = pytest.StashKey[Scouts]()


@contextlib.contextmanager
def scouted(session: Session, items: Sequence[pytest.Item]) -> Iterator[Scouts]:
    """Scouts of these steps if the run is a plan or an upgrade, of none if it is not."""
    scouts = Scouts(session, items if _are_wanted(session) else [])
    try:
        yield scouts
    finally:
        scouts.end()


def _are_wanted(session: Session) -> bool:
    run = session.run
    return run.mode is Mode.PLAN or (run.mode is Mode.EXECUTE and run.scope is Scope.UPGRADE)


def _that_only_ask(items: Sequence[pytest.Item]) -> Iterator[list[pytest.Item]]:
    """The steps of each phase that can be asked beforehand as a whole."""
    for _, each in groupby(items, key=lambda item: phase_of(item.stash[ITEM].name)):
        steps = list(each)
        if all(item.stash[ITEM].mark.asks for item in steps):
            yield steps


def _arguments(item: pytest.Item) -> Sequence[str]:
    found: Mapping[str, Any] = vars(item)
    names: Sequence[str] = found["_fixtureinfo"].argnames
    return names
