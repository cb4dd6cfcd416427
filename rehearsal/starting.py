"""Starts the containers of a cluster's nodes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rehearsal import limits, podman, waiting
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.network import Network
from rehearsal.state import State
from rehearsal.topology import Node, Role, Topology

_ON_NODE = 20 * 10**6
_SHARED = 100 * 10**6
"""Bytes that a run writes on a node (4 to 7 MB, measured) and into the cluster's folder (46 MB)."""


def start_nodes(
    place: State, found: Topology, made: Network, image_of: Callable[[Node], str]
) -> None:
    """Start a container for each node, all at once; `image_of` says which image."""
    limits.make_room(found.counts)
    written = [(podman.graph_root(), len(found.nodes) * _ON_NODE), (place.directory, _SHARED)]
    limits.require_disk(f"A cluster of {len(found.nodes)} nodes", written)
    with ThreadPoolExecutor() as pool:
        starts = [node_container(place, found, made, node, image_of(node)) for node in found.nodes]
        for future in [pool.submit(podman.start_node, start) for start in starts]:
            future.result()


def node_container(
    place: State, found: Topology, made: Network, node: Node, reference: str
) -> podman.NodeContainer:
    """How a node's container is started: its name, address and directories of this machine."""
    volumes = {
        "/.rehearsal": f"{place.node(node.short)}:ro",
        "/srv/repo": f"{place.repositories}:ro",
    }
    if node.role is Role.OPERATIVE:
        volumes |= {"/.drbd": str(place.shared), "/.power": str(place.power)}
    return podman.NodeContainer(
        name=waiting.container_name(found, node),
        cluster=found.name,
        hostname=node.name,
        image=reference,
        network=made.name,
        address=node.address,
        volumes=volumes,
    )


def or_diagnosis(place: State, found: Topology, wait: Callable[[], None]) -> None:
    """Wait for the cluster; when it does not come, keep what the nodes say of themselves."""
    try:
        wait()
    except CommandError:
        raise
    except RehearsalError as error:
        log = place.directory / "not-ready.log"
        log.write_text(waiting.diagnosis(found), encoding="utf-8")
        raise RehearsalError(f"{error}\nWhat the nodes say is in {log}.") from error
