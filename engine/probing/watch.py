"""Watches the services while the cluster is changed. Whatever happens to it, the run goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.model.event import stamp
from engine.model.probe import Manner, Probes, Service, Target, Way
from engine.probing.askers import Asker, DatabaseAsker, asker_of
from engine.probing.asking import LIMIT, NoAnswer, NoWay
from engine.record.run import Run
from engine.transport.base import Transport

INTERVAL = 1.0
"""Seconds between two questions to a service: the error of a gap's length."""
_FIRST = LIMIT + 1.0
"""Seconds that the first change waits at most for the first answers."""


class _Watcher:
    """One target, in a thread of its own: a slow answer of one keeps no other from being asked."""

    def __init__(
        self, run: Run, target: Target, asker: Asker | DatabaseAsker, wake: threading.Event
    ) -> None:
        self._run = run
        self._wake = wake
        self._target = target
        self._asker = asker
        self._fold = GapFold(target.name, has_answered=asker.way is not None)
        self._lock = threading.Lock()
        self._ended = False
        self._asked = 0
        self.first = threading.Event()
        """Set when the first question has had its end."""
        self.thread = threading.Thread(target=self._watch, daemon=True, name=f"probe-{target.name}")

    def _watch(self) -> None:
        try:
            self._follow()
        except Exception as error:  # noqa: BLE001  # it ends here and says so, the run goes on
            with self._lock:
                if not self._ended:  # the journal may be sealed by then
                    problem = f"{type(error).__name__}: {error}"
                    self._record("probing", state="broken", problem=problem)
        finally:
            self.first.set()
            self._asker.close()

    def _follow(self) -> None:
        due = time.monotonic()
        while not self._wake.is_set():
            self._ask()
            self.first.set()
            due = max(due + INTERVAL, time.monotonic())
            self._wake.wait(due - time.monotonic())

    def _ask(self) -> None:
        asked, step, before = self._run.now(), self._run.step, self._asker.way
        seen, why, node = Seen.ANSWER, "", ""
        try:
            self._asker.ask()
        except NoAnswer as error:
            seen, why = Seen.NONE, str(error)
        except NoWay as error:
            seen, why, node = Seen.UNSEEN, str(error), error.node
        self._asked += 1
        told = self._run.now()
        with self._lock:
            if self._ended:
                return
            if before != self._asker.way:  # for the first time, or now on another node
                self._record("probing", state="answers", way=str(self._asker.way))
            for fields in self._fold.feed(
                seen, asked=asked, told=told, step=step, why=why[:300], node=node
            ):
                self._run.record("service-gap", step=step, **fields)

    def _record(self, event: str, **fields: Any) -> None:
        self._run.record(event, step=self._run.step, target=self._target.name, **fields)

    def end(self) -> None:
        """Nothing is recorded afterwards; a gap that is still open ends with the measurement."""
        with self._lock:
            self._ended = True
            if self._fold.open is not None:
                fields = self._fold.end(self._run.now(), still=True)
                self._run.record("service-gap", step=self._run.step, **fields)
            self._record("probing", state="ended", questions=self._asked)


class ServiceWatch:
    """All targets of one run; begun once, ended with the run."""

    def __init__(self, run: Run, transport: Transport, nodes: Sequence[str]) -> None:
        self._run = run
        self._transport = transport
        self._nodes = tuple(nodes)
        self._wake = threading.Event()
        self._watchers: list[_Watcher] = []

    def begin(
        self, targets: Sequence[Target], answered: Container[tuple[str, str]] = frozenset()
    ) -> None:
        """Start asking; returns when each was asked once, or after a few seconds. Once only.

        `answered`: name and way of what has answered an earlier run from here. It is asked that way
        again, and has a gap when it does not answer from the start.
        """
        if self._watchers:
            return
        for target in targets:
            asker = asker_of(target, self._transport, self._nodes)
            ways = self._ways(target)
            asker.way = next((way for way in ways if (target.name, str(way)) in answered), None)
            watcher = _Watcher(self._run, target, asker, self._wake)
            self._watchers.append(watcher)
            self._run.record(
                "probing",
                step=self._run.step,
                target=target.name,
                state="began",
                ways=[str(way) for way in target.ways],
                **({"way": str(asker.way)} if asker.way else {}),
            )
            watcher.thread.start()
        until = time.monotonic() + _FIRST
        for watcher in self._watchers:
            watcher.first.wait(max(0.0, until - time.monotonic()))

    def _ways(self, target: Target) -> Sequence[Way]:
        """The database is asked on whichever node it runs."""
        if target.ways[0].manner is not Manner.DATABASE:
            return target.ways
        return [Way(Manner.DATABASE, through=node) for node in self._nodes]

    def end(self) -> None:
        """Stop asking. A question under way is not waited for longer than its limit."""
        self._wake.set()
        for watcher in self._watchers:
            watcher.end()
        until = time.monotonic() + LIMIT
        for watcher in self._watchers:
            watcher.thread.join(max(0.0, until - time.monotonic()))
        self._watchers = []


