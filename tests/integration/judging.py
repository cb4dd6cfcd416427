"""Runs of a rehearsal cluster judged again, by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.integration.invocation import Project

WHOLE = "judged"
FIRST = "the first look"
ON_SECRETS = (
    *("preflight.ocs_", "preflight.capacity", "baseline.recorded", "upgrade.stop[1]"),
    *("migration.", "verification.ocs_", "verification.glpi", "failover."),
)
"""Steps that hang on secret answers, on digests of passwords, or on a list of any length."""
REASONS = ("secret answers: ", "rows that are not recorded: ", "'ocs' of the baseline")
JUDGED = {
    *(FIRST, "preflight.normal", "preflight.clocks", "preflight.governance", "update.fencing"),
    *("again.health", "backup.proved", "backup.fetched", "verification.command"),
    *("verification.versions", "verification.mid_upgrade", "verification.memories"),
    *("verification.agents", "reactivation.unstandby", "reactivation.normal"),
    *("reactivation.fencing", "failover.back", "reactivation.final", "closing.state"),
}
"""Some of those that are judged as a whole, with the first look."""


def judged(project: Project, run: Path, path: str = "/nonexistent") -> dict[str, Any]:
    """`python -m engine judge --json RUN` where neither ssh nor anything else can be called."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", "judge", "--json", str(run)],
        cwd=project.directory,
        env={"PATH": path, "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["same"] is (done.returncode == 0)
    return told


def not_judged(told: dict[str, Any]) -> dict[str, str]:
    """Step -> why it was not judged as a whole."""
    return {step["name"]: step["why"] for step in told["steps"] if step["state"] != WHOLE}


def differences(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for step in told["steps"] for one in step["differences"]]


def assert_judged_again(project: Project, run: Path, steps: list[str]) -> None:
    """Of a run that was done: the same findings, and whatever hangs on no secret was judged."""
    told = judged(project, run)
    assert differences(told) == []
    assert told["same"]
    assert told["runbook"]["recorded"] == told["runbook"]["now"]
    assert told["position"]["recorded"] == told["position"]["now"] != ""
    assert [step["name"] for step in told["steps"]] == [FIRST, *steps]
    left = not_judged(told)
    assert [name for name in left if not name.startswith(ON_SECRETS)] == []
    assert [why for why in left.values() if not why.startswith(REASONS)] == []
    assert {*JUDGED} & {*left} == set()
