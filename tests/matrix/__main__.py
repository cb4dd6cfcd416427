"""The kill matrix: `python -m tests.matrix [--shard 2/6] [--only EDGE,EDGE] [--count 3]`.

A run is killed at every edge of its journal, and run again. Results lie below `.proving/matrix`,
by commit; edges that are green on this commit are not run again.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from rehearsal.errors import RehearsalError
from tests.matrix.clones import NotKilled
from tests.matrix.edge_run import COLUMNS, run_edge
from tests.matrix.worker import NODES, SECONDS_PER_NODE, SEED, Worker
from tests.proving.runner import Proof, main

INTRODUCTION = f"""
Made by `make matrix`. The runbook is killed (SIGKILL to its whole process group) at every point
around every change that it makes, and run again: for half of the edges in the same clone of the
project (`here`), for the others in another clone with another home directory (`elsewhere`); then
once more in the remaining one. Green: the run was killed at this edge, by its journals here and on
N; both later runs end with 0, done, nothing open in the ledger; the third makes no change; the
cluster ends like after a run that nobody disturbed; changing commands were called as often, counted
on the nodes; no file was written again with the content that it had.

Cluster: {NODES}, seed {SEED}, {SECONDS_PER_NODE} s of simulated package work a node. Columns are
seconds, but for `state`, the saved state it starts from, and `resumed`.
"""

INTERRUPTED = 130


class Workers:
    """The workers of this invocation, each prepared when its first edge comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: dict[int, Worker] = {}

    def get(self, number: int) -> Worker:
        with self._lock:
            worker = self._ready.setdefault(number, Worker(number))
        worker.prepare()
        return worker

    def down(self) -> None:
        for worker in self._ready.values():
            worker.down()


def matrix(workers: Workers) -> Proof:
    """The matrix of the changes that the undisturbed run of the first worker made."""
    edges = workers.get(0).edges

    def run(name: str, evidence: Path, number: int) -> dict[str, str]:
        worker = workers.get(number)
        return run_edge(worker, worker.edges[name], evidence)

    return Proof("matrix", "Kill matrix", INTRODUCTION, COLUMNS, tuple(edges), run)


if __name__ == "__main__":
    made = Workers()
    try:
        proof = matrix(made)
    except (RuntimeError, NotKilled, RehearsalError) as error:
        sys.exit(f"the saved states could not be made: {error}")
    status = main(proof)
    # ended by a signal, the next one goes on with the same states
    if status != INTERRUPTED and not os.environ.get("MATRIX_KEEP"):
        made.down()
    sys.exit(status)
