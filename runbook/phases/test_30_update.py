"""`neteye update` within the source, to its end: update, unstandby, normal, fencing (G28).

The reactivation between update and upgrade is the only safe place to stop for the night.
"""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.judge import normal
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.cluster import checks, packages
from runbook.cluster.profiles import describe, settled, unstandby_ended
from runbook.phases.actions.pacemaker import update_is_history


@step("update.run", after=("baseline.recorded",), guide=("G28",))
def test_update(neteye_updated: Applied, look: Look, evidence: Evidence) -> None:
    """Pending updates of the source are installed by `neteye update`."""
    upgrade_has_begun = look.memory.closed or look.memory.detached("upgrade")
    if upgrade_has_begun or not look.memory.detached("update"):
        return
    # also when an earlier run ended between the exit status and this look
    assert packages.are_updated(look, evidence)


# also after an update that failed: a .rpmnew or .rpmsave is what it stops at
@step("update.leftovers", after=("baseline.recorded",))
def test_update_leftovers(look: Look, evidence: Evidence) -> None:
    """The update left no .rpmnew or .rpmsave, not even those that the upgrade will bring."""
    if look.memory.closed or look.memory.detached("upgrade"):
        evidence.not_needed("the upgrade has started: conflicts are judged between its rounds")
        return
    assert checks.no_leftovers(look, evidence)


@step("update.unstandby", after=("update.run", "update.leftovers"), guide=("G28",))
def test_update_unstandby(
    nodes_unstandby_after_update: Applied, look: Look, evidence: Evidence
) -> None:
    """All nodes are active again after the update."""
    if update_is_history(look):
        return
    fencing = look.cluster_status().options.stonith_enabled
    comes_back = not fencing and bool((look.baseline or {}).get("fencing"))
    # a run that goes on may find nobody in standby: before fencing is given back it looks, too
    if not evidence.made and not comes_back:
        return
    ended = [f"exit status {answer.code}" for answer in nodes_unstandby_after_update.answers[:1]]
    evidence.judge(
        unstandby_ended(nodes_unstandby_after_update, look, "G28"),
        observed=", ".join(ended) or "no node was in standby",
        sound="every node is active again",
    )
    profile = normal.before_start if fencing else normal.reactivated
    findings, seen = settled(look, profile, version=None)
    assert evidence.judge(findings, observed=describe(seen))


@step("update.fencing", after=("update.unstandby",), guide=("G28",))
def test_update_fencing(
    fencing_restored_after_update: Applied, look: Look, evidence: Evidence
) -> None:
    """Fencing is as before, and the cluster is as healthy as before the update."""
    if reason := update_is_history(look):
        evidence.not_needed(reason)
        return
    findings, seen = settled(look, normal.before_start, version=look.release.source)
    assert evidence.judge(findings, observed=describe(seen), sound="fully updated and normal")
