"""State of the stand-in for Elasticsearch: members that answer, and shards spread over them. Pure,
but for `ask`, which looks whether a member answers on its transport port (TCP 9300), and for
`installed_version`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neteye_standin import peers
from neteye_standin.context import Cluster, Node

TRANSPORT_PORT = 9300
CLUSTER_NAME = "neteye-elasticsearch"
# index -> number of primary shards; each has one replica where there are two data nodes
INDICES = {"logstash-2022.10.01": 2, "filebeat-2022.10.01": 1, ".kibana_1": 1, ".tasks": 1}
VERSION_FILE = Path("/usr/share/neteye/versions/elasticsearch-neteye.json")


@dataclass(frozen=True)
class Member:
    """A node of the Elasticsearch cluster; `version` is None when it does not answer."""

    name: str
    address: str
    voting_only: bool
    version: str | None

    @property
    def roles(self) -> str:
        return "mv" if self.voting_only else "dilmrt"


@dataclass(frozen=True)
class Shard:
    """One copy of a shard; `node` is None when it is unassigned."""

    index: str
    number: int
    primary: bool
    node: Member | None


@dataclass(frozen=True)
class View:
    """What this node knows of the cluster; `unassigned`, `relocating` are injected counts."""

    members: tuple[Member, ...]
    shards: tuple[Shard, ...]
    forced_status: str | None = None
    forced_unassigned: int = 0
    relocating: int = 0

    @property
    def alive(self) -> tuple[Member, ...]:
        return tuple(m for m in self.members if m.version is not None)

    @property
    def has_master(self) -> bool:
        return 2 * len(self.alive) > len(self.members)

    @property
    def master(self) -> Member | None:
        """The elected master: the first live member that is more than a vote."""
        return next((m for m in self.alive if not m.voting_only), None)

    @property
    def unassigned(self) -> int:
        return sum(shard.node is None for shard in self.shards) + self.forced_unassigned

    @property
    def status(self) -> str:
        """green, yellow (a replica is missing) or red (a primary is missing)."""
        if self.forced_status:
            return self.forced_status
        if any(shard.primary and shard.node is None for shard in self.shards):
            return "red"
        return "yellow" if self.unassigned else "green"


def installed_version() -> str:
    """Version of the installed rpm; the running one is what it was when the daemon started."""
    text = VERSION_FILE.read_text(encoding="utf-8")
    return str(json.loads(text)["version"]).partition("-")[0]


def ask(node: Node) -> str | None:
    """The version of the Elasticsearch running on `node`, or None when it does not answer."""
    told = peers.ask(node.address, TRANSPORT_PORT)
    return None if told is None or "version" not in told else str(told["version"])


def observe(cluster: Cluster, injected: Mapping[str, Any]) -> View:
    """Ask every node of the cluster, all at once."""
    with ThreadPoolExecutor(max_workers=len(cluster.nodes)) as pool:
        versions = list(pool.map(ask, cluster.nodes))
    members = tuple(
        Member(node.name, node.address, node.role == "voting_only", version)
        for node, version in zip(cluster.nodes, versions)
    )
    return View(
        members,
        allocate(members),
        forced_status=injected.get("status"),
        forced_unassigned=int(injected.get("unassigned", 0)),
        relocating=int(injected.get("relocating", 0)),
    )


def allocate(members: Sequence[Member]) -> tuple[Shard, ...]:
    """Two copies of each shard on neighbouring data nodes; a live copy is the primary."""
    data = [member for member in members if not member.voting_only]
    shards: list[Shard] = []
    place = 0
    for index, count in INDICES.items():
        for number in range(count):
            homes = [data[(place + k) % len(data)] for k in range(min(2, len(data)))]
            place += 1
            live = [home for home in homes if home.version is not None]
            copies: list[Member | None] = [*live, *([None] * (len(homes) - len(live)))]
            shards += [
                Shard(index, number, primary=k == 0, node=home) for k, home in enumerate(copies)
            ]
    return tuple(shards)
