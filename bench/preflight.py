"""What a plan costs on many nodes beside two, each node with a share of a processor of its own.

    python -m bench.preflight [--nodes operative=16,elastic=1,voting=1] [--rounds 3]

On one machine the nodes share the processors, so a plan of many nodes waits for the machine and not
for a node. Here what each node's sshd starts gets the same share of a processor, and the controller
twice that: control groups with quotas. The daemons of the cluster have none: corosync in slow
motion would lose its nodes. All shares together are less than the machine has, so none waits for
another. It is as on nodes with a processor each and a controller with two, in slow motion: the
seconds are more, their ratio is the same, and deadlines are as many times longer. In each round, in
turn: a plan of the cluster with two operative nodes, and one of the large cluster. Both are made
for it and run at the same time. Ends with 1 when the plan of many takes more than 1.5 times the
plan of two. Nothing else may run.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.machine import ROOT, cluster
from bench.plan import Took, plan
from bench.rows import Row, told
from bench.shares import limited, own_group, sshd_of

ASKED = 1.5
ROOM = 0.8
"""Of the machine's processors, all shares together: what is left is the daemons', the kernel's."""
OF_CONTROLLER = 2
"""How many processors the controller has where a node has one."""
FEW, MANY, CONTROLLER = "bench-few", "bench-many", "bench-controller"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", default="operative=16,elastic=1,voting=1", metavar="ROLES")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    few, many = with_two_operative(options.nodes), options.nodes
    with cluster(FEW, few) as small, cluster(MANY, many) as large:
        nodes = [*sshd_of(FEW), *sshd_of(MANY)]
        share = ROOM * (os.cpu_count() or 1) / (len(nodes) + OF_CONTROLLER)
        print(f"{share:.3f} of a processor for each node", flush=True)
        plan(ROOT, small)  # the first one compiles modules
        pairs: list[tuple[Took, Took]] = []
        for number in range(options.rounds):
            one, other = (slowly(at, nodes, share) for at in (small, large))
            pairs.append((one, other))
            print(f"round {number + 1}: {few}: {one}; {many}: {other}", flush=True)
    return told(rows_of(pairs, few, many, share))


def slowly(inventory: Path, nodes: Sequence[int], share: float) -> Took:
    """A plan, with that share for what each node's sshd starts, and twice that for this process."""
    with ExitStack() as stack:
        groups = [stack.enter_context(own_group(f"bench-{sshd}", sshd)) for sshd in nodes]
        here = stack.enter_context(own_group(CONTROLLER, os.getpid()))
        stack.enter_context(limited([here], OF_CONTROLLER * share))
        stack.enter_context(limited(groups, share))
        return plan(ROOT, inventory, slower=1 / share)


def rows_of(pairs: Sequence[tuple[Took, Took]], few: str, many: str, share: float) -> list[Row]:
    """What is asked of the rounds, each a plan of few nodes and one of many."""
    small, large = zip(*pairs, strict=True)
    each = f"each node's sshd with {share:.3f} of a processor"
    walls = ([took.wall for took in large], few, [took.wall for took in small])
    own = ([took.own for took in large], few, [took.own for took in small])
    return [
        Row.of_pairs(f"a plan, {many}, {each}", *walls, "s", ASKED),
        Row.of_pairs(f"its own CPU, {many}", *own, "s"),
    ]


def with_two_operative(nodes: str) -> str:
    """The same roles, with as few operative nodes as a cluster can have.

    >>> with_two_operative("operative=16,elastic=1,voting=1")
    'operative=2,elastic=1,voting=1'
    """
    return re.sub(r"operative=\d+", "operative=2", nodes)


if __name__ == "__main__":
    sys.exit(main())
