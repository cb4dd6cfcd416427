"""The end of the verification, that of the version step too."""

from __future__ import annotations

from engine.model.steps import step
from engine.record.evidence import Evidence


@step("verification.done", after=("verification.*",))
def test_done(evidence: Evidence) -> None:
    """Everything about the upgrade itself is verified; the nodes may be reactivated."""
    evidence.note("the upgrade is verified")
