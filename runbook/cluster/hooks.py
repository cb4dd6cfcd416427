"""What a version step may add to the procedure, by pytest hooks of these names in its package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from engine.ask.look import Look
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
