"""What a restore reads of its attempt's earlier runs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runbook.cluster.restoring import is_verified

DONE = {"event": "step-ended", "name": "verification.done", "outcome": "done"}


@pytest.mark.parametrize(
    ("earlier", "verified"),
    [
        ([DONE], True),
        ([{**DONE, "event": "step-started"}, DONE], True),
        ([], False),
        ([{**DONE, "event": "step-started"}], False),
        ([{**DONE, "name": "verification.glpi"}], False),
        ([{**DONE, "outcome": "failed"}], False),
    ],
)
def test_the_verification_is_over_when_its_last_step_ended_well(
    earlier: list[dict[str, str]], verified: bool
) -> None:
    session = SimpleNamespace(survey=SimpleNamespace(earlier=earlier))
    assert is_verified(session) is verified  # type: ignore[arg-type]
