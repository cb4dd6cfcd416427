"""What a node knows of itself and of the cluster: names, addresses, release, the cluster file."""

import hashlib
import json

from rehearsal.bases import Base
from rehearsal.scenario import Scenario
from rehearsal.topology import Node, Topology


def cluster_file(topology: Topology) -> str:
    """/etc/neteye-cluster; keys and shapes as section 1.1 of the vendor facts."""
    content: dict[str, object] = {
        "ClusterInterface": "eth0",
        "Hostname": topology.fqdn,
        "ClusterIp": str(topology.cluster_ip),
        "ClusterCIDR": topology.network.prefixlen,
        "Nodes": [_entry(node, with_id=True) for node in topology.operative],
    }
    if topology.elastic:
        content["ElasticOnlyNodes"] = [_entry(node, with_id=False) for node in topology.elastic]
    if topology.voting is not None:
        content["VotingOnlyNode"] = _entry(topology.voting, with_id=True)
    return json.dumps(content, indent=2) + "\n"


def _entry(node: Node, *, with_id: bool) -> dict[str, object]:
    entry: dict[str, object] = {
        "addr": str(node.address),
        "hostname": node.name,
        "hostname_ext": node.name_ext,
    }
    return {**entry, "id": node.number} if with_id else entry


def machine_id(host_key: str) -> str:
    """/etc/machine-id: another one on each node, and the same as long as it has its host key.

    So it survives a stop, kill or reload of the container. No node has that of the image.
    """
    return hashlib.sha256(host_key.encode()).hexdigest()[:32]


def hosts(topology: Topology, node: Node) -> str:
    """/etc/hosts: all nodes, and the service names on their virtual addresses."""
    lines = ["127.0.0.1 localhost localhost.localdomain"]
    # each node's own endpoint answers; a real cluster balances the name over all of them
    lines.append("127.0.0.1 elasticsearch.neteyelocal")
    lines += [
        f"{other.address} {other.name} {other.short} {other.name_ext}"
        for other in sorted(topology.nodes, key=lambda other: (other != node, other.number))
    ]
    lines.append(f"{topology.cluster_ip} {topology.fqdn} neteye.neteyelocal")
    lines += [f"{topology.service_address(s.name)} {s.host_name}" for s in topology.services]
    return "\n".join(lines) + "\n"


def marker(topology: Topology, node: Node, scenario: Scenario, base: Base) -> str:
    """/etc/neteye-rehearsal/marker.json: proves that this machine is a rehearsal node.

    It says of which scenario, in words what that is, and of which base: the evidence of a rehearsal
    tells it. Of a twin it tells the snapshot, the scale, and what can't be had.
    """
    content: dict[str, object] = {
        "rehearsal": True,
        "cluster": topology.name,
        "node": node.name,
        "scenario": scenario.name,
        "about": scenario.description,
        "base": base.name,
    }
    if scenario.twin is not None:
        content["twin"] = {
            "snapshot": scenario.twin.snapshot.sha256,
            "rows": str(scenario.twin.rows),
            "missing": list(scenario.missing),
        }
    return json.dumps(content) + "\n"


def release_profile(version: str) -> str:
    """/etc/profile.d/neteye-DNF.sh: the repository that login shells use."""
    return f"export DNF0={version}\n"


def release_file(version: str) -> str:
    """/etc/neteye-release."""
    return f"NetEye release {version}\n"
