"""`python -m tests.proving`, `make proof`: every edge, fault and finding on rehearsal clusters."""

from __future__ import annotations

import sys
from contextlib import suppress

from rehearsal.errors import RehearsalError
from tests.faults.kind import FAULTS_PROOF
from tests.findings.kind import FINDINGS_PROOF
from tests.integration.clusters import remove_leftovers
from tests.matrix.kind import MATRIX_PROOF
from tests.proving.runner import main

KINDS = (MATRIX_PROOF, FAULTS_PROOF, FINDINGS_PROOF)

if __name__ == "__main__":
    with suppress(RehearsalError):  # somebody else is removing them
        remove_leftovers()
    sys.exit(main(KINDS))
