"""Preflight of the downtime: whom Icinga would wake, and what it will say (`runbook_downtime`)."""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.cluster.icinga.checks import downtime_is_foretold


@step("preflight.downtime", asks=True)
def test_downtime(look: Look, evidence: Evidence) -> None:
    """Which hosts and services Icinga keeps silent about, until when, and what it tells of it."""
    assert downtime_is_foretold(look, evidence)
