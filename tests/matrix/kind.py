"""The kill matrix: a run is killed at every edge of its journal, and run again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.integration.clusters import name_for
from tests.matrix.edges import EDGES
from tests.matrix.night_run import COLUMNS, run_night
from tests.matrix.nights import KILLS, Night, alone, nights
from tests.matrix.reference import NODES, SECONDS_PER_NODE, SEED
from tests.matrix.worker import Worker
from tests.proving.kind import Kind, Say

NIGHTS = {night.name: night for night in nights(tuple(EDGES.values()))}
_GREEN = f"""
For half of the edges the next run is one in the same clone of the project (`here`), for the others
in another clone with another home directory (`elsewhere`). After the run that reaches the end comes
one more, in the clone that it was not in. Green: each run was killed at its edge, by its journals
here and on N; both last runs end with 0, done, nothing open in the ledger; the last one makes no
change; the cluster ends like after a run that nobody disturbed; changing commands were called as
often, counted on the nodes; no file was written again with the content that it had.

Cluster: {NODES}, seed {SEED}, {SECONDS_PER_NODE} s of simulated package work a node. `state` is the
saved state it starts from; the columns after it are seconds.
"""
INTRODUCTION = f"""
The runbook is killed (SIGKILL to its whole process group) at every point around every change that
it makes, and run again. A night has {KILLS} of these edges, far apart: the run that goes on after
one of them is killed at the next. `make edges` proves each edge in an upgrade of its own.
{_GREEN.lstrip()}"""


class NightStand:
    """A worker's cluster with its saved states, for nights."""

    nights: ClassVar[Mapping[str, Night]] = NIGHTS

    def __init__(self, letter: str, say: Say) -> None:
        self._worker = Worker(name_for(f"matrix{letter}"), say)

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Prove the edges of one night."""
        return run_night(self._worker, self.nights[case], evidence)

    def down(self) -> None:
        """Remove the cluster and its saved states."""
        self._worker.down()


class EdgeStand(NightStand):
    """The same, for single edges."""

    nights: ClassVar[Mapping[str, Night]] = {name: alone(edge) for name, edge in EDGES.items()}


MATRIX_PROOF = Kind(
    "matrix",
    "The kill matrix",
    INTRODUCTION,
    COLUMNS,
    {name: night.state for name, night in NIGHTS.items()},
    NightStand,
)
EDGES_PROOF = Kind(
    "edges",
    "Each edge of the kill matrix alone",
    _GREEN,
    COLUMNS,
    {name: edge.state for name, edge in EDGES.items()},
    EdgeStand,
    is_on_page=False,
)
