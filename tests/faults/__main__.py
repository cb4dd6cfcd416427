"""`make faults`, `python -m tests.faults`: every fault on a rehearsal cluster of its own."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from rehearsal import cluster
from rehearsal.errors import RehearsalError
from rehearsal.state import State
from tests.faults.every import FAULTS
from tests.faults.lab import lab
from tests.integration.clusters import name_for, remove_leftovers
from tests.proving.runner import Proof, Red, main

INTRODUCTION = """
Faults during a run, each on a rehearsal cluster at its start (two operative nodes, where nothing
else is said). `make faults` writes this page. For each fault: what happens and when, what the run
said of it (exit code and reason), and how the same command ended after the repair. Green means that
all of it was as the design has it, and that the cluster was found upgraded in the end.
"""


def run_one(name: str, evidence: Path, worker: int) -> dict[str, str]:
    """Run one fault; what the table says of it."""
    fault = FAULTS[name]
    with lab(fault, evidence, _cluster_name(worker)) as made:
        try:
            fault.story(made)
        except Red:
            raise
        except Exception as error:
            raise Red(f"{type(error).__name__}: {error}", made.columns) from error
        return made.columns


def _cluster_name(worker: int) -> str:
    return name_for("fault" + "abcdefgh"[worker])


def run() -> int:
    with suppress(RehearsalError):  # somebody else is removing them
        remove_leftovers()
    proof = Proof(
        "faults",
        "Faults during a run",
        INTRODUCTION,
        ("cluster", "what happens", "the run said", "run again"),
        tuple(FAULTS),
        run_one,
    )
    try:
        return main(proof)
    finally:
        for worker in range(8):
            if State(_cluster_name(worker)).directory.exists():
                cluster.down(_cluster_name(worker), say=lambda text: None)


if __name__ == "__main__":
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.exit(run())
