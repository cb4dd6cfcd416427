"""A whole run, and what of it is the runbook's own: an old commit beside this one.

    python -m bench.whole_run --old COMMIT [--nodes operative=3,elastic=1,voting=1] [--rounds 3]

In each round, in turn, on one rehearsal cluster that is put back to its start before: the upgrade
by the old commit, and by this one. The own share of a run is what `bench.own_share` leaves: wall
time minus the vendor's commands, the failover proof, and what pcs waits. Ends with 1 when it is
more than half of the old commit's. Nothing else may run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.machine import PYTHON, ROOT, SEED, checkout, cluster
from bench.own_share import Shares, shares_of
from bench.rows import Row, told
from engine.record.lines import JournalFile
from engine.report.evidence_files import JOURNAL

NAME = "bench-run"
ASKED = 1 / 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", required=True, help="commit to be measured beside this one")
    parser.add_argument("--nodes", default="operative=3,elastic=1,voting=1", metavar="ROLES")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    pairs: list[tuple[Shares, Shares]] = []
    with checkout(options.old) as tree, cluster(NAME, options.nodes) as inventory:
        for _ in range(options.rounds):
            old, new = (upgraded(at, inventory) for at in (tree, ROOT))
            pairs.append((old, new))
    return told(rows_of(pairs, options.nodes))


def upgraded(tree: Path, inventory: Path) -> Shares:
    """The whole upgrade by that tree, of the cluster at its start."""
    _done([PYTHON, "-m", "rehearsal", "reset", "--name", NAME, "--seed", SEED], ROOT)
    _done([PYTHON, "-m", "pytest", "runbook", "--inventory", inventory], tree)
    shares = shares_of(JournalFile((tree / "reports/latest").resolve() / JOURNAL))
    which = "new" if tree == ROOT else "old"
    print(f"{which}: {shares.wall:.1f} s, of it the runbook's own {shares.own:.1f} s", flush=True)
    return shares


def _done(words: Sequence[str | Path], tree: Path) -> None:
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        what = " ".join(map(str, words))
        sys.exit(f"{what}: ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr}")


def rows_of(pairs: Sequence[tuple[Shares, Shares]], nodes: str) -> list[Row]:
    """What is asked of the rounds, each a run of the old commit and one of this one."""
    old, new = zip(*pairs, strict=True)
    against, made = "the old commit's", Row.of_pairs
    own = ([one.own for one in new], against, [one.own for one in old])
    wall = ([one.wall for one in new], against, [one.wall for one in old])
    return [
        made(f"a whole run's own share, {nodes}", *own, "s", ASKED),
        made(f"a whole run, {nodes}", *wall, "s"),
    ]


if __name__ == "__main__":
    sys.exit(main())
