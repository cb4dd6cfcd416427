"""Pairs of a cluster and its twin as cases of a proof."""

from __future__ import annotations

from pathlib import Path

from tests.integration.clusters import name_for
from tests.proving.kind import Kind, Say
from tests.twins.course import APART
from tests.twins.drawing import drawn_by, name_of
from tests.twins.pair import VENDORS, Pair

INTRODUCTION = f"""
Each pair is drawn by a seed. The cluster is brought up, edited as its line says, and asked by
`--plan --snapshot`; its twin is made of that snapshot, with all rows and with another seed. What
the vendor's commands do where no document tells it is the same in both, as it is the vendor's and
no cluster's: {", ".join(f"`{name}`" for name in VENDORS)}. A pair
whose plan ends blocked is compared by the plans and is not upgraded; of all others the plans and
the upgrades are compared. Compared are the exit codes, findings by step, code and place, questions
of the merge, files at planned stops, values that become NULL, rounds, and changes by step and
place. A place is a role and a number.

"changed afterwards" was done to the cluster when its snapshot was taken already. So that has to be
among what differs, and what follows from it may be there too. "left out" are findings that no twin
can have: {"; ".join(f"`{code}`: {why}" for code, why in APART.items())}.
"""
COLUMNS = ("cluster", "compared", "left out", "changed afterwards", "differs")


LEAST = 20
"""Pairs of a page; fewer are a try."""


class TwinsStand:
    """A worker's two clusters."""

    def __init__(self, letter: str, say: Say) -> None:
        self._pair = Pair((name_for(f"pair{letter}"), name_for(f"twin{letter}")), say)

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Compare the pair of that name."""
        return self._pair.compare(drawn_by(case), evidence)

    def down(self) -> None:
        """Remove both clusters."""
        self._pair.down()


def pairs(seed: int, number: int) -> Kind:
    """The first pairs of a seed."""
    names = [name_of(seed, one) for one in range(1, number + 1)]
    return Kind(
        "twins",
        f"The pairs of seed {seed}",
        INTRODUCTION,
        COLUMNS,
        dict.fromkeys(names, "pairs"),
        TwinsStand,
        is_on_page=number >= LEAST,
    )
