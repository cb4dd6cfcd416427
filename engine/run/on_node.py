"""`python -m engine watch --on-node`: what N knows of a run whose controller is gone. Only asks.

The lock on N is the run's sign of life: its process renews it three times a lease, whatever it is
at. So N can tell a run that lives from one that is silent, also when nobody reaches its machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from engine.act import detached
from engine.ask.recognition import known_of
from engine.attempt.records import Lock, Records, lease_of, records_query
from engine.attempt.remote import ROOT
from engine.errors import RunbookError, Unanswered
from engine.judge import identity as policy
from engine.model.event import Event, moment
from engine.model.identity import Identity
from engine.model.inventory import Inventory
from engine.model.names import names_of
from engine.model.query import Query
from engine.queries.identity import WHO
from engine.record.memory import Memory
from engine.report.console import clock
from engine.report.under_way import as_seen, in_place
from engine.transport.base import Transport, in_parallel
from engine.watching.fold import state_of
from engine.watching.rows import day, now_lines
from engine.watching.state import Watched
from engine.watching.told import Line, Tone, line

T = TypeVar("T")


@dataclass(frozen=True)
class OnNode:
    """What N said."""

    cluster: str
    node: str
    lock: Lock
    watched: Watched = field(default_factory=Watched)
    """The run that holds the lock, or the last one, as far as its journal is there."""
    last: Event | None = None
    """The last line of that journal."""
    commands: Mapping[str, detached.Progress] = field(default_factory=dict)
    """Long commands whose end is not on record, by what they are."""
    left: str = ""
    """Temporary changes on the books, in words; empty: there is none."""
    is_closed: bool = True
    """No attempt is open."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """Operative nodes that gave no answer, and why."""

    @property
    def is_silent(self) -> bool:
        """A run holds the cluster, and N has not heard of it for longer than its lease."""
        return self.lock.is_held and not self.lock.is_alive

    @property
    def is_well(self) -> bool:
        """Nobody has to look: a run is there, or none is and the last one waits for nobody."""
        return self.lock.is_known and not self.is_silent and not self.waits_for_a_person

    @property
    def waits_for_a_person(self) -> bool:
        """No run holds the cluster, and the last one has not come to a good end."""
        if self.lock.is_held or self.is_closed:
            return False
        return self.watched.ended is None or self.watched.ended.exit_code != 0

    @property
    def is_late(self) -> bool:
        """A sign of life is missing, within the lease: one more look tells more."""
        return self.lock.is_alive and self.lock.age > 1.5 * interval_of(self.lock)


def interval_of(lock: Lock) -> int:
    """Seconds between two signs of life of the lock's holder."""
    return max(1, lease_of(lock.holder) // 3)


def ask_node(inventory: Inventory, transport: Transport) -> OnNode:
    """Ask the operative nodes who they are, and N for the records of the runs.

    RunbookError: nobody can tell which node is N, N gives no answer, or a machine is not the one
    that is meant: then it was asked who it is, and nothing else.
    """
    answers = in_parallel(inventory.operative, lambda node: _ask(transport, node, WHO))
    identities = {n: one for n, one in answers.items() if isinstance(one, Identity)}
    silent = {n: str(one) for n, one in answers.items() if isinstance(one, RunbookError)}
    if found := policy.strangers(inventory, identities):
        said = "; ".join(f"[{one.code}] {one.subject}: {one.observed}" for one in found)
        raise RunbookError(f"not the machine that is meant: {said}")
    definition = policy.definition_of(identities, inventory.settings.cluster)
    names = names_of(inventory, definition)
    if not names.is_known or names.active not in identities:
        why = "; ".join(silent.values()) or "no node has an /etc/neteye-cluster that names it"
        raise RunbookError(
            f"the records of runs are on the NetEye active node, which can't be asked: {why}."
            " Bring it into reach, then ask again; to look at the cluster itself: pcs status"
        )
    transport.confirm(names.active, known_of(identities[names.active]))
    records = _ask(transport, names.active, records_query())
    return _seen(inventory, transport, names.active, records, silent)


def _seen(
    inventory: Inventory,
    transport: Transport,
    node: str,
    records: Records,
    silent: Mapping[str, str],
) -> OnNode:
    cluster, lock, attempt = inventory.settings.cluster, records.lock, records.attempt
    try:
        events = attempt.events if attempt else []
    except ValueError as error:
        raise RunbookError(f"{node}: the records of the runs can't be read: {error}") from error
    if attempt is None or not events:
        return OnNode(cluster, node, lock, silent=silent)
    holder = str(lock.holder.get("run", "")) if lock.is_held else ""
    # one that has not opened its journal there yet is shown by its lock alone
    run = holder or str(events[-1]["run"])
    own = [event for event in events if event["run"] == run]
    commands, memory = {}, Memory.fold(events)
    for record in memory.open_intents():
        if name := record.intent.get("detached"):
            query = detached.progress_query(detached.directory(attempt.id, name))
            commands[str(record.intent["what"])] = _ask(transport, node, query)
    last = own[-1] if own else None
    entries = as_seen(memory, events)
    left = in_place(entries) if entries else ""
    watched = state_of(own)
    return OnNode(cluster, node, lock, watched, last, commands, left, memory.closed, silent)


def _ask(transport: Transport, node: str, query: Query[T]) -> T:
    answer = transport.run(node, query.argv, deadline=query.deadline)
    if answer.code not in query.ok_codes or answer.truncated:
        raise Unanswered(node, query.name, f"exit code {answer.code} is no answer to it")
    try:
        return query.parse(answer)
    except (ValueError, LookupError) as error:
        raise Unanswered(node, query.name, f"its answer can't be read: {error}") from error


def lines_of(seen: OnNode, now: datetime) -> Iterator[Line]:
    """What is known, in the order in which somebody asks at night. Times are UTC."""
    lock, watched = seen.lock, seen.watched
    yield line("asked", f"{seen.node}, N of {seen.cluster}, at {day(now)}")
    heard = now - timedelta(seconds=lock.age)
    yield _verdict(seen, heard)
    if lock.is_held:
        yield line("who", _who(lock.holder))
    if seen.last is not None:
        said = f"{seen.last['event']} at {day(moment(seen.last))}"
        ago = clock(max(0.0, (now - moment(seen.last)).total_seconds()))
        yield line("last line of its journal", said, f"{ago} ago")
        yield from now_lines(watched, heard if seen.is_silent else now)
    elif lock.is_held:
        yield line("its journal", "none of it is on the node yet")
    for what, progress in seen.commands.items():
        said = _state(progress, "this run" if lock.is_alive else "the next run")
        yield line("on the cluster", f"{what}: {said}", tone=Tone.WARN)
    if seen.left:
        yield line("changed for a time", seen.left, tone=Tone.WARN)
    for node, why in seen.silent.items():
        yield line(node, f"gives no answer: {why}", tone=Tone.WARN)
    for number, what in enumerate(_to_do(seen)):
        yield line("what to do" if not number else "type", what)


def _verdict(seen: OnNode, heard: datetime) -> Line:
    lock, watched = seen.lock, seen.watched
    if not lock.is_known:
        return line("run", f"NOT KNOWN: {ROOT}/lock on {seen.node} can't be read", tone=Tone.BAD)
    if seen.is_silent:
        said = (
            f"SILENT since {day(heard)}; it was to tell {seen.node} every {interval_of(lock)} s"
            " that it is there"
        )
        return line("run", said, f"for {clock(lock.age)}", tone=Tone.BAD)
    if seen.is_late:
        said = (
            f"NOT HEARD OF for {lock.age} s, and it was to tell {seen.node} every"
            f" {interval_of(lock)} s that it is there"
        )
        return line("run", said, tone=Tone.WARN)
    if lock.is_held:
        return line("run", f"it is there: {seen.node} heard of it {lock.age} s ago", tone=Tone.GOOD)
    if watched.ended is not None:
        ended = watched.ended
        said = f"none; the last one ended at {day(ended.at)}: {ended.outcome}, exit code"
        tone = Tone.BAD if seen.waits_for_a_person else Tone.PLAIN
        return line("run", f"{said} {ended.exit_code}", tone=tone)
    if seen.last is not None:
        return line("run", "none; the last one gave the cluster back without its last words")
    return line("run", "none, and no attempt is on record")


def _who(holder: Mapping[str, object]) -> str:
    login, name = str(holder.get("who", "")), str(holder.get("by", ""))
    who = f"{name} ({login})" if name else login or "nobody on record"
    told = f"{who} on {holder.get('host', 'an unknown machine')}, process {holder.get('pid', '?')}"
    return f"{told}, run {holder.get('run', '?')}, since {holder.get('since', '?')}"


def _state(progress: detached.Progress, run: str) -> str:
    if progress.has_ended:
        return f"it has ended by itself, exit status {progress.status}; {run} takes that"
    if progress.alive:
        return f"it goes on by itself; {run} follows it"
    if not progress.exists:
        return "nothing of it is there"
    return "it is not there any more and left no exit status"


def _to_do(seen: OnNode) -> Iterator[str]:
    """What a person does; behind it the command, when there is one."""
    watched, host = seen.watched, str(seen.lock.holder.get("host", "its machine"))
    again = watched.commands.get("again", "")
    if not seen.lock.is_known:
        yield f"look at {ROOT}/lock there: a number, held or free, and who holds it, a line each"
        return
    if seen.is_late:
        left = lease_of(seen.lock.holder) - seen.lock.age
        yield f"ask again in {left + 1} s: by then it was heard of, or it is silent"
        return
    if seen.lock.is_alive:
        yield f"nothing; whoever wants to look on does it on {host}: python -m engine watch"
        return
    if seen.is_silent:
        yield (
            f"find out whether {host} and the run on it are there. A run that comes back changes"
            " nothing once another one has taken over. To take over, run the same again, from any"
            " controller: it goes on where this one ended, and does nothing twice"
        )
    elif watched.is_as_asked and watched.ended:
        yield "nothing until the next night: it ended as asked, where the cluster may be left"
        again = watched.commands.get("upgrade", again)
    elif watched.ended is None or watched.ended.exit_code == 0:
        yield "nothing" if watched.ended or seen.last is None else "run the same again"
    else:
        stopped = watched.stopped
        yield stopped.what_to_do if stopped and stopped.what_to_do else "run the same again"
    ended_well = watched.ended is not None and watched.ended.is_through
    if again and (seen.is_silent or not ended_well):
        yield again
