"""The kill matrix: a run is killed at every edge of its journal, and run again."""

from __future__ import annotations

from pathlib import Path

from tests.integration.clusters import name_for
from tests.matrix.edge_run import COLUMNS, run_edge
from tests.matrix.edges import EDGES
from tests.matrix.reference import NODES, SECONDS_PER_NODE, SEED
from tests.matrix.worker import Worker
from tests.proving.kind import Kind, Say

INTRODUCTION = f"""
The runbook is killed (SIGKILL to its whole process group) at every point around every change that
it makes, and run again: for half of the edges in the same clone of the project (`here`), for the
others in another clone with another home directory (`elsewhere`); then once more in the remaining
one. Green: the run was killed at this edge, by its journals here and on N; both later runs end with
0, done, nothing open in the ledger; the third makes no change; the cluster ends like after a run
that nobody disturbed; changing commands were called as often, counted on the nodes; no file was
written again with the content that it had.

Cluster: {NODES}, seed {SEED}, {SECONDS_PER_NODE} s of simulated package work a node. Columns are
seconds, but for `state`, the saved state it starts from, and `resumed`.
"""


class MatrixStand:
    """A worker's cluster with its saved states, for edges."""

    def __init__(self, letter: str, say: Say) -> None:
        self._worker = Worker(name_for(f"matrix{letter}"), say)

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Prove one edge."""
        return run_edge(self._worker, EDGES[case], evidence)

    def down(self) -> None:
        """Remove the cluster and its saved states."""
        self._worker.down()


MATRIX_PROOF = Kind(
    "matrix",
    "The kill matrix",
    INTRODUCTION,
    COLUMNS,
    {name: edge.state for name, edge in EDGES.items()},
    MatrixStand,
)
