"""The first look: who answers, who is who, what is on record, where the upgrade stands.

Nothing is judged here; an answer that did not come is kept as such for the steps to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.attempt.memory import Memory
from engine.attempt.position import Position, Situation, position_of
from engine.attempt.records import Attempt, Lock, records_query
from engine.errors import Unanswered
from engine.journal import Event
from engine.look import Look
from engine.model.cluster import ClusterDefinition, ClusterStatus
from engine.model.host import Version
from engine.model.names import names_of
from engine.queries import Asked, Query
from engine.queries.machine import LEFTOVERS
from engine.queries.neteye import DEFINITION, VERSION
from engine.run import Run
from engine.transport.base import Lost

MARKER = "/etc/neteye-rehearsal/marker.json"
REHEARSAL_MARKER: Query[bool] = Query(
    name="rehearsal marker", argv=("test", "-f", MARKER),
    parse=lambda answer: answer.code == 0, ok_codes=(0, 1),
)  # fmt: skip
REACHABLE: Query[bool] = Query(
    name="a first answer", argv=("true",), parse=lambda answer: True, deadline=60.0
)

RECORDS = records_query()


@dataclass
class Survey:
    """What the first look found. `problems` are questions that decide the position, unanswered."""

    reachable: Asked[bool]
    markers: Asked[bool]
    definitions: Asked[ClusterDefinition]
    versions: Asked[Version]
    leftovers: Asked[tuple[str, ...]]
    definition: ClusterDefinition | None = None
    """The cluster's definition as most nodes have it; None when none has told it."""
    status: ClusterStatus | None = None
    attempt: Attempt | None = None
    lock: Lock | None = None
    """Who holds the cluster, as N said with its records; None when it said nothing."""
    earlier: list[Event] = field(default_factory=list)
    is_history: bool = False
    """The attempt on record is over and the cluster at the start again: nothing of it counts."""
    problems: list[Unanswered] = field(default_factory=list)
    unreadable: str = ""
    """Why the records on N, which were handed over, can't be read or used; no answer is none."""
    kept_back: str = ""
    """Why N, which answers, did not hand over its records: what they say is not known."""
    situation: Situation | None = None
    """What the position is derived from; None when the records are not known."""

    def who_is_n(self) -> str:
        """Why nobody could tell which node is N."""
        if self.definition is not None:
            return f"{self.definition.active_node.hostname} is not in the inventory"
        why = "; ".join(f"{node}: {said}" for node, said in self.definitions.unanswered.items())
        return f"no node told its /etc/neteye-cluster ({why})"


def survey(run: Run, look: Look) -> Survey:
    """Look at every node; sets the run's attempt and memory, the look's names and position."""
    names = run.inventory.names
    reachable = look.ask_all(names, REACHABLE)
    look.silent.update(reachable.unanswered)
    _learn_secrets(run, look)
    # a node without a first answer is among the unanswered of every question: never left out
    seen = Survey(
        reachable=reachable,
        markers=look.ask_all(names, REHEARSAL_MARKER),
        definitions=look.ask_all(names, DEFINITION),
        versions=look.ask_all(names, VERSION),
        leftovers=look.ask_all(names, LEFTOVERS),
    )
    seen.definition = _definition(seen)
    look.names = names_of(run.inventory, seen.definition)
    _read_records(run, look, seen)
    _read_status(look, seen)
    look.position = _position(run, look, seen)
    _forget_a_closed_attempt(run, look, seen)
    return seen


def _learn_secrets(run: Run, look: Look) -> None:
    look.learn([node for node in run.inventory.operative if node not in look.silent])


def _forget_a_closed_attempt(run: Run, look: Look, seen: Survey) -> None:
    """A cluster that is at the start again (restored, say) begins a new attempt of its own."""
    seen.is_history = run.memory.closed and look.position is Position.NOT_STARTED
    if seen.is_history:
        run.memory = Memory.fold(run.journal.events)
        run.judge.honour(run.memory.accepted.values())
        look.baseline, seen.earlier = None, []


def refresh_records(run: Run, look: Look, seen: Survey) -> None:
    """Read the records again, now that the lock keeps others from writing them."""
    if look.names.active in look.silent:
        return
    seen.problems = [problem for problem in seen.problems if problem.question != RECORDS.name]
    seen.unreadable = seen.kept_back = ""
    _read_records(run, look, seen)
    look.position = _position(run, look, seen)
    _forget_a_closed_attempt(run, look, seen)


def _definition(seen: Survey) -> ClusterDefinition | None:
    """The definition most nodes have; that they agree is judged by a step."""
    values = list(seen.definitions.values.values())
    return max(values, key=values.count) if values else None


def _read_records(run: Run, look: Look, seen: Survey) -> None:
    active = look.names.active
    if not look.names.is_known:
        return  # they would be those of whoever comes first in the inventory
    try:
        found = look.ask(active, RECORDS)
        attempt, seen.lock = found.attempt, found.lock
        earlier = attempt.events if attempt is not None else []
        memory = Memory.fold([*earlier, *run.journal.events])
        if attempt is not None and not isinstance(attempt.baseline, Mapping):
            raise ValueError(f"attempt {attempt.id} has no whole baseline.json")
    except Unanswered as error:
        seen.problems.append(error)
        if active in look.silent:
            return
        if isinstance(error.__cause__, Lost):
            seen.kept_back = error.why
        else:
            seen.unreadable = error.why.rpartition("is no answer to this question. ")[2]
        return
    except (ValueError, TypeError, AttributeError) as error:
        seen.unreadable = str(error)
        return
    except LookupError as error:
        seen.unreadable = f"an event lacks its field {error}"
        return
    if attempt is not None and memory.closed and _is_of_another_upgrade(run, memory, attempt):
        return  # history: this upgrade has no records yet
    run.memory, seen.attempt, seen.earlier = memory, attempt, earlier
    run.judge.honour(memory.accepted.values())
    if attempt is not None:
        look.baseline = attempt.baseline
        if not memory.closed:
            run.attempt = attempt.id


def _is_of_another_upgrade(run: Run, memory: Memory, attempt: Attempt) -> bool:
    opened = {**memory.runs.get(attempt.id, {}), **(attempt.baseline or {})}
    pair = (str(run.release.source), str(run.release.target))
    return (opened.get("source"), opened.get("target")) != pair


def _read_status(look: Look, seen: Survey) -> None:
    try:
        seen.status = look.cluster_status()
    except Unanswered as error:
        seen.problems.append(error)


def _position(run: Run, look: Look, seen: Survey) -> Position:
    status, baseline = seen.status, look.baseline
    seen.situation = None
    told = look.names.is_known and look.names.active not in look.silent
    if not told or seen.unreadable or seen.kept_back:
        return Position.UNKNOWN
    seen.situation = Situation(
        versions=seen.versions.values,
        memory=run.memory,
        # who gave back and closed said nothing of the upgrade: its record proves no target
        has_records=seen.attempt is not None and run.memory.closed_by != "restore",
        standby=status.standby_nodes if status else None,
        fencing=status.options.stonith_enabled if status else None,
        fencing_before=baseline.get("fencing") if baseline else None,
        has_known_conflicts=any(
            run.release.known_conflicts & set(found) for found in seen.leftovers.values.values()
        ),
        source=run.release.source,
        target=run.release.target,
    )
    return position_of(seen.situation)
