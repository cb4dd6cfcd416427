"""The end of the reactivation: fencing as before, the final profile (G25 to G27), health."""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.judge import normal
from engine.judge.fencing import fencing_is
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.cluster import checks
from runbook.cluster.profiles import describe, settled


@step("reactivation.fencing", after=("reactivation.normal", "failover.*?"), guide=("G27",))
def test_fencing(fencing_restored: Applied, look: Look, evidence: Evidence) -> None:
    """Fencing is enabled again if, and only if, it was enabled before the upgrade."""
    before = bool((look.baseline or {}).get("fencing"))
    status = look.cluster_status()
    now, then = ("on" if one else "off" for one in (status.options.stonith_enabled, before))
    assert evidence.judge(
        fencing_is(status, before, at_rest=True),
        observed=f"fencing is {now}; at the baseline it was {then}",
    )


@step("reactivation.final", after=("reactivation.fencing",), guide=("G25", "G26"))
def test_final(look: Look, evidence: Evidence) -> None:
    """The final profile: normal, fencing as in the baseline, Elasticsearch green, one version."""
    findings, seen = settled(look, normal.final, version=look.release.target)
    assert checks.normal_or_support(evidence, findings, describe(seen))


@step("reactivation.health", after=("reactivation.final",))
def test_health(look: Look, evidence: Evidence) -> None:
    """`neteye health deep` is OK on every node, after the last change as before the first."""
    assert checks.health_is_ok(look, evidence, is_before=False)
