"""Reactivation: unstandby, all active, normal (G23 to G26).

There the version step may prove by use what has to run on every node, before fencing comes back.
"""

from __future__ import annotations

from pluggy import HookRelay

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.judge import normal
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.run.session import Session
from runbook.cluster import checks
from runbook.cluster.icinga.checks import downtime_holds
from runbook.cluster.profiles import describe, settled, unstandby_ended


@step("reactivation.downtime", after=("verification.done",))
def test_downtime(downtime_lasts_for_reactivation: Applied, look: Look, evidence: Evidence) -> None:
    """Icinga keeps silent while services move back."""
    assert downtime_holds(look, evidence, downtime_lasts_for_reactivation)


@step("reactivation.unstandby", after=("verification.done",), guide=("G23", "G24"))
def test_unstandby(
    nodes_unstandby: Applied, look: Look, evidence: Evidence, runbook_session: Session
) -> None:
    """All nodes are taken out of standby, and every one of them is active."""
    ended = [f"exit status {answer.code}" for answer in nodes_unstandby.answers[:1]]
    verdict = evidence.judge(
        unstandby_ended(nodes_unstandby, look),
        observed=", ".join(ended) or "no node was in standby",
        sound="every operative node is active",
        guide=("G24",),
    )
    runbook_session.watch_standby()
    assert verdict


@step("reactivation.normal", after=("reactivation.unstandby",), guide=("G25", "G26"))
def test_normal(look: Look, evidence: Evidence, version_step: HookRelay) -> None:
    """The cluster status is normal with all nodes active, fencing still off."""
    fencing = look.cluster_status().options.stonith_enabled
    own = version_step.pytest_runbook_reactivated(look=look)
    profile = own or (normal.final if fencing else normal.reactivated)
    findings, seen = settled(look, profile, version=look.release.target)
    assert checks.normal_or_support(evidence, findings, describe(seen))
