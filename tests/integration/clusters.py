"""Rehearsal clusters of the tests: with names of their own, gone afterwards."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearsal import cluster, known, podman, waiting
from rehearsal.errors import RehearsalError
from rehearsal.like.twin import Twin
from rehearsal.run import wait_for
from rehearsal.state import State, names
from rehearsal.topology import Topology

if TYPE_CHECKING:
    from tests.findings.picture import Picture

_OURS = re.compile(r"it(\d+)-[a-z]+")
SETTLE = 600.0
"""Seconds for what takes a few on an idle machine: others may work on this one."""
_REMOVING = Path("/run/lock/neteye-runbook-tests.lock")
BASE = "RUNBOOK_BASE"
"""Variable: the base of the nodes (`rehearsal.bases`), for all clusters of a test run."""
STATUS = ("crm_mon", "-1")
"""What `pcs status` shows too, at a fraction of its cost: it is asked again and again."""


def name_for(purpose: str) -> str:
    """A name that tells whose cluster it is: two test runs can stand side by side."""
    return f"it{os.getpid()}-{purpose}"


def remove_leftovers() -> None:
    """Remove the clusters of test runs that were killed: their process is not there any more."""
    with _REMOVING.open("w") as lock:  # of processes that begin at once, one removes
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names():
            match = _OURS.fullmatch(name)
            if match and not Path(f"/proc/{match[1]}").exists():
                cluster.down(name, say=_quiet)


def _quiet(text: str) -> None:
    """`up` and `down` tell their steps; a test's output shows them only when they fail."""


@dataclass
class TestCluster:
    """A running rehearsal cluster, with what tests do to its nodes."""

    __test__ = False

    name: str
    topology: Topology
    is_spoilt: bool = field(default=False)
    """Something was changed that is not put back: the next user gets a reset."""
    start: Picture | None = field(default=None)
    """What it was like at its start, for those who share it."""

    @property
    def inventory(self) -> Path:
        return State(self.name).inventory

    @property
    def ssh(self) -> Path:
        """The controller's key, host keys and configuration."""
        return State(self.name).ssh

    @property
    def shorts(self) -> tuple[str, ...]:
        return tuple(node.short for node in self.topology.nodes)

    @property
    def active(self) -> str:
        """Short name of the first operative node, which NetEye's commands run on."""
        return self.topology.operative[0].short

    @property
    def other(self) -> str:
        return self.topology.operative[1].short

    def container(self, node: str) -> str:
        return waiting.container_name(self.topology, self.topology.find(node))

    def run(self, node: str, argv: Sequence[str], *, timeout: float = SETTLE) -> str:
        """What a command on a node prints; RehearsalError when it fails."""
        return podman.execute(self.container(node), argv, timeout=timeout).stdout

    def shell(self, node: str, script: str, *arguments: str) -> str:
        """The same for a script; its arguments are data."""
        return self.run(node, ("bash", "-euc", script, "test", *arguments))

    def write(self, node: str, path: str, text: str) -> None:
        """Write a file in place: owner and mode stay."""
        podman.podman("exec", "--interactive", self.container(node), "tee", "--", path, stdin=text)

    def read(self, node: str, path: str) -> str:
        return self.run(node, ("cat", "--", path))

    def sql(self, statement: str) -> str:
        """A statement as the database's administrator, where the database runs."""
        return self.run(self.node_of("mariadb"), ("mysql", "--batch", "-N", "-e", statement))

    def node_of(self, resource: str) -> str:
        """Short name of the node that runs a resource."""
        words = ("crm_resource", "--locate", "--resource", resource, "--quiet")
        return self.run(self.active, words).split()[0].partition(".")[0]

    def node_name(self, number: int) -> str:
        """Pacemaker's name of an operative node, counted from 0."""
        return self.topology.operative[number].name

    def until_failed_action(self) -> None:
        """Wait until pacemaker shows a failed action, and every resource runs again."""

        def missing() -> str | None:
            text = self.run(self.active, STATUS)
            return None if "Failed Resource Actions" in text else "a failed action"

        wait_for("a failed action shown", missing, seconds=SETTLE)

    def until_ready(self) -> None:
        """Wait until every node is online and every resource Started, fence devices included."""
        waiting.until_ready(self.topology, SETTLE)
        wait_for("nothing stopped or failed", self._not_normal, seconds=SETTLE)

    def _not_normal(self) -> str | None:
        text = self.run(self.active, STATUS)
        return next((w for w in ("Stopped", "FAILED", "standby", "Failed ") if w in text), None)

    def reset(self) -> None:
        """Put the cluster back to its start."""
        cluster.reset(self.name, say=_quiet)
        self.is_spoilt, self.start = False, None

    @contextmanager
    def changed_file(self, node: str, path: str, text: str | None) -> Iterator[None]:
        """Another content of a file (None: no such file) for as long as the block runs."""
        before = self.read(node, path)
        if text is None:
            self.run(node, ("mv", "--", path, f"{path}.away"))
        else:
            self.write(node, path, text)
        try:
            yield
        finally:
            if text is None:
                self.run(node, ("mv", "--", f"{path}.away", path))
            else:
                self.write(node, path, before)


class Clusters:
    """The clusters of one test process; only one stands at a time, as they need a lot."""

    def __init__(self) -> None:
        self._standing: TestCluster | None = None

    def get(
        self,
        purpose: str,
        nodes: str | None,
        *,
        seed: int | None = None,
        scenario: str | None = None,
        step: str | None = None,
        settings: Mapping[str, Any] | None = None,
        twin: Twin | None = None,
    ) -> TestCluster:
        """The cluster of that purpose at its start, or as a test left it when it is not spoilt."""
        name = name_for(purpose)
        if self._standing is not None and self._standing.name == name:
            if self._standing.is_spoilt:
                self._standing.reset()
            return self._standing
        self.down()
        base = os.environ.get(BASE)
        more = {"step": step, "base": base, "twin": twin}
        cluster.up(name, scenario, seed, nodes, settings, say=_quiet, **more)  # type: ignore[arg-type]
        self._standing = TestCluster(name, known.topology(name))
        return self._standing

    @property
    def standing(self) -> TestCluster | None:
        """The cluster that stands now."""
        return self._standing

    def down(self) -> None:
        """Remove the cluster that stands; everything it made is gone."""
        if self._standing is not None:
            cluster.down(self._standing.name, say=_quiet)
            self._standing = None


__all__ = ["BASE", "Clusters", "RehearsalError", "TestCluster", "name_for", "remove_leftovers"]
