"""The failover proof (G14) lies in the reactivation, and its order has a reason.

httpd is moved when all nodes are active (G23 to G25) and before fencing is given back (G27): with
fencing on, pacemaker would fence the node on which a stop fails. What is found is only kept then.
It is judged when fencing is back, so that a node that can't run httpd leaves the cluster neither
without fencing nor with httpd on it.
"""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.cluster.profiles import describe, settled
from runbook.to_4_26 import failover, failover_record
from runbook.to_4_26.failover_record import Exercised


@step("failover.httpd", after=("reactivation.normal",), guide=("G14",), each="node")
def test_httpd(
    httpd_failed_over: Applied, exercised: Exercised, node: str, look: Look, evidence: Evidence
) -> None:
    """httpd is moved to the node, and OCS is looked at there."""
    proof = exercised.proof
    if proof is not None:
        evidence.remember(failover_record.fact_of(node), **proof.as_fact())
        evidence.note(proof.sentence())
        evidence.outcome = "done"
        assert failover_record.proof_on_record(look.memory, node), (
            "failover.proof judges what was found"
        )


@step("failover.back", after=("failover.httpd",), guide=("G14",))
def test_back(httpd_back: Applied, look: Look, evidence: Evidence) -> None:
    """httpd is where it was, nothing holds it there, and the cluster is fit for fencing."""
    if look.memory.closed or not failover_record.is_under_way(look.memory):
        return
    findings, seen = settled(look, failover.after_failover, version=look.release.target)
    verdict = evidence.judge(findings, observed=describe(seen))
    if verdict:
        evidence.remember(failover_record.OVER, node=failover.home_of(look))
        evidence.outcome = "done"
    assert verdict
