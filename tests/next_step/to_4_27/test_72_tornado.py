"""Verification of what 4.27 converts: tornado's rules (G30)."""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.host import Host
from engine.model.steps import step
from engine.record.evidence import Evidence
from tests.next_step.to_4_27.actions import NOTE, RULES


@step("verification.tornado", after=("verification.mid_upgrade",), guide=("G30",), each="node")
def test_tornado(rules_noted: Applied, node: str, host: Host, evidence: Evidence) -> None:
    """Tornado's rules are converted on the node, and it is noted there."""
    assert host.file(RULES).content_string == "converted\n"
    assert host.file(NOTE).exists
    assert host.package("tornado").version.startswith("4.27")
    evidence.fulfilled("G30", f"{rules_noted.reason or 'noted'}; {RULES} is converted on {node}")
