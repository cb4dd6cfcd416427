"""What a case of the long proofs costs: an old commit beside this one, on one machine.

    python -m bench.proof --old COMMIT [--seed 15] [--cases 12] [--workers 4]

Draws cases by the seed, as many from the matrix, the faults and the breaking changes each. Runs
them on a copy of the old commit, one kind after the other as it does, then here, side by side.
Clusters and saved states are made by each, images before. Prints seconds and processor seconds of
the machine a case, and the ratio; ends with 1 when a case is red or the ratio is above 1/3. The
machine has to be idle: its processors are read as a whole.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import ROOT, busy, checkout, make_image
from bench.rows import Row, told

ASKED = 1 / 3
KINDS = {"matrix": "edges", "faults": "faults", "breaking": "findings"}
"""Kind of the old commit, a module of its own there -> how it is called here."""


@dataclass(frozen=True)
class Cost:
    """What some cases cost the machine."""

    cases: int
    wall: float
    busy: float
    is_green: bool

    def __str__(self) -> str:
        word = "green" if self.is_green else "RED"
        each = f"{self.wall / self.cases:6.1f} s, {self.busy / self.cases:6.1f} processor s a case"
        return f"{self.cases} cases {word} in {self.wall:.0f} s: {each}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", required=True, help="commit whose proofs are run one by one")
    parser.add_argument("--seed", type=int, default=15, help="which cases are drawn")
    parser.add_argument("--cases", type=int, default=12, help="a multiple of three")
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    with checkout(options.old) as old:
        drawn = draw(names_of(old), options.seed, options.cases)
        for kind, names in drawn.items():
            print(f"{kind}: {', '.join(names)}", flush=True)
        before = cost_of_old(old, drawn)
        print(f"old: {before}", flush=True)
    now = cost_here(drawn, options.workers)
    print(f"now: {now}")
    if not (before.is_green and now.is_green):
        sys.exit("not all of it is green")
    against, cases = "the old commit's", options.cases
    return told(
        [
            Row("seconds of the machine a case", now.wall / cases, against,
                before.wall / cases, "s", ASKED),
            Row("processor seconds a case", now.busy / cases, against, before.busy / cases, "s"),
        ]
    )  # fmt: skip


def draw(names: Mapping[str, Sequence[str]], seed: int, cases: int) -> dict[str, list[str]]:
    """As many of each kind. ValueError when there are not so many."""
    drawing = random.Random(seed)
    return {kind: drawing.sample(sorted(found), cases // len(names)) for kind, found in
            names.items()}  # fmt: skip


def names_of(old: Path) -> dict[str, list[str]]:
    """Kind of the old commit -> the cases that it has and that are still there."""
    found = {}
    for kind, now in KINDS.items():
        here = _listed(ROOT, "tests.proving", "--kinds", now)
        # the old matrix lists its edges only when it has run; those of today it has to have
        there = here if kind == "matrix" else _listed(old, f"tests.{kind}")
        found[kind] = [name for name in here if name in there]
    return found


def _listed(tree: Path, module: str, *more: str) -> list[str]:
    words = [ROOT / ".venv/bin/python", "-m", module, "--list", *more]
    lines = subprocess.run(words, cwd=tree, capture_output=True, text=True, check=True).stdout
    return [line.replace("  (green)", "").split()[-1] for line in lines.splitlines()]


def cost_of_old(tree: Path, drawn: Mapping[str, Sequence[str]]) -> Cost:
    """Each kind by a command of its own, one case after the other."""
    commands = [
        [f"tests.{kind}", "--only", ",".join(names), "--again"] for kind, names in drawn.items()
    ]
    return _measured(tree, commands, sum(map(len, drawn.values())))


def cost_here(drawn: Mapping[str, Sequence[str]], workers: int) -> Cost:
    """All of them by one command."""
    names = [name for found in drawn.values() for name in found]
    kinds = ",".join(KINDS.values())
    words = [
        "tests.proving",
        "--kinds",
        kinds,
        "--only",
        ",".join(names),
        "--again",
        "--workers",
        str(workers),
    ]
    return _measured(ROOT, [words], len(names))


def _measured(tree: Path, commands: Sequence[Sequence[str]], cases: int) -> Cost:
    make_image(tree, ROOT / ".venv/bin/python")
    before, begun, is_green = busy(), time.monotonic(), True
    for words in commands:
        # what they print says how far they are
        done = subprocess.run([ROOT / ".venv/bin/python", "-m", *words], cwd=tree, check=False)
        is_green = is_green and done.returncode == 0
    return Cost(cases, time.monotonic() - begun, busy() - before, is_green)


if __name__ == "__main__":
    sys.exit(main())
