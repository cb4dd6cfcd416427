"""podman networks: each start of a cluster gets a new one on the cluster's subnet.

A new name each time, because podman keeps address reservations by network name, and a start that
was killed leaves reservations that nothing can take back. Networks are found by their label.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from rehearsal.podman import LABEL, podman
from rehearsal.run import run


@dataclass(frozen=True)
class Network:
    """A podman network: its bridge on this machine, first IPv4 subnet, and whose it is."""

    name: str
    interface: str
    subnet: IPv4Network
    cluster: str | None = None


def networks() -> list[Network]:
    """Every podman network with an IPv4 subnet."""
    listing = json.loads(podman("network", "ls", "--format", "json").stdout or "[]")
    return parse_networks(listing or [])


def parse_networks(listing: list[Mapping[str, object]]) -> list[Network]:
    """Networks in the JSON of `podman network ls`."""
    found = []
    for entry in listing:
        subnets = entry.get("subnets")
        labels = entry.get("labels")
        addresses = [s["subnet"] for s in subnets] if isinstance(subnets, list) else []
        subnet = next((address for address in addresses if ":" not in address), None)
        if subnet is not None:
            cluster = labels.get(LABEL) if isinstance(labels, dict) else None
            interface = str(entry.get("network_interface", ""))
            found.append(Network(str(entry["name"]), interface, IPv4Network(subnet), cluster))
    return found


def of_cluster(cluster: str) -> list[Network]:
    """The networks of one cluster: one, or none, or several after starts that were killed."""
    return [network for network in networks() if network.cluster == cluster]


def create(cluster: str, subnet: IPv4Network) -> Network:
    """Make a network for a cluster."""
    name = f"rehearsal-{cluster}-{secrets.token_hex(3)}"
    podman(
        "network",
        "create",
        "--disable-dns",
        "--subnet",
        str(subnet),
        "--gateway",
        str(subnet[1]),
        "--label",
        f"{LABEL}={cluster}",
        name,
    )
    return Network(name, "", subnet, cluster)


def remove_all(cluster: str) -> None:
    """Remove a cluster's networks, whose containers must be gone, with their bridges.

    Something of a start that was killed may still hang on a bridge, with the address of a node.
    """
    for network in of_cluster(cluster):
        drop_interface(network.interface)
        podman("network", "rm", "--force", network.name)


def drop_interface(interface: str) -> None:
    """Delete a network interface of this machine, if it is there."""
    if interface and Path("/sys/class/net", interface).exists():
        run(["ip", "link", "delete", interface])
