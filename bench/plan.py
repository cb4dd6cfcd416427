"""How long `--plan` takes: an old commit, this one, and others who ask the same.

    python -m bench.plan --old COMMIT [--nodes operative=16,elastic=1,voting=1] [--rounds 3]
    python -m bench.plan --old COMMIT --inventory FILE

Without an inventory a cluster is made for it. In each round, in turn: the old commit's plan, this
one's, then what that one asks, recorded before, in one batched ssh command a node, and one by one
by pyinfra. Nodes are asked side by side by all of them. Prints the medians and their ratios; ends
with 1 beyond what is asked: 1.25 times the batched command, 0.9 times pyinfra, half of the old
commit's own processor time. Nothing else may run.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import ROOT, checkout
from bench.peers import Host, pyinfra_in, questions_in, seconds_batched, seconds_by_pyinfra
from bench.rows import Row, told
from engine.model.groups import grouped
from engine.parse.inventory_ini import read_inventory
from runbook.to_4_26.release import RELEASE

PYTHON = ROOT / ".venv/bin/python"
_NAME = "bench-plan"


@dataclass(frozen=True)
class Took:
    """Seconds of one plan, by the clock and of the controller's processors."""

    wall: float
    own: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", required=True, help="commit to be measured beside this one")
    parser.add_argument("--nodes", default="operative=16,elastic=1,voting=1", metavar="ROLES")
    parser.add_argument("--inventory", type=Path, help="a rehearsal cluster that is there")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-plan-") as place,
        checkout(options.old) as tree,
        _cluster(options.inventory, options.nodes) as inventory,
    ):
        python, hosts = pyinfra_in(Path(place) / "pyinfra"), hosts_of(inventory)
        asked = recorded(inventory, Path(place) / "questions")
        pairs: list[tuple[str, float]] = []
        for number in range(options.rounds):
            old, new = plan(tree, inventory), plan(ROOT, inventory)
            found = {
                "old": old.wall,
                "new": new.wall,
                "old own": old.own,
                "new own": new.own,
                "batched": seconds_batched(hosts, asked),
                "pyinfra": seconds_by_pyinfra(python, hosts, asked),
            }
            pairs += found.items()
            print(f"round {number + 1}: {_listed(found)}", flush=True)
    median = {name: statistics.median(values) for name, values in grouped(pairs).items()}
    print(f"medians: {_listed(median)}")
    return told(rows_of(median))


def rows_of(median: Mapping[str, float]) -> list[Row]:
    """What is asked of the medians."""
    new, own = median["new"], median["new own"]
    return [
        Row("a plan", new, "one batched ssh command a node", median["batched"], "s", 1.25),
        Row("a plan", new, "pyinfra, one question after the other", median["pyinfra"], "s", 0.9),
        Row("a plan", new, "the old commit's", median["old"], "s"),
        Row("a plan's own CPU", own, "the old commit's", median["old own"], "s", 0.5),
    ]


def plan(tree: Path, inventory: Path, recording: Path | None = None) -> Took:
    """A plan by that tree; where a file is named, what is sent to nodes is written down."""
    before, begun = _children(), time.monotonic()
    command = [PYTHON, "-m", "pytest", "runbook", "--inventory", inventory, "--plan"]
    more = ["-p", "bench.recording"] if recording else []
    environment = os.environ | {"BENCH_QUESTIONS": str(recording or "")}
    done = subprocess.run(
        [*command, *more], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    wall = time.monotonic() - begun
    if done.returncode != 0:
        sys.exit(f"the plan of {tree} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return Took(wall, _children() - before)


def recorded(inventory: Path, file: Path) -> dict[str, list[str]]:
    """What a plan of this tree asks, by node."""
    plan(ROOT, inventory, file)
    asked = questions_in(file)
    print(f"{sum(map(len, asked.values()))} questions of {len(asked)} nodes", flush=True)
    return asked


def hosts_of(inventory: Path) -> list[Host]:
    """The nodes of a rehearsal cluster, and the file by which OpenSSH reaches them."""
    config = str(inventory.parent / "ssh/config")
    hosts = read_inventory(inventory, RELEASE.settings).hosts
    return [Host(host.name, host.address, config) for host in hosts]


@contextmanager
def _cluster(inventory: Path | None, nodes: str) -> Iterator[Path]:
    if inventory:
        yield inventory
        return
    _rehearsal("up", "--name", _NAME, "--nodes", nodes)
    try:
        yield Path(f"/var/lib/neteye-rehearsal/{_NAME}/inventory.ini")
    finally:
        _rehearsal("down", "--name", _NAME)


def _rehearsal(*words: str) -> None:
    subprocess.run([PYTHON, "-m", "rehearsal", *words], cwd=ROOT, check=True)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _listed(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found.items())


if __name__ == "__main__":
    sys.exit(main())
