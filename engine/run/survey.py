"""The first look: who answers, who is who, what is on record, where the upgrade stands.

Nothing is judged here; an answer that did not come is kept as such for the steps to judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.ask import recognition
from engine.ask.look import Look
from engine.attempt.baseline import as_renewed
from engine.attempt.chains import Altered, heads_of
from engine.attempt.noted import missing_runs, refuse_lost
from engine.attempt.records import Attempt, Lock, records_query
from engine.errors import OUT_OF_REACH, Unanswered
from engine.judge.identity import definition_of
from engine.judge.packages import not_left
from engine.model.answer import Lost
from engine.model.cluster import ClusterStatus
from engine.model.definition import ClusterDefinition
from engine.model.ending import Mode
from engine.model.event import Event
from engine.model.finding import Finding
from engine.model.host import Version
from engine.model.identity import Identity
from engine.model.names import names_of
from engine.model.query import Asked
from engine.queries.machine import LEFTOVERS
from engine.queries.neteye import DEFINITION, VERSION
from engine.queries.pacemaker import STATUS
from engine.queries.packages import BEHIND, package_state
from engine.record.memory import Memory
from engine.record.position import LEFT, Position, Situation, left_of, position_of, round_to_prove
from engine.record.run import Run
from engine.verify import Missing, generations_of

RECORDS = records_query()


@dataclass
class Survey:
    """What the first look found. `problems`: unanswered questions that decide the position."""

    reachable: Asked[Identity]
    """The first answers: who each machine is."""
    versions: Asked[Version] = field(default_factory=lambda: Asked(VERSION.name))
    leftovers: Asked[tuple[str, ...]] = field(default_factory=lambda: Asked(LEFTOVERS.name))
    strangers: list[Finding] = field(default_factory=list)
    """Machines that are not those that are meant: nothing else was asked."""
    definition: ClusterDefinition | None = None
    """The cluster's definition as most nodes have it; None when none has told it."""
    status: ClusterStatus | None = None
    attempt: Attempt | None = None
    lock: Lock | None = None
    """Who holds the cluster, as N said with its records; None when it said nothing."""
    earlier: list[Event] = field(default_factory=list)
    heads: dict[str, str] = field(default_factory=dict)
    """Run of `attempt` -> the head of its journal, as N handed it over."""
    missing: tuple[Missing, ...] = ()
    """Runs of `attempt` that had the cluster's lock, and of which N has no journal."""
    is_history: bool = False
    """The attempt on record is over and the cluster at the start again: nothing of it counts."""
    problems: list[Unanswered] = field(default_factory=list)
    has_asked_records: bool = False
    """N was asked for its records; not before it is known to be N."""
    unreadable: str = ""
    """Why the records that N handed over can't be read or used; empty when it handed over none."""
    is_altered: bool = False
    """They can be read, and are not as the runs wrote them."""
    kept_back: str = ""
    """Why N, which answers, did not hand over its records: what they say is not known."""
    packages_left: dict[str, bool] = field(default_factory=dict)
    """Round -> whether packages are left after it, as far as that had to be asked."""
    situation: Situation | None = None
    """What the position is derived from; None when the records are not known."""

    def who_is_n(self) -> str:
        """Why nobody could tell which node is N."""
        if self.definition is not None:
            return f"{self.definition.active_node.hostname} is not in the inventory"
        why = "; ".join(f"{node}: {said}" for node, said in self.definitions.unanswered.items())
        return f"no node told its /etc/neteye-cluster ({why})"

    @property
    def sent(self) -> str:
        """What was sent to strangers before they were known to be strangers."""
        if self.has_asked_records:
            return "Nothing was changed there"
        return "They were asked who they are, and nothing else was sent to them"

    @property
    def markers(self) -> Asked[bool]:
        """Which machines carry the marker of a rehearsal."""
        asked: Asked[bool] = Asked("rehearsal marker")
        asked.unanswered |= dict.fromkeys(self.reachable.unanswered, OUT_OF_REACH)
        asked.values |= {n: seen.is_rehearsal for n, seen in self.reachable.values.items()}
        return asked

    @property
    def definitions(self) -> Asked[ClusterDefinition]:
        """Each machine's `/etc/neteye-cluster`, which it has told with its names."""
        asked: Asked[ClusterDefinition] = Asked(DEFINITION.name)
        asked.unanswered |= dict.fromkeys(self.reachable.unanswered, OUT_OF_REACH)
        for node, seen in self.reachable.values.items():
            if seen.definition is None:
                asked.unanswered[node] = seen.unreadable
            else:
                asked.values[node] = seen.definition
        return asked


