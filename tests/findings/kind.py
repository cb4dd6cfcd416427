"""Every finding, provoked on a rehearsal cluster and healed."""

from __future__ import annotations

from pathlib import Path

from rehearsal.state import State
from tests.findings.case import Case, Start
from tests.findings.every import CASES
from tests.findings.stand import Stand, lab
from tests.integration.clusters import name_for
from tests.proving.kind import Kind, Red, Say

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


class FindingsStand:
    """A worker's cluster: cases that begin alike share it."""

    def __init__(self, letter: str, say: Say) -> None:
        self._stand = Stand(name_for(f"findings{letter}"))

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Provoke the findings of one case, and heal them."""
        found = CASES[case]
        with lab(found, evidence, self._stand) as made:
            try:
                made.expect_first()
                if found.accepts:
                    made.expect_accepted()
                if found.repair is not None:
                    made.expect_repaired()
                if found.is_upgraded and found.start is not Start.PREFLIGHT:
                    made.expect_upgraded()
            except Red:
                raise
            except Exception as error:
                raise Red(f"{type(error).__name__}: {error}", made.columns) from error
            return made.columns

    def down(self) -> None:
        """Remove the cluster and its saved states."""
        if State(self._stand.name).directory.exists():
            self._stand.down()


def _group(case: Case) -> str:
    scenario = case.scenario if case.start is Start.BEGINNING else ""
    return f"{case.nodes} {case.start} {scenario}"


FINDINGS_PROOF = Kind(
    "findings",
    "Every finding, provoked and healed",
    INTRODUCTION,
    (
        *("what goes wrong", "from", "red step", "findings", "exit code"),
        "repair, and the next run",
    ),
    {name: _group(case) for name, case in CASES.items()},
    FindingsStand,
)
