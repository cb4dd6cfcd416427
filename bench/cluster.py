"""What a rehearsal cluster and the runbook on it cost: an old commit beside this one.

    python -m bench.cluster --old COMMIT [--seed 15] [--parts up,--plan,save,load,run]

Of each commit a cluster of two nodes is made, fully updated and of one seed, and the parts are
measured on it: `up`, `--plan`, `save`, `load`, and a run to its end. Images are made before and do
not count. Prints processor seconds of the controller, with all that it starts here, and of the
nodes, and the ratios. They are read from the processes and from the nodes' control groups; what
podman leaves behind itself, the container that prepares a cluster's data, and nodes that are shut
down take is in neither. Nothing else may run: on a busy machine the same work takes more seconds of
the processors, and what waits looks more often.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import PYTHON, ROOT, checkout, make_image
from bench.rows import Row, told

NODES = ("--nodes", "operative=2,elastic=0,voting=0", "--scenario", "no-updates")
PARTS = ("up", "--plan", "save", "load", "run")
_SECOND = 1e9
_GROUPS = ("/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup")
"""Where control groups count processor time: version 1, version 2."""


@dataclass(frozen=True)
class Cost:
    """Processor seconds of the controller and of the nodes, and how long it took."""

    here: float
    nodes: float
    wall: float

    @property
    def all(self) -> float:
        return self.here + self.nodes

    def __str__(self) -> str:
        return (
            f"{self.all:5.1f} ({self.here:.1f} here, {self.nodes:.1f} nodes) in {self.wall:.0f} s"
        )


@dataclass(frozen=True)
class Cluster:
    """A cluster of one tree, and what is done with it."""

    tree: Path
    name: str
    seed: int

    def cost(self, part: str) -> Cost:
        inventory = f"/var/lib/neteye-rehearsal/{self.name}/inventory.ini"
        runbook = ("pytest", "runbook", "--inventory", inventory)
        named = ("--name", self.name)
        match part:
            case "up":
                return self._new("rehearsal", "up", *named, *NODES, "--seed", str(self.seed))
            case "--plan":
                return self._asked(*runbook, "--plan")
            case "run":
                return self._asked(*runbook)
        return self._new("rehearsal", part, "start", *named)

    def down(self) -> None:
        self._call("rehearsal", "down", "--name", self.name)

    def _new(self, *words: str) -> Cost:
        """A command after which the nodes are new ones: what they took since their start."""
        here, wall = self._call(*words)
        return Cost(here, sum(self._nodes().values()), wall)

    def _asked(self, *words: str) -> Cost:
        before = self._nodes()
        here, wall = self._call(*words)
        return Cost(here, sum(self._nodes().values()) - sum(before.values()), wall)

    def _call(self, *words: str) -> tuple[float, float]:
        before, begun = _children(), time.monotonic()
        done = subprocess.run(
            [PYTHON, "-m", *words], cwd=self.tree, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return _children() - before, time.monotonic() - begun

    def _nodes(self) -> dict[str, float]:
        """Container -> processor seconds since its start."""
        wanted = ("--filter", f"label=io.neteye-rehearsal.cluster={self.name}")
        listing = _said("podman", "ps", *wanted, "--format", "{{.ID}}")
        return {ident: _used(ident) for ident in listing.split()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", required=True, help="commit to be measured beside this one")
    parser.add_argument("--seed", type=int, default=15, help="what is drawn for both clusters")
    parser.add_argument("--parts", default=",".join(PARTS), help="some of them, in their order")
    options = parser.parse_args()
    parts = options.parts.split(",")
    if not set(parts) <= set(PARTS):
        parser.error(f"--parts {options.parts!r}: there are {', '.join(PARTS)}")
    now = costs("now", ROOT, options.seed, parts)
    with checkout(options.old) as tree:
        old = costs("old", tree, options.seed, parts)
    against = "the old commit's"
    return told(
        Row(f"`{part}`, processor seconds", now[part].all, against, old[part].all, "s")
        for part in parts
    )


def costs(name: str, tree: Path, seed: int, parts: Sequence[str]) -> dict[str, Cost]:
    """What the parts cost with that tree; its cluster is gone afterwards."""
    make_image(tree, PYTHON)
    cluster, found = Cluster(tree, f"bench-{name}", seed), {}
    try:
        for part in parts:
            found[part] = cluster.cost(part)
            print(f"{name}: {part:7} {found[part]}", flush=True)
    finally:
        cluster.down()
    return found


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _used(container: str) -> float:
    """Processor seconds of a container's control group."""
    process = _said("podman", "inspect", "--format", "{{.State.Pid}}", container).strip()
    lines = Path(f"/proc/{process}/cgroup").read_text("ascii").splitlines()
    groups = {names: path for _, names, path in (line.split(":", 2) for line in lines)}
    old, new = (Path(root) for root in _GROUPS)
    for names, path in groups.items():
        if "cpuacct" in names.split(","):
            text = (old / path.lstrip("/") / "cpuacct.usage").read_text("ascii")
            return int(text) / _SECOND
    # systemd has groups of its own below the container's
    group = new / groups[""].lstrip("/").removesuffix("/init.scope") / "cpu.stat"
    usage = dict(line.split() for line in group.read_text("ascii").splitlines())
    return int(usage["usage_usec"]) / 1e6


def _said(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
