"""`make findings`, `python -m tests.findings`: every finding, provoked and healed."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from rehearsal import cluster
from rehearsal.errors import RehearsalError
from rehearsal.state import State
from tests.findings.case import Start
from tests.findings.every import CASES
from tests.findings.lab import Stand, lab
from tests.integration.clusters import name_for, remove_leftovers
from tests.proving.runner import Proof, Red, main

INTRODUCTION = """
Every finding, provoked on a rehearsal cluster and healed. Green means that the run turned red at
this step, with these findings and no others, and this exit code; that the repair was the finding's
remedy, its printed commands to the letter where it prints any; and that the next run ended as it
should, on a cluster found upgraded past the runbook. A case called `NAME.accepted` has its findings
accepted in place of a repair; of a standing cluster that is a plan before the repair. A case
without red step must not stop.

"from" says what the run of the case begins with: `beginning`, a cluster of the scenario;
`preflight`, a standing cluster on which the runs are plans, as at its start afterwards;
the others are saved states of a run that was killed there.
"""


def run_one(name: str, evidence: Path, worker: int) -> dict[str, str]:
    """Run one case; what the table says of it."""
    case = CASES[name]
    stand = STANDS.setdefault(worker, Stand(_cluster_name(worker)))
    with lab(case, evidence, stand) as made:
        try:
            made.expect_first()
            if case.accepts:
                made.expect_accepted()
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
    return name_for("findings" + "abcdefgh"[worker])


def run() -> int:
    with suppress(RehearsalError):  # somebody else is removing them
        remove_leftovers()
    proof = Proof(
        "findings",
        "Every finding, provoked and healed",
        INTRODUCTION,
        (
            *("what goes wrong", "from", "red step", "findings", "exit code"),
            "repair, and the next run",
        ),
        tuple(CASES),
        run_one,
        document="healed",
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
