"""The version step 4.26 -> 4.27 as data. No such guide exists: the row is this test's own."""

from __future__ import annotations

from engine.model.host import Version
from engine.model.release import Release
from runbook.cluster.version_step import version_step

RELEASE = version_step(
    Version(4, 26),
    Version(4, 27),
    guide={"G30": "Tornado's rules are converted on every operative node, and it is noted there"},
)


def pytest_runbook_release() -> Release:
    """Hand the version step to the engine."""
    return RELEASE