def targets_of(
    services: Iterable[Service], probes: Probes, *, address: str, name: str, active: str
) -> tuple[Target, ...]:
    """The targets in the services' order, then the inventory's own.

    `address` and `name` are the cluster's (`ClusterIp` and `Hostname` of `/etc/neteye-cluster`),
    `active` is N: a service that is not reached directly is asked through its ssh connection.
    """
    if not probes.wanted:
        return ()
    named = {target.name: target for target in probes.targets}
    own = [
        named.get(service.name) or Target(service.name, _ways(service, address, name, active))
        for service in services
    ]
    known = {target.name for target in own}
    return (*own, *(target for target in probes.targets if target.name not in known))


def _ways(service: Service, address: str, name: str, active: str) -> tuple[Way, ...]:
    if Manner.DATABASE in dict(service.manners):
        return (Way(Manner.DATABASE, through=active),)
    host = service.host or address
    # a name of the cluster's own is known to its nodes only
    throughs = (active,) if service.host else ("", active)
    return tuple(
        Way(manner, host, port, service.path, name="" if service.host else name, through=through)
        for through in throughs
        for manner, port in service.manners
        # asked through N, nobody can tell who has the address
        if not (through and manner is Manner.ADDRESS)
    )


class Seen(StrEnum):
    """What one question came to."""

    ANSWER = "answer"
    NONE = "none"
    """The service does not answer: a gap."""
    UNSEEN = "unseen"
    """The way to it is not there: of the service nothing is known meanwhile."""


@dataclass
class Gap:
    """A time without answers, from the first question without one to the first answer after it."""

    since: datetime
    unseen: bool
    why: str
    steps: list[str] = field(default_factory=list)
    node: str = ""
    """The node that could not be reached."""


@dataclass
class GapFold:
    """One target's answers in their order; tells what is to be recorded."""

    target: str
    has_answered: bool = False
    open: Gap | None = None

    def feed(
        self,
        seen: Seen,
        *,
        asked: datetime,
        told: datetime,
        step: str,
        why: str = "",
        node: str = "",
    ) -> list[dict[str, Any]]:
        """Fields of the `service-gap` events that this answer makes.

        `asked` and `told` are when the question was asked and its end known. Before the first
        answer there is no gap: what never answered from here was not measured.
        """
        if not self.has_answered:
            self.has_answered = seen is Seen.ANSWER
            return []
        events = []
        gap = self.open
        if gap is not None and (seen is Seen.ANSWER or gap.unseen != (seen is Seen.UNSEEN)):
            events.append(self.end(told if seen is Seen.ANSWER else asked))
        if seen is Seen.ANSWER:
            return events
        if self.open is None:
            self.open = Gap(asked, seen is Seen.UNSEEN, why, [step] if step else [], node)
            events.append({**self._fields(self.open), "state": "began"})
        elif step and step not in self.open.steps:
            self.open.steps.append(step)
        return events

    def end(self, when: datetime, *, still: bool = False) -> dict[str, Any]:
        """The open gap ends, or the measurement does (`still`)."""
        assert self.open is not None
        gap, self.open = self.open, None
        return {
            **self._fields(gap),
            "state": "ended",
            "until": stamp(when),
            "seconds": round(max(0.0, (when - gap.since).total_seconds()), 1),
            "steps": gap.steps,
            **({"still": True} if still else {}),
        }

    def _fields(self, gap: Gap) -> dict[str, Any]:
        return {
            "target": self.target,
            "since": stamp(gap.since),
            "why": gap.why,
            "unseen": gap.unseen,
            **({"node": gap.node} if gap.node else {}),
        }
