"""`--restore`: what the version step has made for a time, and did not take away again."""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.model.steps import step
from engine.queries.pacemaker import CIB
from engine.record.evidence import Evidence
from runbook.to_4_26 import failover, failover_record
from runbook.to_4_26.httpd.checks import httpd_node
from runbook.to_4_26.names import SCRATCH_DATABASE
from runbook.to_4_26.presence import SCHEMAS


@step("restore.scratch", after=("restore.unstandby",), scope="restore")
def test_scratch(ledger_scratch: Applied, look: Look, evidence: Evidence) -> None:
    """The schema that a backup was restored into is gone."""
    if evidence.made:
        assert SCRATCH_DATABASE not in look.sql(SCHEMAS)


@step("restore.constraint", after=("restore.unstandby",), scope="restore")
def test_constraint(ledger_constraint: Applied, look: Look, evidence: Evidence) -> None:
    """No location constraint of this runbook is in place any more."""
    if evidence.made:
        assert failover_record.CONSTRAINT not in look.ask(look.names.active, CIB).location_ids
        node = httpd_node(look)
        evidence.note(f"httpd is on {node}, it was on {failover.home_of(look)} before it was moved")
