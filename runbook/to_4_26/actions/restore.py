"""Giving back what the version step has made for a time (`--restore`): schema, constraint."""

from __future__ import annotations

from engine.act.actions import action
from engine.act.driving import Action, Changes
from engine.act.foreseen import Foreseen
from engine.ask.look import Look
from engine.judge.restore import unsettled
from engine.model.change import Change, Nothing
from engine.queries.pacemaker import CIB
from engine.record.evidence import StoppedForPerson
from engine.waiting import poll
from runbook.phases.actions.restore import BRIEF, one_change
from runbook.to_4_26.actions.backup import scratch_dropped
from runbook.to_4_26.memories import dump


def _scratch_planned(look: Look) -> Foreseen | Nothing:
    """Reactivating a node makes or drops no schema."""
    return one_change(_give_scratch_back(look))


@action(planned=_scratch_planned, despite=("restore.unstandby",))
def ledger_scratch(look: Look) -> Action:
    """The schema that a backup was restored into is gone."""
    return (yield from _give_scratch_back(look))


def _give_scratch_back(look: Look) -> Changes:
    if dump.SCRATCH not in look.memory.ledger:
        return Nothing("a scratch schema is not among the open temporary changes")
    return (yield from scratch_dropped(look, "the backup itself stays where it is"))


@action(expected="pcs constraint remove")
def ledger_constraint(look: Look) -> Action:
    """The location constraint that moved httpd is gone; httpd stays where it is."""
    entries = [entry.subject for entry in look.memory.ledger.values() if entry.kind == "constraint"]
    if not entries:
        return Nothing("a constraint is not among the open temporary changes")
    there = look.ask(look.names.active, CIB).location_ids
    for name in entries:
        if name not in there:
            look.close_ledger("constraint", name, "there is no such constraint")
    left = [name for name in entries if name in there]
    if not left:
        return Nothing(f"there is no constraint {', '.join(entries)}")
    operative = look.names.operative
    status = poll(
        look.cluster_status,
        lambda seen: not unsettled(seen, operative),
        deadline=BRIEF,
        clock=look.timer,
        wait=look.wait,
    )
    if found := unsettled(status, operative):
        raise StoppedForPerson(found)
    yield Change(
        what=f"remove constraint {', '.join(left)}",
        node=look.names.active,
        argv=("pcs", "constraint", "remove", *left),
        deadline=60.0,
        closes=tuple(("constraint", name) for name in left),
    )
    return "what it had moved stays where it is"
