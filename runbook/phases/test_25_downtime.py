"""The downtime (`runbook_downtime`): before the first change, by each run that finds none.

Nothing waits for it: an upgrade is not held up by its monitoring.
"""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.cluster.icinga.checks import downtime_holds


@step("baseline.downtime", after=("baseline.recorded",))
def test_downtime(downtime_begun: Applied, look: Look, evidence: Evidence) -> None:
    """Icinga keeps silent about the cluster while it is changed."""
    assert downtime_holds(look, evidence, downtime_begun)
