"""What the failover proof has found, judged now that fencing is back (see test_82_failover.py)."""

from __future__ import annotations

from engine.act.foreseen import Told, planned_by
from engine.ask.look import Look
from engine.model.change import Nothing
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.to_4_26 import failover, failover_record
from runbook.to_4_26.httpd import checks as httpd_checks
from runbook.to_4_26.settings import FAILOVER_PROOF


def _not_set(look: Look, _: Evidence) -> Told:
    return None if look.settings[FAILOVER_PROOF] else Nothing(failover.NOT_SET)


@step("failover.proof", after=("reactivation.fencing",), guide=("G14",), each="node")
@planned_by(_not_set)
def test_proof(node: str, look: Look, evidence: Evidence) -> None:
    """Every node that was exercised can run httpd, and OCS works where httpd is left."""
    if look.memory.closed:
        evidence.not_needed(
            f"the attempt is closed; failover.httpd[{node}] tells what was exercised"
        )
        return
    found = failover_record.proof_on_record(look.memory, node)
    findings = list(found.findings) if found else []
    observed = [f"on record: {found.observed}"] if found else []
    if failover_record.has_begun(look.memory):
        httpd, home = failover.httpd_of(look.cluster_status()), failover.home_of(look)
        if node == home:
            findings += failover.not_back(home, httpd)
        if httpd is not None and httpd.node == node:
            seen = httpd_checks.ocs_online(look, node)
            findings += seen.findings
            observed.append(f"httpd is left here: {seen.observed}")
    if findings or observed:
        assert evidence.judge(findings, observed="; ".join(observed))
        return
    evidence.not_needed(f"httpd was not moved here: failover.httpd[{node}] says why")
    if left := failover.not_exercised(look, node):
        evidence.outcome = "done"
        # the guide asks for no failover: its row is fulfilled without
        assert evidence.judge(left, observed="left to be proved by hand", guide=())
