"""Runs an argument list on a node: here directly, elsewhere by ssh as root with its key."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from neteye_standin.context import Node

SSH = (
    "ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5",
    "-o", "ServerAliveCountMax=4", "-o", "LogLevel=ERROR",
)  # fmt: skip
_SSH_LOST = 255
_PARALLEL = 8
DEADLINE = 120.0  # seconds, unless the caller says otherwise
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a command said; `unreachable` when ssh never got there or was cut off."""

    rc: int
    out: str
    err: str
    unreachable: bool = False

    @property
    def tail(self) -> str:
        """The last lines of what it said, for a message."""
        lines = [line for line in (self.out + "\n" + self.err).splitlines() if line.strip()]
        return " | ".join(lines[-3:]) or f"exit status {self.rc}, no output"


def run(argv: Sequence[str], stdin: str = "", deadline: float = DEADLINE) -> Answer:
    """Run on this node. A command that exceeds its deadline (seconds) is killed: rc 124."""
    try:
        done = subprocess.run(
            list(argv), input=stdin, capture_output=True, text=True, errors="replace",
            timeout=deadline, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return Answer(127, "", f"{argv[0]}: command not found")
    except subprocess.TimeoutExpired:
        return Answer(124, "", f"{argv[0]}: no end within {deadline:.0f} s")
    return Answer(done.returncode, done.stdout, done.stderr)


def run_on(
    node: Node, me: Node, argv: Sequence[str], stdin: str = "", deadline: float = DEADLINE
) -> Answer:
    """Run on `node`, directly when that is this one."""
    if node == me:
        return run(argv, stdin, deadline)
    answer = run([*SSH, f"root@{node.name}", shlex.join(argv)], stdin, deadline)
    lost = answer.rc in (_SSH_LOST, 124)
    return Answer(answer.rc, answer.out, answer.err, unreachable=lost)


def in_parallel(nodes: Sequence[Node], work: Callable[[Node], T]) -> list[T]:
    """`work` for each node at the same time, results in the order of the nodes."""
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        return list(pool.map(work, nodes))
