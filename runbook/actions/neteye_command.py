"""`neteye update` and `neteye upgrade`: once a round, detached, in a fresh login shell (G18)."""

from __future__ import annotations

from engine.act import Action
from engine.actions import action
from engine.attempt.memory import ChangeRecord
from engine.look import Look
from engine.model.change import Change, Nothing, Temporary
from engine.policy import versions
from engine.queries.machine import pending_updates
from engine.queries.neteye import VERSION
from runbook.release import REPOSITORY, TARGET

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
    """Every update of 4.25 is installed."""
    rounds = look.memory.detached("update")
    if look.memory.detached("upgrade"):
        return Nothing("the upgrade has started: updates were settled before it")
    done = [record for record in rounds if ended_with(record) == 0]
    if done:
        return Nothing(f"'neteye update' ended with exit status 0 as {name_of(done[-1])}")
    if not rounds:
        pending = look.ask_all(look.names.all, pending_updates(REPOSITORY))
        if pending.is_complete and not any(pending.values.values()):
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
    return "it ended with exit status 0"


@action(guide=("G18",), expected="neteye upgrade, once more")
def neteye_upgraded(look: Look, round_number: int) -> Action:
    """A round of the upgrade has been run to its end."""
    rounds = {name_of(record): record for record in look.memory.detached("upgrade")}
    done = [record for record in rounds.values() if ended_with(record) == 0]
    if done and not _is_without_effect(look, done[-1]):
        return Nothing(f"not needed: the upgrade ended with exit status 0 in {name_of(done[-1])}")
    mine = rounds.get(f"upgrade-{round_number}")
    if mine is not None and mine.has_ended:
        return Nothing(f"this round was run and ended with {said_of(mine)}")
    yield Change(
        what=f"neteye upgrade, round {round_number}",
        node=look.names.active,
        argv=("neteye", "upgrade"),
        deadline=UPGRADE_DEADLINE,
        repeatable=False,
        detached=f"upgrade-{round_number}",
        may_fail=True,
        opens=temporary_changes(look),
    )
    return "it ran to its end"


def _is_without_effect(look: Look, record: ChangeRecord) -> bool:
    """An earlier run's exit status 0 and a node that is not at the target: it is run once more.

    In the run that saw the exit status, the verification says so and stops.
    """
    if record.result is None or record.result["run"] == look.run_id:
        return False
    told = look.ask_all(look.names.all, VERSION).values
    return bool(versions.reached(told, TARGET, told))


def name_of(record: ChangeRecord) -> str:
    return str(record.intent["detached"])


def ended_with(record: ChangeRecord) -> int | None:
    """The exit status on record; None when there is none."""
    return record.result.get("code") if record.result else None


def said_of(record: ChangeRecord) -> str:
    code = ended_with(record)
    return f"exit status {code}" if code is not None else "no exit status: it was interrupted"


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
