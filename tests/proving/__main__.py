"""`python -m tests.proving`, `make proof`: every edge, fault and finding on rehearsal clusters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

from rehearsal.errors import RehearsalError
from tests.faults.kind import FAULTS_PROOF
from tests.findings.kind import FINDINGS_PROOF
from tests.integration.clusters import remove_leftovers
from tests.matrix.kind import EDGES_PROOF, MATRIX_PROOF
from tests.proving.runner import main

KINDS = (MATRIX_PROOF, EDGES_PROOF, FAULTS_PROOF, FINDINGS_PROOF)


def start(words: Sequence[str]) -> int:
    """The command line; what a start before has left is removed first."""
    with suppress(RehearsalError):  # somebody else is removing them
        remove_leftovers()
    return main(KINDS, words)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
