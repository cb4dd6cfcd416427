"""Who is who: roles from the cluster itself, compared with the inventory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from engine.judge import healing
from engine.judge.identity import CLUSTER_FILE, other_cluster
from engine.judge.text import listed
from engine.model.cluster import ClusterStatus
from engine.model.definition import ClusterDefinition, DefinedNode, is_same_node
from engine.model.finding import Finding
from engine.model.inventory import Inventory, Role


def roles_agree(
    definition: ClusterDefinition, inventory: Inventory, cluster_name: str
) -> tuple[Finding, ...]:
    """Inventory and `/etc/neteye-cluster` name the same cluster and the same nodes and roles.

    Codes: `cluster-name-mismatch`, `role-mismatch`.
    """
    findings = (
        []
        if is_same_node(cluster_name, definition.hostname)
        else [other_cluster(inventory, definition)]
    )
    meant = {host.name: definition.find(host.name) for host in inventory.hosts}
    for host in inventory.hosts:
        node = meant[host.name]
        if node is None:
            findings.append(_unknown_host(definition, host.name))
        elif node.role is not host.role:
            findings.append(
                _mismatch(
                    host.name,
                    f"{host.name} is in group [{host.role}] of {inventory.path.name}, "
                    f"in {CLUSTER_FILE} it is {node.role}",
                    f"[{node.role}]",
                )
            )
    counts = Counter(node.hostname for node in meant.values() if node is not None)
    findings += [
        _count(inventory, node, counts[node.hostname])
        for node in definition.nodes
        if counts[node.hostname] != 1
    ]
    return tuple(findings)


def _unknown_host(definition: ClusterDefinition, name: str) -> Finding:
    fitting = [node.hostname for node in definition.nodes if node.is_called(name)]
    seen = (
        f"{name} fits several nodes of {CLUSTER_FILE}: {listed(fitting)}"
        if fitting
        else f"{name} is in the inventory and not in {CLUSTER_FILE}"
    )
    return _mismatch(
        name, seen, f"one of {listed((n.hostname for n in definition.nodes), limit=30)}"
    )


def _count(inventory: Inventory, node: DefinedNode, count: int) -> Finding:
    where = inventory.path.name
    if count == 0:
        seen = f"{node.hostname} ({node.role}) is in {CLUSTER_FILE} and not in {where}"
    else:
        seen = f"{node.hostname} is in {where} {count} times under different names"
    return _mismatch(node.hostname, seen, f"once in group [{node.role}]")


def _mismatch(subject: str, observed: str, expected: str) -> Finding:
    return Finding(
        "role-mismatch",
        subject,
        observed,
        expected,
        "Correct the inventory, or, when the cluster itself is wrong, have it mended first; "
        "roles are never guessed.",
        ("roles-agree",),
    )


def members_agree(definition: ClusterDefinition, status: ClusterStatus) -> tuple[Finding, ...]:
    """Pacemaker's members are the operative nodes of the file, no more and no less.

    Code: `role-mismatch`. `status` may carry any form of the names.
    """
    findings = []
    seen = set()
    for member in status.nodes:
        node = definition.find(member.name)
        if node is None or node not in definition.of(Role.OPERATIVE):
            what = "unknown to it" if node is None else f"{node.role} there"
            findings.append(
                _mismatch(
                    member.name,
                    f"{member.name} is a member of the pacemaker cluster, "
                    f"but {what} ({CLUSTER_FILE})",
                    "only operative nodes as members",
                )
            )
        else:
            seen.add(node.hostname)
    findings += [
        _mismatch(
            node.hostname,
            f"{node.hostname} is operative in {CLUSTER_FILE} and no member of the "
            "pacemaker cluster",
            "every operative node as a member",
        )
        for node in definition.of(Role.OPERATIVE)
        if node.hostname not in seen
    ]
    return tuple(findings)


def active_node_confirmed(
    expected: str, status: ClusterStatus, operative: Collection[str] = ()
) -> tuple[Finding, ...]:
    """In mid-upgrade: the only operative node that is not in standby is `expected`, N.

    Names as in `status`; `operative` empty: all its members. A wrong N is a wrong role, code
    `role-mismatch`.
    """
    members = [node for node in status.nodes if not operative or node.name in operative]
    active = [node.name for node in members if not node.standby]
    if active == [expected]:
        return ()
    others = [status.spelled(node.name) for node in members if node.name != expected]
    wanted = status.spelled(expected)
    return (
        Finding(
            "role-mismatch",
            expected,
            f"not in standby: {listed(active)}",
            f"only {expected}, the first operative node of {CLUSTER_FILE}, active",
            f"Make {expected} the active node again, and look that everything is Started there;"
            " then run again.",
            ("roles-agree",),
            commands=(
                *healing.pcs(expected, "node", "unstandby", wanted, healing.WAITING),
                *healing.pcs(expected, "node", "standby", *others, healing.WAITING),
            ),
        ),
    )
