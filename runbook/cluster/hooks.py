"""What a version step may add to the procedure, by pytest hooks of these names in its package.

Fixtures that steps of both take as an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pluggy import HookRelay

from engine.ask.look import Look
from engine.record.evidence import Evidence
from engine.secrets import Secret
from runbook.cluster.profiles import Profile


@dataclass(frozen=True)
class TooEarly:
    """Known conflicts are there, and the command has not reached the stop that they announce."""

    why: str
    expected: str
    """What the planned stop would have brought."""
    see_to: str
    """What to look at, beside the failing task."""


class Hooks:
    """Each may be left out: the procedure then does its own alone."""

    def pytest_runbook_baseline(self, look: Look, key: Secret) -> Mapping[str, Any] | None:
        """What is recorded besides before the first change, JSON-able and without secrets.

        The list under `PRIVATE` (engine/attempt/baseline.py) names what stays on N. `key` is that
        of the attempt's HMACs.
        """

    @pytest.hookspec(firstresult=True)
    def pytest_runbook_too_early(self, look: Look) -> TooEarly | None:
        """Asked after a round that stopped with a known conflict; None: it is the planned stop."""

    @pytest.hookspec(firstresult=True)
    def pytest_runbook_reactivated(self, look: Look) -> Profile | None:
        """What is normal with all nodes active while a change of the step's own is under way."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Hooks)


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
