"""The node that is named first, and what is told when it leads to no cluster."""

from __future__ import annotations

from engine.discovery.asking import Door, reach
from engine.discovery.found import Reached
from engine.discovery.ways import login_command
from engine.errors import Unanswered, UsageError
from engine.model.answer import Lost, LostKind
from engine.model.definition import ClusterDefinition
from engine.model.inventory import Host


def start_at(host: Host, open_door: Door) -> Reached:
    """The node that the operator named. UsageError with one sentence when it leads no further."""
    try:
        reached = reach(host, open_door)
    except Lost as lost:
        raise UsageError(f"{host.name} is not reached: {lost.why}{_hint(host, lost)}") from lost
    except Unanswered as error:
        raise UsageError(f"{host.name} does not say who it is: {error.why}") from error
    definition_at(reached)
    return reached


def _hint(host: Host, lost: Lost) -> str:
    if lost.kind is LostKind.HOST_KEY:
        return f". No host key is accepted here; ssh asks you about it by: {login_command(host)}"
    if "ansible_" in lost.why:
        return (
            ". What an inventory calls ansible_user, ansible_port,"
            " ansible_ssh_private_key_file, ansible_ssh_common_args and ansible_become are here"
            " USER@HOST, -p, -i, -J and --become"
        )
    return ""


def definition_at(reached: Reached) -> ClusterDefinition:
    """The cluster that this node defines. UsageError when it is none, or is not asked as root."""
    name, seen, there = reached.host.name, reached.seen, reached.membership
    if reached.why_not_enough:
        raise UsageError(
            f"{name}: {reached.why_not_enough}; name root@HOST, or give --become for a user who may"
            " run any command by sudo -n (docs/inventory.md#no-direct-root-login)"
        )
    if seen.definition is not None:
        return seen.definition
    if there.has_cluster_file:
        raise UsageError(
            f"{name}: what it has as /etc/neteye-cluster can't be read: {seen.unreadable}"
        )
    if there.is_satellite:
        raise UsageError(
            f"{name} is a satellite (it has /etc/neteye-satellite), which belongs to no cluster;"
            " name a node of the cluster (docs/production.md#what-is-supported)"
        )
    if there.has_product:
        raise UsageError(
            f"{name} is a single node: it has /etc/neteye-release and no /etc/neteye-cluster, and"
            " a cluster is what the runbook upgrades (docs/production.md#what-is-supported)"
        )
    raise UsageError(
        f"{name} is no node of a cluster: it has neither /etc/neteye-cluster nor"
        f" /etc/neteye-release, and calls itself {seen.hostname or 'nothing'}"
    )