def survey(run: Run, look: Look) -> Survey:
    """Look at every node; sets the run's attempt and memory, the look's names and position.

    Only the first question is sent until all machines that answer it are known to be the right
    ones. Then only N is asked, until its records say that they are still the same machines.
    """
    names = run.inventory.names
    seen = Survey(look.who(names))
    identities = seen.reachable.values
    # a node without a first answer is among the unanswered of every question: never left out
    look.silent.update(seen.reachable.unanswered)
    seen.definition = definition_of(identities, run.inventory.settings.cluster)
    look.names = names_of(run.inventory, seen.definition)
    look.position = Position.UNKNOWN
    if look.compares_machines:
        seen.strangers = recognition.strangers(run, identities)
    if seen.strangers:
        return seen
    look.confirm(identities)
    active = look.names.active
    secrets = run.release.secrets
    look.ask_ahead(
        (active, query) for query in (*secrets, *([RECORDS, STATUS] if look.names.is_known else ()))
    )
    look.learn([] if active in look.silent else [active])
    _read_records(run, look, seen)
    if seen.strangers:
        return seen
    others = [node for node in run.inventory.operative if node != active]
    look.ask_ahead((node, query) for query in secrets for node in others)
    look.ask_ahead((node, query) for query in (VERSION, LEFTOVERS) for node in names)
    _read_status(look, seen)
    if run.mode is Mode.PLAN and seen.status is not None:
        look.reach_database(seen.status)
    look.learn([node for node in others if node not in look.silent])
    seen.versions = look.ask_all(names, VERSION)
    seen.leftovers = look.ask_all(names, LEFTOVERS)
    look.position = _position(run, look, seen)
    _forget_a_closed_attempt(run, look, seen)
    return seen


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
    seen.is_altered = False
    _read_records(run, look, seen)
    look.position = _position(run, look, seen)
    _forget_a_closed_attempt(run, look, seen)


def _read_records(run: Run, look: Look, seen: Survey) -> None:
    active = look.names.active
    if not look.names.is_known:
        return  # `active` is then only the first node of the inventory
    seen.has_asked_records = True
    try:
        found = look.ask(active, RECORDS)
        attempt, seen.lock = found.attempt, found.lock
        earlier = attempt.events if attempt is not None else []
        heads = heads_of(attempt.journals, attempt.id) if attempt is not None else {}
        missing = _missing(run, attempt, found.lock, earlier) if attempt is not None else ()
        memory = Memory.fold([*earlier, *run.journal.events])
        if attempt is not None and not isinstance(attempt.baseline, Mapping):
            raise ValueError(f"attempt {attempt.id} has no whole baseline.json")
        baseline = as_renewed(attempt.baseline or {}, memory.facts) if attempt else None
    except Unanswered as error:
        seen.problems.append(error)
        if active in look.silent:
            return
        if isinstance(error.__cause__, Lost):
            seen.kept_back = error.why
        else:
            seen.unreadable = error.said or error.why
        return
    except (ValueError, TypeError, AttributeError) as error:
        seen.unreadable, seen.is_altered = str(error), isinstance(error, Altered)
        return
    except LookupError as error:
        seen.unreadable = f"an event lacks its field {error}"
        return
    if attempt is not None and memory.closed and _is_of_another_upgrade(run, memory, attempt):
        return  # history: this upgrade has no records yet
    run.memory, seen.attempt, seen.earlier, seen.heads = memory, attempt, earlier, heads
    seen.missing = missing
    run.judge.honour(memory.accepted.values())
    if attempt is not None:
        look.baseline = baseline
        if not memory.closed:
            run.attempt = attempt.id
            _compare_machines(run, look, seen)


def _missing(
    run: Run, attempt: Attempt, lock: Lock, earlier: Sequence[Event]
) -> tuple[Missing, ...]:
    """Raises Altered for a run whose journal N has had."""
    refuse_lost(attempt.noted, attempt.journals)
    own = max(generations_of(run.journal.events), default=None)
    at_work = str(lock.holder.get("run", "")) if lock.is_alive else ""
    return tuple(missing_runs(attempt.noted, earlier, run.run_id, own, at_work))


def _compare_machines(run: Run, look: Look, seen: Survey) -> None:
    """Within an attempt a node stays the machine that it was; a follow-up goes by no record."""
    if run.follows is None and look.compares_machines:
        known = seen.reachable.values
        seen.strangers = recognition.changed(run, look.baseline or {}, known)


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
    seen.situation = None
    told = look.names.is_known and look.names.active not in look.silent
    if not told or seen.unreadable or seen.kept_back:
        return Position.UNKNOWN
    seen.situation = Situation.of(
        run.memory,
        run.release,
        look.baseline,
        seen.versions.values,
        seen.status,
        seen.leftovers.values.values(),
        is_on_record=seen.attempt is not None,
    )
    if name := round_to_prove(seen.situation):
        if name not in seen.packages_left:
            seen.packages_left[name] = _has_packages_left(run, look)
        left = seen.packages_left[name]
        seen.situation = replace(seen.situation, has_packages_left=left)
    return position_of(seen.situation)


def _has_packages_left(run: Run, look: Look) -> bool:
    """Some node's packages are not those of the target, or it can't be told."""
    release = run.release
    query = package_state(release.repository, version=str(release.target), parts=BEHIND)
    asked = look.ask_all(look.names.all, query)
    accepted = left_of(run.memory, LEFT)
    return not asked.is_complete or any(
        not_left(state.behind, accepted.get(node, ())) for node, state in asked.values.items()
    )
