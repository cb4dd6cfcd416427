"""`make breaking`, `python -m tests.breaking`: every way the breaking changes go wrong."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from rehearsal import cluster
from rehearsal.errors import RehearsalError
from rehearsal.state import State
from tests.breaking.case import Start
from tests.breaking.cases import CASES
from tests.breaking.lab import Stand, lab
from tests.integration.clusters import name_for, remove_leftovers
from tests.proving.runner import Proof, Red, main

INTRODUCTION = """
Every way in which the breaking changes go wrong, each on a rehearsal cluster: memories.CAPACITY,
the GLPI plugin, httpd's OCS files and the credentials. `make breaking` writes this page. A case is
called like its scenario (`python -m rehearsal up --scenario NAME`). Green means that the run turned
red at this step, with these findings and no others, and this exit code, and that after the repair,
which is the one that the finding's remedy names, the next run ended with 0 on a cluster found
upgraded. Where the run stops before anything is changed, the next one is a plan. A case without red
step must not stop; what it finds are warnings.

"from" says what the run of the case begins with: `beginning`, a cluster of that scenario; `last
round`, a saved state after planned stop and migration, on which the scenario's steps and settings
are applied; `preflight`, a cluster at its start, on which they are applied.

Every finding of the runbook about the breaking changes is in this table, but for `capacity-dirty`
and `ocs-access-changed`, which every run on the rehearsal's data has.
"""


def run_one(name: str, evidence: Path, worker: int) -> dict[str, str]:
    """Run one case; what the table says of it."""
    case = CASES[name]
    stand = STANDS.setdefault(worker, Stand(_cluster_name(worker)))
    with lab(case, evidence, stand) as made:
        try:
            made.expect_first()
            if case.repair is not None:
                made.expect_repaired()
            if case.start is not Start.PREFLIGHT:
                made.expect_upgraded()
        except Red:
            raise
        except Exception as error:
            raise Red(f"{type(error).__name__}: {error}", made.columns) from error
        return made.columns


STANDS: dict[int, Stand] = {}


def _cluster_name(worker: int) -> str:
    return name_for("breaking" + "abcdefgh"[worker])


def run() -> int:
    with suppress(RehearsalError):  # somebody else is removing them
        remove_leftovers()
    proof = Proof(
        "breaking",
        "The breaking changes, going wrong",
        INTRODUCTION,
        (
            *("what goes wrong", "from", "red step", "findings", "exit code"),
            "repair, and the next run",
        ),
        tuple(CASES),
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
