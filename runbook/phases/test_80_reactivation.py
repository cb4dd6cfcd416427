"""Reactivation: unstandby, all active, normal, fencing only as it was before (G23 to G27).

The failover proof (G14) lies in it, and its order has a reason. httpd is moved when all nodes are
active (G23 to G25) and before fencing is given back (G27): with fencing on, pacemaker would fence
the node on which a stop fails. What is found is only kept then. It is judged when fencing is back,
so that a node that can't run httpd leaves the cluster neither without fencing nor with httpd on it.
"""

from __future__ import annotations

from engine.act.applier import Applied
from engine.ask.look import Look
from engine.judge import normal
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.run.session import Session
from runbook.cluster import checks
from runbook.cluster.profiles import describe, settled, unstandby_ended
from runbook.to_4_26 import failover, release


@step("reactivation.unstandby", after=("verification.done",), guide=("G23", "G24"))
def test_unstandby(
    nodes_unstandby: Applied, look: Look, evidence: Evidence, runbook_session: Session
) -> None:
    """All nodes are taken out of standby, and every one of them is active."""
    verdict = evidence.judge(
        unstandby_ended(nodes_unstandby, look),
        observed="exit status 0, every operative node is active"
        if nodes_unstandby.did_something
        else "every operative node is active",
        guide=("G24",),
    )
    runbook_session.watch_standby()
    assert verdict


@step("reactivation.normal", after=("reactivation.unstandby",), guide=("G25", "G26"))
def test_normal(look: Look, evidence: Evidence) -> None:
    """The cluster status is normal with all nodes active, fencing still off."""
    fencing = look.cluster_status().options.stonith_enabled
    profile = normal.final if fencing else normal.reactivated
    if failover.is_under_way(look.memory):
        profile = failover.after_failover  # an earlier run was interrupted while it moved httpd
    findings, seen = settled(look, profile, version=release.TARGET)
    assert checks.normal_or_support(evidence, findings, describe(seen))
