"""`make versions`, `python -m tests.versions`: the versions that the runbook was proved on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

from rehearsal.errors import RehearsalError
from tests.integration.clusters import remove_leftovers
from tests.proving.runner import main
from tests.proving.table import Page
from tests.versions.bases import BASES_PROOF
from tests.versions.controllers import CONTROLLERS_PROOF
from tests.versions.tools import TOOLS_PROOF

KINDS = (TOOLS_PROOF, BASES_PROOF, CONTROLLERS_PROOF)
PAGE = Page(
    "versions",
    "make versions",
    "Versions",
    """
NetEye 4.25 runs on RHEL 8, and later versions on newer ones. No RHEL was to be had for this: the
runbook was run on rehearsal clusters of three Debian releases, which have older and newer versions
of the same tools, beside those of each RHEL.

Made by `make versions`, on one state of the code. It is written whole or not at all.
""",
)


def start(words: Sequence[str]) -> int:
    """The command line, that of `tests.proving`; what a start before has left is removed first."""
    with suppress(RehearsalError):  # somebody else is removing them
        remove_leftovers()
    return main(KINDS, words, page=PAGE)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
