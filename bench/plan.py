"""How long `--plan` takes: an old commit, this one, and others who ask the same.

    python -m bench.plan --old COMMIT [--nodes operative=16,elastic=1,voting=1] [--rounds 3]
    python -m bench.plan --old COMMIT --inventory FILE

Without an inventory a cluster is made for it. In each round, in turn: the old commit's plan, this
one's, then what that one asks, recorded before, in one batched ssh command a node, and one by one
by pyinfra. Nodes are asked side by side by all of them. Prints the medians, with their ratios from
which to which; ends with 1 beyond what is asked: 1.25 times the batched command, 0.9 times pyinfra,
half of the old commit's own processor time. Nothing else may run.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import PYTHON, ROOT, checkout, cluster
from bench.peers import Host, pyinfra_in, questions_in, seconds_batched, seconds_by_pyinfra
from bench.rows import Row, told
from engine.model.groups import grouped
from engine.parse.inventory_ini import read_inventory
from runbook.to_4_26.release import RELEASE


@dataclass(frozen=True)
class Took:
    """Seconds of one plan, by the clock and of the controller's processors."""

    wall: float
    own: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s, own CPU {self.own:.2f} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", required=True, help="commit to be measured beside this one")
    parser.add_argument("--nodes", default="operative=16,elastic=1,voting=1", metavar="ROLES")
    parser.add_argument("--inventory", type=Path, help="a rehearsal cluster that is there")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, help="a folder that keeps pyinfra for the next time")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-plan-") as place,
        checkout(options.old) as tree,
        cluster("bench-plan", options.nodes, options.inventory) as inventory,
    ):
        python = pyinfra_in(options.peers or Path(place) / "peers")
        hosts, asked = hosts_of(inventory), recorded(inventory, Path(place) / "questions")
        plan(tree, inventory)  # the first one compiles its modules; this commit's was recorded
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
    return told(rows_of(grouped(pairs), options.nodes if options.inventory is None else ""))


def rows_of(seconds: Mapping[str, Sequence[float]], nodes: str) -> list[Row]:
    """What is asked of the rounds; `nodes` says of which."""
    new, own, of = seconds["new"], seconds["new own"], f", {nodes}" if nodes else ""
    batched, pyinfra = "one batched ssh command a node", "pyinfra, one question after the other"
    made = Row.of_pairs
    return [
        made(f"a plan{of}", new, batched, seconds["batched"], "s", 1.25),
        made(f"a plan{of}", new, pyinfra, seconds["pyinfra"], "s", 0.9),
        made(f"a plan{of}", new, "the old commit's", seconds["old"], "s"),
        made(f"a plan's own CPU{of}", own, "the old commit's", seconds["old own"], "s", 0.5),
    ]


def plan(
    tree: Path, inventory: Path, recording: Path | None = None, slower: float | None = None
) -> Took:
    """A plan by that tree; where a file is named, what is sent to nodes is written down.

    `slower`: how many times slower the nodes are than the deadlines are meant for.
    """
    before, begun = _children(), time.monotonic()
    command = [PYTHON, "-m", "pytest", "runbook", "--inventory", inventory, "--plan"]
    more = ["-p", "bench.recording"] if recording else []
    more += ["-p", "bench.slow_motion"] if slower else []
    environment = os.environ | {
        "BENCH_QUESTIONS": str(recording or ""),
        "BENCH_SLOWER": str(slower or ""),
    }
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


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _listed(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found.items())


if __name__ == "__main__":
    sys.exit(main())
