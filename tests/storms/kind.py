"""Several findings at once, on rehearsal clusters."""

from __future__ import annotations

from pathlib import Path

from rehearsal.state import State
from tests.findings.case import described
from tests.findings.every import ALL
from tests.findings.stand import Stand, lab
from tests.integration.clusters import name_for
from tests.proving.kind import Kind, Red, Say
from tests.storms.storm import drawn, weather

INTRODUCTION = """
Drawn from the cases of `tests/findings` that show before the first change: a case says what it
touches, and what it hides. "then" stands before what the first plan can't see, because what it
finds hides it: the plan after its repair has to name it.
"""


class StormsStand:
    """A worker's cluster: every storm begins and ends with it at its start."""

    def __init__(self, letter: str, say: Say) -> None:
        self._stand = Stand(name_for(f"storms{letter}"))

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Run the storm of one seed."""
        storm = drawn(seed_of(case), ALL)
        at_once = ", ".join(one.name for one in storm.cases)
        repairs = "; ".join(described(one.repair) for one in storm.cases if one.repair)
        columns = {"at once": at_once, "repairs": repairs}
        try:
            with lab(storm.whole, evidence, self._stand) as made:
                columns["findings"] = weather(storm, made)
        except Red as red:
            raise type(red)(f"{at_once}: {red}", columns) from red
        except Exception as error:
            raise Red(f"{at_once}: {type(error).__name__}: {error}", columns) from error
        return columns

    def down(self) -> None:
        """Remove the cluster."""
        if State(self._stand.name).directory.exists():
            self._stand.down()


def seed_of(name: str) -> int:
    return int(name.removeprefix("seed-"))


def storms(seeds: int) -> Kind:
    """The storms of so many seeds."""
    names = [f"seed-{seed}" for seed in range(1, seeds + 1)]
    return Kind(
        "storms",
        "Every storm",
        INTRODUCTION,
        ("at once", "findings", "repairs"),
        {name: drawn(seed_of(name), ALL).whole.nodes for name in names},
        StormsStand,
    )
