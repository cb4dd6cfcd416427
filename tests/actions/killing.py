"""A run that is killed at one edge of its journal, and the one that goes on from what N has.

Record scripts run for real; a change takes effect on `World`. What the killed run knew and had
not handed to N is lost, as on another machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from engine.act.applier import Applier
from engine.act.driving import Applied, without_doubts
from engine.attempt import detached_scripts, remote
from engine.attempt.records import RecordsWriter, records_query
from engine.model.answer import Answer
from engine.model.finding import Finding, Severity
from engine.record.memory import Memory
from engine.record.run import Run
from runbook.to_4_26.severities import SEVERITIES
from tests.engine import kit


class Edge(StrEnum):
    """Where a run can be killed around one change."""

    BEFORE_INTENT = "before the intent"
    BEFORE_EFFECT = "between intent and effect"
    BEFORE_RESULT = "between effect and result"
    AFTER_RESULT = "after the result"


class Killed(BaseException):
    """SIGKILL: nothing of the run goes on."""


class World(Protocol):
    """What changes take effect on, and how an action looks at it."""

    def change(self, node: str, argv: tuple[str, ...], stdin: Any) -> Answer:
        """Let one command take effect."""

    def look(self, run: Run) -> Any:
        """The door for the action of this run."""

    def state(self) -> Any:
        """Everything that must be the same, killed or not."""


@dataclass
class KillingNode(kit.Node):
    """N, and a kill at `edge` of the change `number` (counted from 1)."""

    world: World
    edge: Edge | None = None
    number: int = 0
    intents: int = 0
    effects: list[tuple[str, ...]] = field(default_factory=list)

    def __init__(self, root: Path, world: World, edge: Edge | None = None, number: int = 0) -> None:
        super().__init__(root)
        self.world, self.edge, self.number = world, edge, number
        self.intents, self.effects = 0, []

    def _reply(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        source = argv[2] if argv[:2] == ("sh", "-c") and len(argv) > 2 else ""
        if source == remote.APPEND.strip():
            return self._append(node, argv, stdin)
        if source == detached_scripts.FOLLOW.strip():
            return self.world.change(node, argv, stdin)
        if source not in _RECORD_SCRIPTS:
            return self._change(node, argv, stdin)
        return super()._reply(node, argv, stdin)

    def _append(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        kinds = [json.loads(line)["event"] for line in stdin.decode().splitlines()]
        self.intents += kinds.count("intent")
        if "intent" in kinds:
            self._kill_at(Edge.BEFORE_INTENT)
        answer = super()._reply(node, argv, stdin)
        if "result" in kinds:
            self._kill_at(Edge.AFTER_RESULT)
        return answer

    def _change(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        self._kill_at(Edge.BEFORE_EFFECT)
        answer = self.world.change(node, argv, stdin)
        self.effects.append(argv)
        self._kill_at(Edge.BEFORE_RESULT)
        return answer

    def _kill_at(self, edge: Edge) -> None:
        if self.edge is edge and self.intents == self.number:
            raise Killed


_RECORD_SCRIPTS = {
    text.strip() for name, text in vars(remote).items() if name.isupper() and isinstance(text, str)
}

MakeAction = Callable[[Any], Any]


@dataclass
class Ran:
    """How one run went."""

    run: Run
    node: KillingNode
    applied: Applied | None
    """None: it was killed."""

    @property
    def whats(self) -> list[str]:
        """The changes that it began, in words."""
        return [e["what"] for e in self.run.journal.events if e["event"] == "intent"]


def run_action(
    place: Path,
    world: World,
    make: MakeAction,
    *,
    step: str = "phase.step",
    edge: Edge | None = None,
    number: int = 0,
) -> Ran:
    """One run from a machine that knows nothing but N's records: take the lock, act, or be killed.

    `place` is where N keeps its records; each run gets a directory of its own beside it.
    """
    node = KillingNode(place / "records", world, edge, number)
    records = RecordsWriter(node, kit.N, {"who": "test"})
    generation = _generation(place)
    records.acquire(over=generation)
    if generation == "":
        records.open_attempt(kit.ATTEMPT, {"fencing": True})
    count = len(list(place.glob("run-*"))) + 1
    run = kit.make_run(place / f"run-{count}", earlier=_on_n(node))
    run.run_id = run.journal.run_id = f"20261102T0000{count:02d}Z-test-{count:04d}"
    run.step = step
    applier = Applier(run, node, records, lambda text: None, lambda word: None)
    try:
        applied = applier.apply(step, without_doubts(make(world.look(run)), undoubted))
        applier.sync()
    except Killed:
        return Ran(run, node, None)
    return Ran(run, node, applied)


def undoubted(findings: Sequence[Finding]) -> None:
    """Nothing speaks against going on."""
    blocking = [f for f in findings if SEVERITIES.of(f.code) is Severity.BLOCK]
    assert not blocking, blocking


def _generation(place: Path) -> str:
    lock = place / "records" / "lock"
    return lock.read_text().splitlines()[0] if lock.exists() else ""


def _on_n(node: KillingNode) -> list[Any]:
    query = records_query()
    attempt = query.parse(node.run(kit.N, query.argv, deadline=60.0)).attempt
    return attempt.events if attempt else []


def memory_on_n(ran: Ran) -> Memory:
    """What any machine would know now."""
    return Memory.fold(_on_n(ran.node))
