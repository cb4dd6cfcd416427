"""The end of the verification, that of the version step too."""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.phases.actions.neteye_command import ended_with


@step("verification.done", after=("verification.*",))
def test_done(look: Look, evidence: Evidence) -> None:
    """Everything about the upgrade itself is verified; the nodes may be reactivated."""
    evidence.note("the upgrade is verified")
    assert ended_with(look.memory.detached("upgrade")[-1]) == 0
