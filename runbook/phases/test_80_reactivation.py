"""Reactivation: unstandby, all active, normal, fencing only as it was before (G23 to G27).

The failover proof (G14) lies in it, and its order has a reason. httpd is moved when all nodes are
active (G23 to G25) and before fencing is given back (G27): with fencing on, pacemaker would fence
the node on which a stop fails. What is found is only kept then. It is judged when fencing is back,
so that a node that can't run httpd leaves the cluster neither without fencing nor with httpd on it.
"""

from __future__ import annotations

from engine.act.applier import Applied
from engine.act.foreseen import Told, planned_by
from engine.ask.look import Look
from engine.judge import normal
from engine.judge.fencing import fencing_is
from engine.model.change import Nothing
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.run.session import Session
from runbook.cluster import checks
from runbook.cluster.profiles import describe, settled, unstandby_ended
from runbook.to_4_26 import failover, release
from runbook.to_4_26.failover import Exercised
from runbook.to_4_26.httpd import checks as httpd_checks


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
    if failover.is_under_way(look.memory):
        profile = failover.after_failover  # an earlier run was interrupted while it moved httpd
    findings, seen = settled(look, profile, version=release.TARGET)
    checks.normal_or_support(evidence, findings, describe(seen))


@step("failover.httpd", after=("reactivation.normal",), guide=("G14",), each="node")
def test_httpd(
    httpd_failed_over: Applied, exercised: Exercised, node: str, evidence: Evidence
) -> None:
    """httpd is moved to the node and OCS looked at there; elsewhere it is not exercised."""
    proof = exercised.proof
    if proof is not None:
        evidence.remember(failover.fact_of(node), **proof.as_fact())
        evidence.note(proof.sentence())
        evidence.outcome = "done"


@step("failover.back", after=("failover.httpd",), guide=("G14",))
def test_back(httpd_back: Applied, look: Look, evidence: Evidence) -> None:
    """httpd is where it was, nothing holds it there, and the cluster is fit for fencing."""
    if look.memory.closed or not failover.is_under_way(look.memory):
        return
    findings, seen = settled(look, failover.after_failover, version=release.TARGET)
    evidence.judge(findings, observed=describe(seen))
    if not evidence.blocking:
        evidence.remember(failover.OVER, node=failover.home_of(look))
        evidence.outcome = "done"


@step("reactivation.fencing", after=("failover.back",), guide=("G27",))
def test_fencing(fencing_restored: Applied, look: Look, evidence: Evidence) -> None:
    """Fencing is enabled again if, and only if, it was enabled before the upgrade."""
    before = bool((look.baseline or {}).get("fencing"))
    now = look.cluster_status().options.stonith_enabled
    evidence.judge(
        fencing_is(look.cluster_status(), before),
        observed=f"fencing is {'on' if now else 'off'}, as the baseline says",
    )


def _not_set(look: Look, _: Evidence) -> Told:
    return None if look.settings.failover_proof else Nothing(failover.NOT_SET)


@step("failover.proof", after=("reactivation.fencing",), guide=("G14",), each="node")
@planned_by(_not_set)
def test_proof(node: str, look: Look, evidence: Evidence) -> None:
    """Every node that was exercised can run httpd, and OCS works where httpd is left."""
    if look.memory.closed or not failover.has_begun(look.memory):
        why = "the attempt is closed" if look.memory.closed else "httpd was not moved"
        evidence.not_needed(f"{why}; failover.httpd[{node}] tells what was exercised")
        return
    httpd, home = failover.httpd_of(look.cluster_status()), failover.home_of(look)
    found = failover.proof_on_record(look.memory, node)
    findings = list(found.findings) if found else []
    observed = [f"on record: {found.observed}"] if found else []
    if node == home:
        findings += failover.not_back(home, httpd)
    if httpd is not None and httpd.node == node:
        seen = httpd_checks.ocs_online(look, node)
        findings += seen.findings
        observed.append(f"httpd is left here: {seen.observed}")
    if not findings and not observed:
        evidence.not_needed(f"not exercised; failover.httpd[{node}] says why")
        return
    evidence.judge(findings, observed="; ".join(observed))


@step("reactivation.final", after=("reactivation.fencing",), guide=("G25", "G26"))
def test_final(look: Look, evidence: Evidence) -> None:
    """The final profile: normal, fencing as in the baseline, Elasticsearch green, one version."""
    findings, seen = settled(look, normal.final, version=release.TARGET)
    checks.normal_or_support(evidence, findings, describe(seen))
