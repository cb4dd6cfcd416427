"""What the plugins keep with pytest's configuration and its items."""

from __future__ import annotations

import pytest

from engine.model.steps import StepItem
from engine.record.run import Run
from engine.run.session import Session

RUN = pytest.StashKey[Run]()
SESSION = pytest.StashKey[Session]()
ITEM = pytest.StashKey[StepItem]()
JUDGED = pytest.StashKey[bool]()
"""The steps are judged again from a run's evidence: there is no run that begins and ends."""


def run_of(config: pytest.Config) -> Run | None:
    """The run that begins and ends here; None where none does."""
    return None if config.stash.get(JUDGED, False) else config.stash.get(RUN, None)
