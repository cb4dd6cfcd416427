"""Commands that several remedies have. They wait for their effect, so that the next look is good.

Each is one of pcs 0.10 (RHEL 8) to 0.12 alike; what has no `--wait` is followed by `at_rest`.
"""

from __future__ import annotations

from engine.model.cluster import ClusterStatus, Resource
from engine.model.finding import Command

WAIT = 300
"""Seconds for which they wait for the cluster to come to rest."""
WAITING = f"--wait={WAIT}"


def somewhere(status: ClusterStatus) -> str:
    """A node for commands that any member may run: the first that is online."""
    online = (node.name for node in status.nodes if node.online and not node.unclean)
    return next(online, status.nodes[0].name if status.nodes else "")


def at_rest(node: str) -> Command:
    """It ends when the cluster has nothing left to do."""
    return Command(node, ("crm_resource", "--wait", f"--timeout={WAIT}"))


def pcs(node: str, *words: str) -> tuple[Command, ...]:
    """A change by pcs, then the cluster at rest."""
    change = Command(node, ("pcs", *words))
    return (change,) if WAITING in words else (change, at_rest(node))


def of_resource(resource: Resource) -> str:
    """pcs keeps the commands for fence devices apart."""
    return "stonith" if resource.is_fence_device else "resource"


def cleaned_up(status: ClusterStatus, name: str) -> tuple[Command, ...]:
    """Failures of a resource, group, clone or fence device forgotten: pacemaker tries again."""
    known = status.resource(name)
    return pcs(somewhere(status), of_resource(known) if known else "resource", "cleanup", name)


def property_set(status: ClusterStatus, name: str, value: str) -> tuple[Command, ...]:
    """A property of the whole cluster."""
    return pcs(somewhere(status), "property", "set", f"{name}={value}")


def cluster_started(node: str) -> tuple[Command, ...]:
    """Corosync and pacemaker run on the node, if it does; nothing happens when they do already."""
    return pcs(node, "cluster", "start", WAITING)


def unit_started(node: str, unit: str) -> Command:
    return Command(node, ("systemctl", "start", unit))
