"""`--restore`: what the version step has made for a time, and did not take away again."""

from __future__ import annotations

from engine.act.applier import Applied
from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.to_4_26 import failover
from runbook.to_4_26.httpd.checks import httpd_node


@step("restore.scratch", after=("restore.unstandby",), scope="restore")
def test_scratch(ledger_scratch: Applied) -> None:
    """The schema that a backup was restored into is gone."""


@step("restore.constraint", after=("restore.unstandby",), scope="restore")
def test_constraint(ledger_constraint: Applied, look: Look, evidence: Evidence) -> None:
    """No location constraint of this runbook is in place any more."""
    if ledger_constraint.did_something:
        node = httpd_node(look)
        evidence.note(f"httpd is on {node}, it was on {failover.home_of(look)} before it was moved")
