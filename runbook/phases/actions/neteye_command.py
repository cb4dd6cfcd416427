"""`neteye update` and `neteye upgrade`: once a round, detached, in a fresh login shell (G18)."""

from __future__ import annotations

from engine.act.actions import action
from engine.act.driving import Action
from engine.ask.look import Look
from engine.errors import Unanswered
from engine.judge import versions
from engine.judge.packages import not_left
from engine.model.change import Change, Nothing, Temporary
from engine.queries.neteye import VERSION
from engine.queries.packages import PENDING, package_state
from engine.record.memory import ChangeRecord, Memory
from engine.record.position import LEFT, UPDATES_LEFT, Position, is_proved, left_of

UPDATE_DEADLINE = 6 * 3600.0
UPGRADE_DEADLINE = 12 * 3600.0
"""Seconds; generous, because ending the wait does not end the command."""


def temporary_changes(look: Look) -> tuple[Temporary, ...]:
    """What the command is known to leave: standby of OTHER, fencing off (domain facts 2.1)."""
    status = look.cluster_status()
    opens = [
        Temporary("standby", node, "active")
        for node in look.names.other
        if node not in status.standby_nodes
    ]
    if status.options.stonith_enabled:
        opens.append(Temporary("fencing", "cluster", "enabled"))
    return tuple(opens)


@action(guide=("G28",))
def neteye_updated(look: Look) -> Action:
    """Every update of the source is installed."""
    rounds = look.memory.detached("update")
    if look.memory.detached("upgrade"):
        return Nothing("the upgrade has started: updates were settled before it")
    last = rounds[-1] if rounds else None
    if last is not None and ended_with(last) == 0:
        # updates that this run left are judged by its step, not by another round
        # another round would not bring what dnf does not see
        if _is_of_this_run(look, last) or not _has_updates(look, hidden=False):
            return Nothing(f"'neteye update' ended with {exit_status_of(last)} as {name_of(last)}")
    elif last is None and _has_updates(look) is False:
        return Nothing("no node has pending updates")
    yield Change(
        what="neteye update",
        node=look.names.active,
        argv=("neteye", "update"),
        deadline=UPDATE_DEADLINE,
        repeatable=False,
        detached=_next_name("update", rounds),
        opens=temporary_changes(look),
    )
    return _ended_well(look.memory.detached("update"))


def _has_updates(look: Look, *, hidden: bool = True) -> bool | None:
    """Whether a node has updates, those apart that were accepted to stay away; None: not told.

    `hidden`: those count that dnf of the node does not see.
    """
    asked = look.ask_all(look.names.all, package_state(look.release.repository, parts=PENDING))
    left = left_of(look.memory, LEFT, UPDATES_LEFT)
    for node, state in asked.values.items():
        if not_left(state.pending if hidden else state.offered, left.get(node, ())):
            return True
    return False if asked.is_complete else None


@action(guide=("G18",), expected="neteye upgrade, once more")
def neteye_upgraded(look: Look, round_number: int) -> Action:
    """A round of the upgrade has been run to its end."""
    rounds = look.memory.detached("upgrade")
    last = rounds[-1] if rounds else None
    if last is not None and ended_with(last) == 0 and not _is_without_effect(look, last):
        return Nothing(
            f"not needed: the upgrade ended with {exit_status_of(last)} in {name_of(last)}"
        )
    mine = round_on_record(look.memory, round_number)
    if mine is not None and mine.has_ended and not _is_once_more(look, mine, round_number):
        return Nothing(f"this round was run and ended with {exit_status_of(mine)}")
    command = _command(look, rounds)
    answer = yield Change(
        what=f"neteye {command}, round {round_number}",
        node=look.names.active,
        argv=("neteye", command),
        deadline=UPGRADE_DEADLINE,
        repeatable=False,
        detached=f"upgrade-{round_number}" if mine is None else _next_name("upgrade", rounds),
        may_fail=True,
        opens=temporary_changes(look),
    )
    # another exit status is told with the change, as of each that may fail
    return _ended_well(look.memory.detached("upgrade")) if answer.ok else None


