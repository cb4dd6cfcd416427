"""Runs that are killed at an edge of their journal: what a case finds is an attempt under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.lab import said
from tests.integration.invocation import ROOT
from tests.matrix import kill
from tests.matrix.clones import kill_left_behind
from tests.matrix.edges import Point
from tests.proving.kind import Red

if TYPE_CHECKING:
    from tests.findings.lab import Lab


def run_until_killed(lab: Lab, key: str, point: Point, *arguments: str) -> None:
    """A run, killed at that point of the change of that key. Red when it ends before."""
    witness = lab.evidence / "killed"
    witness.unlink(missing_ok=True)
    running = lab.start(
        *arguments,
        plugins=("tests.matrix.kill",),
        extra={
            "PYTHONPATH": str(ROOT),
            "MATRIX_INVENTORY": str(lab.cluster.inventory),
            **kill.environment(key, point, witness),
        },
    )
    ran = running.end()
    kill_left_behind(lab.cluster.inventory)
    if not witness.exists():
        raise Red(f"the run that was to be killed at {key}, {point}, ended: {said(ran)}")
