"""The first look: who answers, who is who, what is on record, where the upgrade stands.

Nothing is judged here; an answer that did not come is kept as such for the steps to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import RunbookError, Unanswered
from engine.journal import Event
from engine.look import Look
from engine.memory import Memory
from engine.model.cluster import ClusterDefinition, ClusterStatus
from engine.model.host import Version
from engine.model.names import names_of
from engine.position import Position, Situation, position_of
from engine.queries import Asked, Query
from engine.queries.machine import LEFTOVERS
from engine.queries.neteye import DEFINITION, VERSION
from engine.records import Attempt, records_query
from engine.run import Run
from engine.transport.base import Transport

MARKER = "/etc/neteye-rehearsal/marker.json"
REHEARSAL_MARKER: Query[bool] = Query(
    name="rehearsal marker", argv=("test", "-f", MARKER),
    parse=lambda answer: answer.code == 0, ok_codes=(0, 1),
)  # fmt: skip
REACHABLE: Query[bool] = Query(
    name="a first answer", argv=("true",), parse=lambda answer: True, deadline=60.0
)


@dataclass
class Survey:
    """What the first look found. `problems` are questions that decide the position, unanswered."""

    reachable: Asked[bool]
    markers: Asked[bool]
    definitions: Asked[ClusterDefinition]
    versions: Asked[Version]
    leftovers: Asked[tuple[str, ...]]
    status: ClusterStatus | None = None
    attempt: Attempt | None = None
    earlier: list[Event] = field(default_factory=list)
    problems: list[Unanswered] = field(default_factory=list)
    situation: Situation | None = None


def survey(run: Run, transport: Transport) -> tuple[Look, Survey]:
    """Look at every node; sets the run's attempt and memory, the look's names and position."""
    look = Look(run, transport, names_of(run.inventory, None))
    names = run.inventory.names
    reachable = look.ask_all(names, REACHABLE)
    look.silent.update(reachable.unanswered)
    # a node without a first answer is among the unanswered of every question: never left out
    seen = Survey(
        reachable=reachable,
        markers=look.ask_all(names, REHEARSAL_MARKER),
        definitions=look.ask_all(names, DEFINITION),
        versions=look.ask_all(names, VERSION),
        leftovers=look.ask_all(names, LEFTOVERS),
    )
    look.names = names_of(run.inventory, _definition(look, seen))
    _read_records(run, look, seen)
    _read_status(look, seen)
    look.position = _position(run, look, seen)
    _forget_a_closed_attempt(run, look, seen)
    return look, seen


def _forget_a_closed_attempt(run: Run, look: Look, seen: Survey) -> None:
    """A cluster that is at the start again (restored, say) begins a new attempt of its own."""
    if run.memory.closed and look.position is Position.NOT_STARTED:
        run.memory = Memory.fold(run.journal.events)
        look.baseline, seen.earlier = None, []


def refresh_records(run: Run, look: Look, seen: Survey) -> None:
    """Read the records again, now that the lock keeps others from writing them."""
    if not any(problem.node == look.names.active for problem in seen.problems):
        _read_records(run, look, seen)
        look.position = _position(run, look, seen)


def _definition(look: Look, seen: Survey) -> ClusterDefinition | None:
    """The definition most nodes have; that they agree is judged by a step."""
    values = list(seen.definitions.values.values())
    return max(values, key=values.count) if values else None


def _read_records(run: Run, look: Look, seen: Survey) -> None:
    try:
        seen.attempt = look.ask(look.names.active, records_query())
        if seen.attempt is not None:
            seen.earlier = seen.attempt.events
    except Unanswered as error:
        seen.problems.append(error)
        return
    except ValueError as error:
        raise RunbookError(
            f"the records of an earlier run on {look.names.active} can't be read: {error}"
        ) from error
    if seen.attempt is not None:
        own = run.journal.events
        run.memory = Memory.fold([*seen.earlier, *own])
        look.baseline = seen.attempt.baseline
        if not run.memory.closed:
            run.attempt = seen.attempt.id


def _read_status(look: Look, seen: Survey) -> None:
    try:
        seen.status = look.cluster_status()
    except Unanswered as error:
        seen.problems.append(error)


def _position(run: Run, look: Look, seen: Survey) -> Position:
    status, baseline = seen.status, look.baseline
    seen.situation = Situation(
        versions=seen.versions.values,
        memory=run.memory,
        # who gave back and closed said nothing of the upgrade: its record proves no target
        has_records=seen.attempt is not None and run.memory.closed_by != "restore",
        standby=status.standby_nodes if status else (),
        fencing=status.options.stonith_enabled if status else False,
        fencing_before=baseline.get("fencing") if baseline else None,
        has_known_conflicts=any(
            run.release.known_conflicts & set(found) for found in seen.leftovers.values.values()
        ),
        source=run.release.source,
        target=run.release.target,
    )
    return position_of(seen.situation)
