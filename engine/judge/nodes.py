"""What pacemaker says about its nodes and about the cluster as a whole."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from engine.judge import healing, modes
from engine.model.cluster import Cib, ClusterNode, ClusterStatus
from engine.model.finding import Command, Finding


def controlled(status: ClusterStatus) -> tuple[Finding, ...]:
    """The cluster has a controller, without which nothing that is changed takes effect.

    Code: `no-dc`.
    """
    if status.dc is not None:
        return ()
    return (
        Finding(
            "no-dc",
            "cluster",
            "the cluster has no designated controller, so nothing is decided",
            "an elected controller",
            "The nodes elect one within seconds. When none comes, look at `pcs status` and the"
            " pacemaker log of every operative node. Where `crmadmin -D` still names one, the nodes"
            " elect another when it leaves: `pcs cluster stop` there, when that node can be spared,"
            " then `pcs cluster start`.",
        ),
    )


def cluster_itself(status: ClusterStatus) -> tuple[Finding, ...]:
    """The cluster has a controller, is managed, and runs one version of pacemaker.

    Codes: `no-dc`, `cluster-maintenance`, `cluster-stop-all`, `pacemaker-mixed`. The last one
    is true for a second or two whenever a node joins: look until it is stable.
    """
    faults = (
        # before the end of a maintenance, which would let pacemaker stop them
        (
            status.options.stop_all_resources,
            "cluster-stop-all",
            "the property stop-all-resources is set: every resource is kept stopped",
            "stop-all-resources=false",
            "Find out who set it and why, then end it.",
            healing.property_set(status, "stop-all-resources", "false"),
        ),
        (
            status.options.maintenance_mode,
            "cluster-maintenance",
            "the cluster is in maintenance mode: nothing is started, moved or monitored",
            "maintenance-mode=false",
            "Find out who set it and why, then end it.",
            healing.property_set(status, "maintenance-mode", "false"),
        ),
        (
            status.mixed_version,
            "pacemaker-mixed",
            "the nodes run different versions of pacemaker",
            "one version of pacemaker on all operative nodes",
            "Compare `rpm -q pacemaker` of the operative nodes; a node that has just joined "
            "shows this for some seconds.",
            (),
        ),
    )
    return (
        *controlled(status),
        *(
            Finding(code, "cluster", observed, expected, remedy, commands=commands)
            for is_so, code, observed, expected, remedy, commands in faults
            if is_so
        ),
    )


def node_states(
    status: ClusterStatus,
    operative: Collection[str],
    standby: Collection[str],
    cib: Cib | None = None,
) -> tuple[Finding, ...]:
    """Each operative node is online, clean, settled, and in standby if and only if in `standby`.

    Codes: `node-offline`, `node-unclean`, `node-pending`, `node-maintenance`, `node-standby`,
    `node-not-standby`. A node that is away has this one finding: its other states say nothing then.
    Given the configuration, a mode that `pcs node` can't end has the remedy that ends it.
    """
    findings: list[Finding] = []
    for name in operative:
        node = status.node(name)
        if node is None:
            findings.append(_finding("node-offline", name, "is not in the cluster's node list"))
        else:
            faults = _faults(node, name in standby)
            findings += [_healed(code, node, seen, status, cib) for code, seen in faults]
    return tuple(findings)


def _healed(
    code: str, node: ClusterNode, seen: str, status: ClusterStatus, cib: Cib | None
) -> Finding:
    """The finding, with what ends this very state of the node."""
    mode = {"node-standby": modes.STANDBY, "node-maintenance": modes.MAINTENANCE}.get(code)
    plain = _finding(code, node.name, seen)
    if mode is None:
        return plain.healed_by(*_ended(code, node))
    if mode == modes.STANDBY and not node.standby:
        return replace(plain, remedy=_BY_FAILURE, commands=_failures_forgotten(status, node.name))
    return replace(
        plain,
        observed=plain.observed + modes.how(node.name, mode, cib),
        remedy="Find out who set it and why, then end it.",
        commands=modes.way_out(node.name, node.uname or node.name, mode, cib),
    )


_BY_FAILURE = (
    "Mend the cause of the failed action (`pcs status` names it), then let the cluster forget it:"
    " that ends this standby, and nothing else does."
)


def _failures_forgotten(status: ClusterStatus, node: str) -> tuple[Command, ...]:
    """All failed actions on that node: which of them put it in standby is not told."""
    failed = dict.fromkeys(one.resource for one in status.failures if one.node == node)
    return tuple(command for name in failed for command in healing.cleaned_up(status, name))


def _ended(code: str, node: ClusterNode) -> tuple[Command, ...]:
    """A node that is away is started in the cluster; one that came back too early goes again."""
    if code in ("node-offline", "node-unclean") and not node.online:
        return healing.cluster_started(node.name)
    if code == "node-not-standby":
        uname = node.uname or node.name
        return healing.pcs(node.name, "node", "standby", uname, healing.WAITING)
    return ()


def _faults(node: ClusterNode, standby: bool) -> list[tuple[str, str]]:
    if node.unclean:
        state = "online" if node.online else "offline"
        return [("node-unclean", f"is UNCLEAN ({state}): the cluster lost it without a farewell")]
    if not node.online:
        return [("node-offline", "is OFFLINE")]
    checks = (
        (node.pending, "node-pending", "is pending: it has not finished joining"),
        (node.shutdown, "node-pending", "is shutting down"),
        (node.maintenance, "node-maintenance", "is in maintenance mode"),
        (node.standby and not standby, "node-standby", "is in standby"),
        (
            node.standby_onfail and not node.standby and not standby,
            "node-standby",
            "is in standby because of a failed resource",
        ),
        (standby and not node.standby, "node-not-standby", "is active, not in standby"),
    )
    return [(code, seen) for is_so, code, seen in checks if is_so]


_EXPECTED_AND_REMEDY = {
    "node-offline": (
        "online",
        "Look why the node left (power, network, its cluster services), bring it back, then run "
        "this again.",
    ),
    "node-unclean": (
        "online and clean",
        "Make sure that the node is really off before anything else (its data may be in use), "
        "bring it back, then run this again. One that is online has a resource that could not be "
        "stopped: `pcs status` names it.",
    ),
    "node-pending": ("online and settled", "Wait until it has settled, then run this again."),
    "node-maintenance": ("managed by the cluster", ""),
    "node-standby": ("active", ""),
    "node-not-standby": (
        "in standby, so that only the NetEye active node is active",
        "When a command of the upgrade failed before it put the node in standby, the next round "
        "does it; else somebody reactivated it too early: find out before going on, then put it "
        "back in standby.",
    ),
}


def _finding(code: str, node: str, seen: str) -> Finding:
    expected, remedy = _EXPECTED_AND_REMEDY[code]
    return Finding(code, node, f"node {node} {seen}", expected, remedy)
