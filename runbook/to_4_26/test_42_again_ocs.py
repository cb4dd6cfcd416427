"""Preflight again: the packages of the OCS files, which the update may have changed."""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.to_4_26.httpd import pristine


@step("again.ocs_files", after=("update.fencing",))
def test_ocs_files(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """The packages that brought the OCS files are on record: they tell what is a node's own."""
    if not upgrade_is_ahead:
        return
    asked = look.ask_all(look.names.operative, pristine.OWNERS)
    if evidence.answered(asked):
        evidence.remember(pristine.FACT, nodes=asked.values)
        packages = {one["package"] for owned in asked.values.values() for one in owned.values()}
        said = ", ".join(sorted(packages)) or "none of the OCS files is there"
        evidence.note(f"packages of the OCS files on {len(asked.values)} operative nodes: {said}")
    assert evidence.verdict
