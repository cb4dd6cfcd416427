"""Preflight of the runbook itself: what runs is what is hashed, and the role firewall stands in
front of every command."""

from __future__ import annotations

from engine.ask.look import Look
from engine.errors import Refused
from engine.judge.ran_with import foreign
from engine.model.finding import Finding
from engine.model.inventory import Environment
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.transport.firewall import Firewall


@step("preflight.runbook", asks=True, scope="every")
def test_runbook(look: Look, evidence: Evidence) -> None:
    """Nothing foreign runs with the runbook, and its files are as they were released."""
    found = foreign(look.ran_with)
    # elsewhere a developer's environment is as good: what production would say of it is told
    counts = look.settings.environment is Environment.PRODUCTION
    told = f"; in production: {', '.join(f.target for f in found)}" if found and not counts else ""
    assert evidence.judge(
        found if counts else (),
        observed=f"runbook {look.runbook[:12]}{told}",
        sound="" if found else "what it runs with is its own",
    )


@step("preflight.firewall", guide=("G19",), asks=True)
def test_firewall(look: Look, evidence: Evidence) -> None:
    """The transport refuses the commands that would harm an Elastic-only or voting-only node."""
    nodes = look.names.elastic_only + look.names.voting_only
    if not nodes:
        evidence.not_applicable("the cluster has no Elastic-only and no voting-only node")
        return
    guard = Firewall(look.inventory)
    passed = [
        f"{node}: {' '.join(argv)}"
        for node in nodes
        for argv in (("neteye", "update"), ("neteye", "upgrade"))
        if not _is_refused(guard, node, argv)
    ]
    findings = [
        Finding(
            code="firewall-open",
            subject=what,
            observed="the transport would run it",
            expected="a refusal",
            remedy="This is a fault of the runbook; do not use it.",
            guide=("G19",),
        )
        for what in passed
    ]
    assert evidence.judge(
        findings, observed=f"tried on {', '.join(nodes)}", sound="the transport refuses all"
    )


def _is_refused(guard: Firewall, node: str, argv: tuple[str, ...]) -> bool:
    try:
        guard.check(node, argv)
    except Refused:
        return True
    return False
