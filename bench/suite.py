"""What it costs to know whether a change is good: an old commit beside this one, on one machine.

    python -m bench.suite --old COMMIT [--without-proofs]

Of each commit a copy is made ready, the environment and the cluster's image among it; then
`make test` and `make proofs`, which `.ci/run` consists of, are measured. Prints seconds and
processor seconds, and the ratios; ends with 1 when anything is red, when `make test` takes more
than a third of what it took, or both together more than half. The machine has to be idle: its
processors are read as a whole.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import busy, checkout, make_image
from bench.rows import Row, told

TEST, PROOFS = "test", "proofs"
ASKED = {"`make test`": 1 / 3, "all of .ci/run": 1 / 2}


@dataclass(frozen=True)
class Cost:
    """What a command cost the machine."""

    wall: float
    busy: float
    is_green: bool

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.wall + other.wall, self.busy + other.busy, self.is_green and other.is_green
        )

    def __str__(self) -> str:
        word = "green" if self.is_green else "RED"
        return f"{word} in {self.wall:.0f} s, {self.busy:.0f} processor s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", required=True, help="commit to be measured beside this one")
    parser.add_argument("--without-proofs", action="store_true", help="`make test` only")
    options = parser.parse_args()
    targets = [TEST] if options.without_proofs else [TEST, PROOFS]
    before = costs("old", options.old, targets)
    now = costs("now", "HEAD", targets)
    return told(rows_of(before, now))


def costs(name: str, commit: str, targets: Sequence[str]) -> list[Cost]:
    """What each target costs on that commit."""
    found = []
    with checkout(commit) as tree:
        make_ready(tree)
        for target in targets:
            found.append(cost(tree, target))
            print(f"{name}: make {target}: {found[-1]}", flush=True)
    return found


def make_ready(tree: Path) -> None:
    """The environment and the image of that commit."""
    subprocess.run(["make", "setup"], cwd=tree, check=True)
    make_image(tree, tree / ".venv/bin/python")


def cost(tree: Path, target: str) -> Cost:
    """What it prints says how far it is."""
    before, begun = busy(), time.monotonic()
    done = subprocess.run(["make", target], cwd=tree, check=False)
    return Cost(time.monotonic() - begun, busy() - before, done.returncode == 0)


def rows_of(before: Sequence[Cost], now: Sequence[Cost]) -> list[Row]:
    """What is asked of the seconds; all of it has to be green."""
    if not all(cost.is_green for cost in (*before, *now)):
        sys.exit("not all of it is green")
    rows, against = [], "the old commit's"
    for number, (name, asked) in enumerate(list(ASKED.items())[: len(now)], start=1):
        old, new = (_sum(costs[:number]) for costs in (before, now))
        rows.append(Row(name, new.wall, against, old.wall, "s", asked))
        rows.append(Row(f"{name}, processor seconds", new.busy, against, old.busy, "s"))
    return rows


def _sum(costs: Sequence[Cost]) -> Cost:
    first, *more = costs
    return sum(more, start=first)


if __name__ == "__main__":
    sys.exit(main())
