"""Faults in the middle of a run, each on a rehearsal cluster at its start."""

from __future__ import annotations

from pathlib import Path

from rehearsal import cluster
from rehearsal.state import State
from tests.faults.every import FAULTS
from tests.faults.fault import Fault
from tests.faults.lab import lab
from tests.integration.clusters import name_for
from tests.proving.kind import Kind, Red, Say

INTRODUCTION = """
Faults during a run, each on a rehearsal cluster at its start (two operative nodes, where nothing
else is said): what happens and when, what the run said of it (exit code and reason), and how the
same command ended after the repair. Green means that all of it was as the design has it, and that
the cluster was found upgraded in the end. Where the run stops before it has changed anything, the
same command is a plan after the repair, which must find nothing that blocks.
"""


class FaultStand:
    """A worker's cluster, put back to its start for every fault."""

    def __init__(self, letter: str, say: Say) -> None:
        self._name = name_for(f"fault{letter}")

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Run one fault's story."""
        fault = FAULTS[case]
        with lab(fault, evidence, self._name) as made:
            try:
                fault.story(made)
                made.expect_declared()
            except Red:
                raise
            except Exception as error:
                raise Red(f"{type(error).__name__}: {error}", made.columns) from error
            return made.columns

    def down(self) -> None:
        """Remove the cluster."""
        if State(self._name).directory.exists():
            cluster.down(self._name, say=lambda text: None)


def _group(fault: Fault) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in fault.settings.items())
    return f"{fault.nodes} {fault.scenario} {settings}"


FAULTS_PROOF = Kind(
    "faults",
    "Faults during a run",
    INTRODUCTION,
    ("cluster", "what happens", "the run said", "run again"),
    {name: _group(fault) for name, fault in FAULTS.items()},
    FaultStand,
)