def _is_without_effect(look: Look, record: ChangeRecord) -> bool:
    """A round of an earlier run ended with 0, and a node is not at the target: run it once more.

    In the run that saw the exit status, the verification says so and stops.
    """
    if _is_of_this_run(look, record) or look.position.is_after(Position.PLANNED_STOP):
        return False
    told = look.ask_all(look.names.all, VERSION).values
    if versions.reached(told, look.release.target, told):
        return True
    if is_proved(look.memory, name_of(record)):
        return False
    query = package_state(look.release.repository, version=str(look.release.target), parts=PENDING)
    left = left_of(look.memory, LEFT)
    states = look.ask_all(look.names.all, query).values
    # another round would not bring what dnf does not see: the verification says so
    return any(not_left(state.within_reach, left.get(node, ())) for node, state in states.items())


def _is_once_more(look: Look, mine: ChangeRecord, round_number: int) -> bool:
    """The last round may be started again by each further run: a person has seen to the cause.

    At the planned stop the migration comes first.
    """
    is_last = round_number == len(look.names.operative) + 2
    at_stop = look.position is Position.PLANNED_STOP
    return is_last and not at_stop and not _is_of_this_run(look, mine)


def _command(look: Look, rounds: list[ChangeRecord]) -> str:
    """`upgrade`, until a round of it has ended well and every node says it is at the target.

    From then on `neteye upgrade` would ask for the version after that, so what is left comes by
    `neteye update`: the newest packages of the version that the cluster is at (domain facts 2.1).
    Unanswered when a node does not say: either could be the wrong one.
    """
    if not any(ended_with(record) == 0 for record in rounds):
        return "upgrade"
    told = look.ask_all(look.names.all, VERSION)
    for node, why in told.unanswered.items():
        raise Unanswered(node, VERSION.name, why)
    return (
        "upgrade" if versions.reached(told.values, look.release.target, told.values) else "update"
    )


def round_on_record(memory: Memory, round_number: int) -> ChangeRecord | None:
    """What is on record of a round, None before it was begun."""
    return next(iter(memory.of_step(f"upgrade.run[{round_number}]")), None)


def _is_of_this_run(look: Look, record: ChangeRecord) -> bool:
    return record.result is None or record.result["run"] == look.run_id


def name_of(record: ChangeRecord) -> str:
    return str(record.intent["detached"])


def ended_with(record: ChangeRecord) -> int | None:
    """The exit status on record, or a person's word for it; None when there is neither."""
    return record.exit_status


def exit_status_of(record: ChangeRecord) -> str:
    if record.result is not None and record.result.get("by_word"):
        return "exit status 0 by a person's word"
    code = ended_with(record)
    return f"exit status {code}" if code is not None else "no exit status: it was interrupted"


def _ended_well(rounds: list[ChangeRecord]) -> str:
    """Of a command that has just ended with 0, or is taken for it by a person's word."""
    last = rounds[-1] if rounds else None
    return f"it ended with {exit_status_of(last) if last and last.has_ended else 'exit status 0'}"


def failure_of(record: ChangeRecord) -> str:
    """How it ended, and where its log tells why: the failing task."""
    failing = record.result.get("failing") if record.result else ""
    return f"{exit_status_of(record)}: {failing}" if failing else exit_status_of(record)


def _next_name(command: str, rounds: list[ChangeRecord]) -> str:
    """The name of the round under way, or of the next one when the last has ended.

    Counted by the last name: rounds of one change are one record, the last.
    """
    if not rounds:
        return f"{command}-1"
    last = name_of(rounds[-1])
    if not rounds[-1].has_ended:
        return last
    return f"{command}-{int(last.rpartition('-')[2]) + 1}"
