"""What steps of the procedure and of a version step take as an argument."""

from __future__ import annotations

import pytest
from pluggy import HookRelay

from engine.ask.look import Look
from engine.record.evidence import Evidence


@pytest.fixture
def upgrade_is_ahead(look: Look, evidence: Evidence) -> bool:
    """Whether these checks still guard something; says so when they do not."""
    if look.memory.closed or look.memory.detached("upgrade"):
        evidence.not_needed("the upgrade has started: its start was guarded before it")
        return False
    return True


@pytest.fixture
def version_step(pytestconfig: pytest.Config) -> HookRelay:
    """What the version step adds to a step of the procedure: runbook/cluster/hooks.py."""
    return pytestconfig.hook
