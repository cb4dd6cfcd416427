"""Giving back the open entries of the ledger, and nothing else (`--restore`).

The guide's order holds here too: standby first, fencing last (rows G23 to G27). Only what an
entry names is touched: who was in standby before the upgrade stays so.
"""

from __future__ import annotations

from engine.act.actions import action
from engine.act.driving import Action, Changes
from engine.act.foreseen import Foreseen
from engine.ask.look import Look
from engine.judge.restore import unsafe_to_fence
from engine.model.change import Change, Nothing
from engine.model.cluster import ClusterStatus
from engine.record.evidence import StoppedForPerson
from engine.record.memory import Memory
from runbook.phases.actions.pacemaker import UNSTANDBY_WAIT, enable_fencing, transient_standby_ended

FENCING = ("fencing", "cluster")


BRIEF = 30.0
"""Seconds for which a cluster that this run did not change is looked at again."""


def standby_entries(memory: Memory) -> tuple[str, ...]:
    """The nodes whose standby is an open entry of the ledger."""
    return tuple(entry.subject for entry in memory.ledger.values() if entry.kind == "standby")


def unstandby_planned(look: Look) -> Foreseen | Nothing:
    """The changes for the ledger's nodes that are in standby now, by how that was set."""
    entries, status = standby_entries(look.memory), look.cluster_status()
    left = _not_active(status, entries)
    if not left:
        return Nothing(f"active already: {', '.join(entries)}" if entries else NO_STANDBY)
    return Foreseen((_unstandby(look, status, left), *transient_standby_ended(look, left)))


NO_STANDBY = "standby of a node is not among the open temporary changes"


@action(expected="pcs node unstandby", planned=unstandby_planned)
def ledger_unstandby(look: Look) -> Action:
    """The nodes that the upgrade put in standby are active again."""
    entries = standby_entries(look.memory)
    if not entries:
        return Nothing(NO_STANDBY)
    status = look.cluster_status()
    left = _not_active(status, entries)
    active = [name for name in entries if name not in left]
    for name in active:
        look.close_ledger("standby", name, "it is active")
    if not left:
        return Nothing(f"active already: {', '.join(active)}")
    yield _unstandby(look, status, left)
    for change in transient_standby_ended(look, left):  # noqa: UP028  # answers come back
        yield change
    standby = [name for name in left if name in status.standby_nodes]
    away = [name for name in left if name not in standby]
    return "; ".join(
        f"{word}: {', '.join(names)}"
        for word, names in (("was in standby", standby), ("out of the cluster", away))
        if names
    )


def _not_active(status: ClusterStatus, names: tuple[str, ...]) -> tuple[str, ...]:
    nodes = {name: status.node(name) for name in names}
    return tuple(n for n, node in nodes.items() if not (node and node.online and not node.standby))


def _unstandby(look: Look, status: ClusterStatus, left: tuple[str, ...]) -> Change:
    return Change(
        what=f"take {', '.join(left)} out of standby",
        node=look.names.active,
        argv=(
            *("pcs", "node", "unstandby"),
            *(look.names.spelled(name, status) for name in left),
            f"--wait={UNSTANDBY_WAIT}",
        ),
        deadline=UNSTANDBY_WAIT + 60.0,
        # another exit code says that the cluster did not come to rest: the step looks again
        may_fail=True,
        closes=tuple(("standby", name) for name in left),
    )


def _fencing_planned(look: Look) -> Foreseen | Nothing:
    """Neither of the changes before it touches the property, or takes a node away."""
    return one_change(_give_fencing_back(look))


@action(planned=_fencing_planned, despite=("restore",))
def ledger_fencing(look: Look) -> Action:
    """Fencing is enabled again, as it was before the upgrade."""
    return (yield from _give_fencing_back(look))


def _give_fencing_back(look: Look) -> Changes:
    if FENCING not in look.memory.ledger:
        return Nothing("fencing is not among the open temporary changes")
    status = look.cluster_status()
    if status.options.stonith_enabled:
        look.close_ledger(*FENCING, "it is enabled")
        return Nothing("fencing is enabled already")
    # looked at once more directly before: a node may have left since the step that judged it
    if unsafe := unsafe_to_fence(status, look.names.operative):
        raise StoppedForPerson(unsafe)
    yield enable_fencing(look)
    return "it was enabled before the upgrade, by the ledger"


def one_change(action: Changes) -> Foreseen | Nothing:
    """The one change of these actions, or why there is none."""
    try:
        return Foreseen((next(action),))
    except StopIteration as end:
        return Nothing(str(getattr(end.value, "reason", end.value)))
    finally:
        action.close()
