"""Where a stand-in runs: cluster, node, settings. Everything is read anew at every start."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLUSTER_FILE = Path("/etc/neteye-cluster")
REHEARSAL = Path("/etc/neteye-rehearsal")
SETTINGS_FILE = REHEARSAL / "settings.json"
RELEASE_FILE = Path("/etc/neteye-release")
FINALISED_MARK = Path("/var/lib/neteye/finalised-release")

_ROLES = (("Nodes", "operative"), ("ElasticOnlyNodes", "elastic_only"))


class ContextError(Exception):
    """The node can't tell what it is; the text says which file and why."""


@dataclass(frozen=True)
class Node:
    """A machine of the cluster; `role` is operative, elastic_only or voting_only."""

    name: str
    address: str
    role: str
    number: int

    @property
    def short(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Cluster:
    """The nodes of `/etc/neteye-cluster`, in its order: operative, elastic-only, voting-only."""

    hostname: str
    nodes: tuple[Node, ...]

    @property
    def operative(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.role == "operative")

    @property
    def active(self) -> Node:
        """The NetEye active node: the first entry of `Nodes` (domain facts 2.2)."""
        return self.operative[0]

    def find(self, name: str) -> Node | None:
        """The node of that full or short name."""
        return next((n for n in self.nodes if name in (n.name, n.short)), None)


@dataclass(frozen=True)
class Context:
    """The cluster, this node in it, and what was drawn from the seed."""

    cluster: Cluster
    me: Node
    settings: dict[str, Any]


def parse_cluster(text: str) -> Cluster:
    """Read `/etc/neteye-cluster`. Raises ContextError when a key is missing."""
    try:
        data = json.loads(text)
        entries = [(entry, role) for key, role in _ROLES for entry in data.get(key, [])]
        if "VotingOnlyNode" in data:
            entries.append((data["VotingOnlyNode"], "voting_only"))
        nodes = tuple(
            Node(entry["hostname"], entry["addr"], role, number)
            for number, (entry, role) in enumerate(entries, start=1)
        )
        hostname = data["Hostname"]
    except (ValueError, KeyError, TypeError) as error:
        raise ContextError(f"{CLUSTER_FILE}: not a cluster file ({error!r})") from None
    if not any(node.role == "operative" for node in nodes):
        raise ContextError(f"{CLUSTER_FILE}: no entry in Nodes")
    return Cluster(hostname, nodes)


def load_cluster() -> Cluster:
    """The cluster of this machine. Raises ContextError."""
    try:
        return parse_cluster(CLUSTER_FILE.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContextError(f"{CLUSTER_FILE}: {error.strerror}; not part of a cluster") from None


def load() -> Context:
    """Cluster, node and settings. Raises ContextError."""
    cluster = load_cluster()
    name = socket.gethostname()
    me = cluster.find(name) or cluster.find(name.partition(".")[0])
    if me is None:
        raise ContextError(f"{CLUSTER_FILE}: no entry for this machine, {name}")
    return Context(cluster, me, load_settings())


def load_settings() -> dict[str, Any]:
    """What was drawn from the seed. Raises ContextError."""
    try:
        settings = json.loads(SETTINGS_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ContextError(f"{SETTINGS_FILE}: {error}; made by `python -m rehearsal up`") from None
    if not isinstance(settings, dict):
        raise ContextError(f"{SETTINGS_FILE}: not a JSON object")
    return settings
