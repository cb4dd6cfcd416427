"""What tests of plans share: the plan as it was written, and what tiny actions need."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.plugin.kit import Project

PRELUDE = """
from engine.act.actions import action
from engine.act.foreseen import Bookkeeping, Foreseen, planned_by
from engine.model.change import Change, Nothing
from tests.plugin.kit import N, SECOND
"""


def plan_of(project: Project) -> dict[str, Any]:
    """plan.json of the latest run."""
    plan: dict[str, Any] = json.loads((project.latest / "plan.json").read_text())
    return plan


def steps_of(project: Project) -> dict[str, dict[str, Any]]:
    """Step -> what the plan says of it; each step is there once."""
    steps = plan_of(project)["steps"]
    found = {step["name"]: step for step in steps}
    assert len(found) == len(steps)
    return found


def words_of(result: pytest.RunResult) -> str:
    """What the console shows, wherever its lines end."""
    return " ".join(" ".join(result.outlines).split())
