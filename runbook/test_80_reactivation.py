"""Reactivation: unstandby, all active, normal, fencing only as it was before (G23 to G27)."""

from __future__ import annotations

from engine.act import Applied
from engine.evidence import Evidence
from engine.look import Look
from engine.policy import normal
from engine.policy.fencing import fencing_is
from engine.session import Session
from engine.steps import step
from runbook import release
from runbook.profiles import describe, settled, unstandby_ended


@step("reactivation.unstandby", after=("verification.done",), guide=("G23", "G24"))
def test_unstandby(
    nodes_unstandby: Applied, look: Look, evidence: Evidence, runbook_session: Session
) -> None:
    """All nodes are taken out of standby, and every one of them is active."""
    evidence.judge(
        unstandby_ended(nodes_unstandby, look),
        observed="exit status 0, every operative node is active"
        if nodes_unstandby.did_something
        else "every operative node is active",
        guide=("G24",),
    )
    runbook_session.watch_standby()


@step("reactivation.normal", after=("reactivation.unstandby",), guide=("G25", "G26"))
def test_normal(look: Look, evidence: Evidence) -> None:
    """The cluster status is normal with all nodes active, fencing still off."""
    fencing = look.cluster_status().options.stonith_enabled
    profile = normal.final if fencing else normal.reactivated
    findings, seen = settled(look, profile, version=release.TARGET)
    evidence.judge(findings, observed=describe(seen), guide=("G25",))
    if evidence.blocking:
        evidence.fulfilled("G26", release.SUPPORT)
    else:
        evidence.not_needed("the cluster status is normal", guide=("G26",))
        evidence.outcome = "done"


@step("reactivation.fencing", after=("reactivation.normal",), guide=("G27",))
def test_fencing(fencing_restored: Applied, look: Look, evidence: Evidence) -> None:
    """Fencing is enabled again if, and only if, it was enabled before the upgrade."""
    before = bool((look.baseline or {}).get("fencing"))
    now = look.cluster_status().options.stonith_enabled
    evidence.judge(
        fencing_is(look.cluster_status(), before),
        observed=f"fencing is {'on' if now else 'off'}, as the baseline says",
    )


@step("reactivation.final", after=("reactivation.fencing",), guide=("G25",))
def test_final(look: Look, evidence: Evidence) -> None:
    """The final profile: normal, fencing as in the baseline, Elasticsearch green, one version."""
    findings, seen = settled(look, normal.final, version=release.TARGET)
    evidence.judge(findings, observed=describe(seen))
