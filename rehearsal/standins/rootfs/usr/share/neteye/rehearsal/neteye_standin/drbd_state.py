"""State of the stand-in for DRBD, computed from what is real: mounts, and peers that answer.

A resource of each `<service>_drbd_fs` of the cluster; Primary where its directory is mounted;
a peer is Connected when its daemon (`neteye-drbd.service`, TCP 7788) answers.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neteye_standin import faults, peers
from neteye_standin.context import Cluster, Node

PORT = 7788
CIB = Path("/var/lib/pacemaker/cib/cib.xml")
MOUNTS = Path("/proc/mounts")
KNOWN_RESOURCES = Path("/var/lib/neteye-drbd/resources.json")
_SUFFIX = "_drbd_fs"


@dataclass(frozen=True)
class Peer:
    """One connection of a resource, as this node sees it."""

    node_id: int
    name: str
    connection: str
    role: str
    disk: str
    client: bool
    replication: str


@dataclass(frozen=True)
class Resource:
    """One resource on this node."""

    name: str
    node_id: int
    role: str
    minor: int
    disk: str
    client: bool
    quorum: bool
    peers: tuple[Peer, ...]
    suspended: bool = False
    fails_io: bool = False


def replicating(cluster: Cluster) -> tuple[Node, ...]:
    """Nodes that take part in DRBD: the operative ones and, diskless, the voting-only one."""
    return tuple(n for n in cluster.nodes if n.role in ("operative", "voting_only"))


def parse_directories(cib: str) -> dict[str, str]:
    """Resource name -> directory, from the file system resources of a CIB."""
    found: dict[str, str] = {}
    for primitive in ET.fromstring(cib).iter("primitive"):
        name = primitive.get("id", "")
        pairs = {p.get("name"): p.get("value", "") for p in primitive.iter("nvpair")}
        if name.endswith(_SUFFIX) and pairs.get("directory"):
            found[name.removesuffix(_SUFFIX)] = pairs["directory"] or ""
    return found


def mounted(mounts: str) -> set[str]:
    """Mount points of a text like /proc/mounts."""
    return {line.split()[1] for line in mounts.splitlines() if len(line.split()) > 1}


def own_answer(me: Node) -> dict[str, Any]:
    """What this node tells its peers: each resource's role and disk."""
    if me.role != "operative":
        return {"name": me.name, "resources": {}}
    points = mounted(MOUNTS.read_text(encoding="utf-8"))
    injected = faults.load("drbd")
    directories = parse_directories(CIB.read_text(encoding="utf-8"))
    return {
        "name": me.name,
        "resources": {
            name: _own(directory in points, injected.get(name, {}))
            for name, directory in directories.items()
        },
    }


def _own(is_mounted: bool, fault: Mapping[str, Any]) -> dict[str, str]:
    return {
        "role": fault.get("role", "Primary" if is_mounted else "Secondary"),
        "disk": fault.get("disk-state", "UpToDate"),
    }


def ask(node: Node, address: str | None = None) -> dict[str, Any] | None:
    """What the daemon of `node` answers, or None when it doesn't."""
    return peers.ask(address or node.address, PORT)


def observe(cluster: Cluster, me: Node) -> list[Resource]:
    """All resources of this node; empty when its own daemon is down or it has no part in DRBD."""
    nodes = replicating(cluster)
    if me not in nodes:
        return []
    others = [node for node in nodes if node != me]
    with ThreadPoolExecutor(max_workers=len(nodes)) as pool:
        own = pool.submit(ask, me, "127.0.0.1")
        answers = dict(zip(others, pool.map(ask, others)))
    mine = own.result()
    if mine is None:
        return []
    names = list(mine["resources"]) or _names_from_peers(answers)
    injected = faults.load("drbd")
    return [
        _resource(name, minor, me, mine["resources"].get(name), answers, injected.get(name, {}))
        for minor, name in enumerate(names, start=1)
    ]


def _names_from_peers(answers: Mapping[Node, dict[str, Any] | None]) -> list[str]:
    """A diskless node knows the resources from its peers, and remembers them."""
    names = next((list(a["resources"]) for a in answers.values() if a and a["resources"]), None)
    if names is None:
        if not KNOWN_RESOURCES.exists():
            return []
        return list(json.loads(KNOWN_RESOURCES.read_text(encoding="utf-8")))
    KNOWN_RESOURCES.parent.mkdir(parents=True, exist_ok=True)
    KNOWN_RESOURCES.write_text(json.dumps(names), encoding="utf-8")
    return names


def _resource(
    name: str,
    minor: int,
    me: Node,
    mine: Mapping[str, str] | None,
    answers: Mapping[Node, dict[str, Any] | None],
    fault: Mapping[str, Any],
) -> Resource:
    known = {} if fault.get("alone") else answers
    peers = tuple(_peer(name, node, answer, fault) for node, answer in known.items())
    connected = sum(peer.connection == "Connected" for peer in peers)
    return Resource(
        name=name,
        node_id=me.number - 1,
        role=mine["role"] if mine else "Secondary",
        minor=minor,
        disk=mine["disk"] if mine else "Diskless",
        client=mine is None,
        # Two nodes have no majority to lose: quorum is off there, which shows as `yes`.
        quorum=fault.get("quorum", len(peers) < 2 or 2 * (connected + 1) > len(peers) + 1),
        peers=peers,
        suspended=fault.get("suspended", False),
        fails_io=fault.get("force-io-failures", False),
    )


def _peer(
    name: str, node: Node, answer: Mapping[str, Any] | None, fault: Mapping[str, Any]
) -> Peer:
    state = "Connected" if answer else "Connecting"
    state = fault.get("connections", {}).get(node.name, state)
    client = node.role == "voting_only"
    if state != "Connected" or answer is None:
        return Peer(node.number - 1, node.short, state, "Unknown", "DUnknown", client, "Off")
    theirs = answer["resources"].get(name, {"role": "Secondary", "disk": "Diskless"})
    disk = theirs["disk"] if client else fault.get("peer-disk-state", theirs["disk"])
    replication = "Established" if client else fault.get("replication-state", "Established")
    return Peer(node.number - 1, node.short, state, theirs["role"], disk, client, replication)
