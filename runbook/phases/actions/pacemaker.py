"""Giving back what the vendor's commands took: standby and fencing.

The runbook never sets standby and never turns fencing off (design, promise 5).
"""

from __future__ import annotations

from collections.abc import Collection

from engine.act.actions import action
from engine.act.driving import Action
from engine.act.foreseen import Foreseen
from engine.ask.look import Look
from engine.judge import modes
from engine.model.change import Change, Nothing
from engine.queries.pacemaker import CIB

UNSTANDBY_WAIT = 300
"""Seconds that pcs waits for the nodes to settle (guide row G23)."""
_NOBODY = "no node is in standby"


def unstandby_to_come(look: Look) -> Foreseen | Nothing:
    """The changes for the nodes that are in standby now, by how that was set."""
    if not look.cluster_status().standby_nodes:
        return Nothing(_NOBODY)
    further = transient_standby_ended(look, look.names.operative)
    return Foreseen((_all_active(look), *further))


@action(guide=("G23",), planned=unstandby_to_come)
def nodes_unstandby(look: Look) -> Action:
    """Every operative node is active again after the upgrade."""
    return (yield from _unstandby(look))


@action(guide=("G28",))
def nodes_unstandby_after_update(look: Look) -> Action:
    """Every operative node is active again after the update."""
    if reason := update_is_history(look):
        return Nothing(reason)
    return (yield from _unstandby(look))


@action(guide=("G27",))
def fencing_restored(look: Look) -> Action:
    """Fencing is as it was before the upgrade, by the baseline and nothing else."""
    return (yield from _restore_fencing(look))


@action(guide=("G28",))
def fencing_restored_after_update(look: Look) -> Action:
    """Fencing is as it was before the update, by the baseline and nothing else."""
    if reason := update_is_history(look):
        return Nothing(reason)
    return (yield from _restore_fencing(look))


def update_is_history(look: Look) -> str:
    """Why nothing is given back after the update; empty when it is due now."""
    if not look.settings.reactivate_after_update:
        return "runbook_reactivate_after_update = no"
    if look.memory.closed or look.memory.detached("upgrade"):
        return "the upgrade has started: what the update left was settled before it"
    return ""


def _unstandby(look: Look) -> Action:
    standby = look.cluster_status().standby_nodes
    if not standby:
        for entry in list(look.memory.ledger.values()):
            if entry.kind == "standby":
                look.close_ledger("standby", entry.subject, "it is active")
        return Nothing(_NOBODY)
    yield _all_active(look)
    for change in transient_standby_ended(look, look.names.operative):  # noqa: UP028  # answers come back
        yield change
    return f"was in standby: {', '.join(standby)}"


def _all_active(look: Look) -> Change:
    return Change(
        what="take all nodes out of standby",
        node=look.names.active,
        argv=("pcs", "node", "unstandby", "--all", f"--wait={UNSTANDBY_WAIT}"),
        deadline=UNSTANDBY_WAIT + 60.0,
        # another exit code says that some node is not active: the step says which (G24)
        may_fail=True,
        closes=tuple(("standby", node) for node in look.names.operative),
    )


def transient_standby_ended(look: Look, names: Collection[str]) -> tuple[Change, ...]:
    """What ends the standby that the guide's command leaves: a transient one is not its own.

    It was set by somebody with `crm_attribute --lifetime reboot`, and ends with the node's next
    start, or by this. Only of `names`, and of those that are in standby now.
    """
    left = set(names) & set(look.cluster_status().standby_nodes)
    if not left:
        return ()
    transient = modes.transient_in(look.ask(look.names.active, CIB), modes.STANDBY)
    found = [(one, look.names.of_pacemaker(one.node)) for one in transient]
    return tuple(
        Change(
            what=f"take {name} out of a transient standby, which pcs leaves as it is",
            node=look.names.active,
            argv=modes.transient_deleted(one.uname, modes.STANDBY),
            deadline=60.0,
        )
        for one, name in found
        if name in left
    )


def _restore_fencing(look: Look) -> Action:
    before = (look.baseline or {}).get("fencing")
    now = look.cluster_status().options.stonith_enabled
    if before is None:
        return Nothing("there is no baseline that tells whether fencing was enabled")
    if not before:
        return Nothing("fencing was disabled before the upgrade and stays so")
    if now:
        if ("fencing", "cluster") in look.memory.ledger:
            look.close_ledger("fencing", "cluster", "it is enabled")
        return Nothing("fencing is enabled, as before the upgrade")
    yield enable_fencing(look)
    return "it was enabled before the upgrade, by the baseline"


def enable_fencing(look: Look) -> Change:
    """Fencing is switched on, and its entry in the ledger closed."""
    return Change(
        what="enable fencing again",
        node=look.names.active,
        argv=("pcs", "property", "set", "stonith-enabled=true"),
        deadline=60.0,
        closes=(("fencing", "cluster"),),
    )
