"""What pacemaker says about its resources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from engine.judge import healing
from engine.judge.text import listed
from engine.model.cluster import ClusterStatus, Resource, Unmanaged
from engine.model.finding import Command, Finding, Way

RUNNING_ROLES = frozenset({"Started", "Promoted", "Unpromoted", "Master", "Slave"})
# a recurring monitor under way is no change of state
_PENDING_BUT_SETTLED = frozenset({None, "", "Monitoring"})


@dataclass(frozen=True)
class Wanted:
    """Where resources belong, and which of them somebody stopped on purpose."""

    nodes: frozenset[str]
    """A resource runs on one of these nodes."""
    disabled: frozenset[str] = frozenset()
    """Ids of resources or groups, as `disabled_resources` gives them."""
    unmanaged: Mapping[str, tuple[Unmanaged, ...]] = field(default_factory=dict)
    """Resources that are unmanaged by their own configuration, and by what (`Cib.unmanaged`)."""
    waiting: frozenset[str] = frozenset()
    """Ids of resources, groups and clones that wait for a ticket, which is told by itself."""


def disabled_resources(status: ClusterStatus) -> frozenset[str]:
    """Ids of what is disabled (target-role Stopped): the group when the whole group is.

    For the baseline: later profiles compare with it.
    """
    return frozenset(_unit(r) for r in status.services if r.is_disabled)


def judge_resources(
    status: ClusterStatus, resources: Iterable[Resource], wanted: Wanted
) -> tuple[Finding, ...]:
    """Each of `resources` runs on exactly one of the wanted nodes, managed and without a fault.

    Codes: `resource-orphaned`, `resource-blocked`, `resource-failed`, `resource-unmanaged`,
    `resource-moving`, `resource-disabled`, `resource-enabled`, `resource-stopped`,
    `resource-elsewhere`, `resource-multiple`.
    """
    judged = tuple(resources)
    running = {r.id for r in judged if runs(r)}
    findings: dict[tuple[str, str], Finding] = {}
    for resource in judged:
        for finding in (
            *_faults(status, resource, wanted),
            *_place(status, resource, wanted, running),
        ):
            # members of a disabled group share one finding
            findings.setdefault((finding.code, finding.subject), finding)
    return tuple(findings.values())


def failed_actions(status: ClusterStatus, left_out: Collection[str] = ()) -> tuple[Finding, ...]:
    """No failed action is on record, those of the resources in `left_out` apart.

    Code: `failed-action`, one finding for each resource that has any.
    """
    several = {r.id for r in status.resources if runs_on_several_nodes(r)}
    by_resource: dict[str, list[str]] = {}
    for failure in status.failures:
        reason = f", {failure.exit_reason}" if failure.exit_reason else ""
        by_resource.setdefault(failure.resource, []).append(
            f"{failure.op_key} on {failure.node}: "
            f"{failure.exit_status} ({failure.exit_code}{reason})"
        )
    on_record = frozenset(by_resource)
    for counted in status.fail_counts:
        # from its threshold on it keeps the resource off the node, whoever has set it
        if counted.resource not in on_record:
            seen = f"fail-count {counted.count} on {counted.node}, without a failed action"
            by_resource.setdefault(counted.resource, []).append(seen)
    return tuple(
        Finding(
            "failed-action",
            resource,
            f"failed actions of resource {resource!r}: {listed(seen)}",
            "no failed action",
            _TWO_NODES
            if resource in several
            else "Mend the cause (the unit's log on that node tells it), let the cluster forget "
            "the failure and run this again.",
            way=Way.SUPPORT if resource in several else Way.AGAIN,
            commands=() if resource in several else healing.cleaned_up(status, resource),
        )
        for resource, seen in by_resource.items()
        if resource not in left_out
    )


def runs_on_several_nodes(resource: Resource) -> bool:
    """No resource may, except while it moves by a live migration."""
    return len(resource.nodes) > 1 and resource.pending != "Migrating"


def runs(resource: Resource) -> bool:
    """It runs, by its role and by its place."""
    return resource.active and resource.role in RUNNING_ROLES and bool(resource.nodes)


def is_moving(resource: Resource) -> bool:
    """It is being started, stopped or moved right now."""
    return resource.pending not in _PENDING_BUT_SETTLED or resource.role not in RUNNING_ROLES | {
        "Stopped"
    }


def _unit(resource: Resource) -> str:
    """What was disabled: the group when the whole group is, else the resource."""
    return resource.group if resource.group and resource.group_disabled else resource.id


def _faults(status: ClusterStatus, resource: Resource, wanted: Wanted) -> list[Finding]:
    """Faults that do not depend on where the resource belongs."""
    where = f" on {listed(resource.nodes)}" if resource.nodes else ""
    cleanup = healing.cleaned_up(status, resource.id)
    findings: list[Finding] = []
    if resource.orphaned:
        seen = f"has no definition any more and is {_state(resource)}{where}"
        findings.append(
            _finding("resource-orphaned", resource, seen, by=_forgotten(status, resource))
        )
    if runs_on_several_nodes(resource):
        # the only finding then: any other remedy would do harm
        return [_multiple(resource)]
    if resource.blocked and not resource.failed and _names(resource) & wanted.waiting:
        return findings  # frozen for want of its ticket (loss-policy), which has a finding
    if resource.blocked:
        # pacemaker marks a blocked resource as failed and unmanaged too: one cause, one finding
        seen = f"is FAILED (blocked){where}"
        findings.append(_finding("resource-blocked", resource, seen, by=cleanup))
        return findings
    if resource.failed:
        findings.append(_finding("resource-failed", resource, f"is FAILED{where}", by=cleanup))
    own = wanted.unmanaged.get(_plain_id(resource), ())
    if not resource.managed and (own or not _is_explained(status, resource)):
        managed = _managed(status, resource, own)
        seen = f"is unmanaged{where}"
        findings.append(_finding("resource-unmanaged", resource, seen, by=managed))
    return findings


def _forgotten(status: ClusterStatus, resource: Resource) -> tuple[Command, ...]:
    """A cleanup takes failures alone away. What still runs has to be stopped before."""
    if runs(resource):
        return ()
    kind = healing.of_resource(resource)
    return healing.pcs(healing.somewhere(status), kind, "refresh", resource.id)


def _managed(
    status: ClusterStatus, resource: Resource, own: Collection[Unmanaged]
) -> tuple[Command, ...]:
    """Each switch that is set taken away where it is set: at the resource, its group or clone."""
    node = healing.somewhere(status)
    switches = own or (Unmanaged(_plain_id(resource), "is-managed"),)
    found = dict.fromkeys(
        ("manage", one.owner)
        if one.switch == "is-managed"
        else ("meta", one.owner, f"{one.switch}=")
        for one in switches
        if one.owner
    )
    if not found:
        return ()
    return (*(Command(node, ("pcs", "resource", *words)) for words in found), healing.at_rest(node))


def _plain_id(resource: Resource) -> str:
    """`probe` of `probe:0`, an instance of a clone that is unique."""
    return resource.id.partition(":")[0] if resource.clone else resource.id


def _names(resource: Resource) -> set[str | None]:
    """By which a constraint may name it: its own, its group's, its clone's."""
    return {_plain_id(resource), resource.group, resource.clone}


def _is_explained(status: ClusterStatus, resource: Resource) -> bool:
    """Unmanaged only because of what has a finding: the cluster or its node is in maintenance, or
    it has no definition, and pacemaker leaves such alone (stop-orphan-resources is false)."""
    nodes = [status.node(name) for name in resource.nodes]
    in_maintenance = bool(nodes) and all(node is not None and node.maintenance for node in nodes)
    return resource.orphaned or status.options.maintenance_mode or in_maintenance


def _place(
    status: ClusterStatus, resource: Resource, wanted: Wanted, running: Collection[str]
) -> list[Finding]:
    """Is it where it belongs: running on one wanted node, or disabled as it was before."""
    known = bool({resource.id, resource.group} & wanted.disabled)
    if (
        runs_on_several_nodes(resource)
        or resource.orphaned
        or resource.blocked
        or (resource.failed and not runs(resource))
    ):
        return []  # has a finding already, and its place says nothing then
    if resource.is_disabled:
        return [] if known else [_disabled(status, resource)]
    findings = [_enabled(status, resource, wanted)] if known else []
    if is_moving(resource):
        state = resource.pending or resource.role
        rest = (healing.at_rest(healing.somewhere(status)),)
        return [*findings, _finding("resource-moving", resource, f"is {state}", by=rest)]
    if not runs(resource):
        # the instances of a clone share an id: one that runs is enough
        stopped = resource.id not in running and not _names(resource) & wanted.waiting
        seen = f"is {resource.role}, it runs nowhere"
        if resource.locked_to:
            seen += f"; it waits for {resource.locked_to} to come back (shutdown-lock)"
        cleanup = healing.cleaned_up(status, resource.id)
        told = _finding("resource-stopped", resource, seen, by=cleanup)
        return [*findings, told] if stopped else findings
    return findings + _running_place(resource, wanted)


def _running_place(resource: Resource, wanted: Wanted) -> list[Finding]:
    foreign = [node for node in resource.nodes if node not in wanted.nodes]
    if foreign:
        seen = f"runs on {listed(foreign)}"
        expected = f"running on {listed(sorted(wanted.nodes))}"
        return [_finding("resource-elsewhere", resource, seen, expected)]
    return []


def _multiple(resource: Resource) -> Finding:
    states = (
        (resource.is_disabled, "disabled"),
        (resource.blocked, "blocked"),
        (not resource.managed and not resource.blocked, "unmanaged"),
        (resource.orphaned, "without a definition"),
        (resource.failed, "FAILED"),
    )
    also = [word for is_so, word in states if is_so]
    seen = f"runs on several nodes at once: {listed(resource.nodes)}"
    return _finding("resource-multiple", resource, f"{seen}{f' ({listed(also)})' if also else ''}")


def _state(resource: Resource) -> str:
    return "running" if runs(resource) else resource.role


def _disabled(status: ClusterStatus, resource: Resource) -> Finding:
    unit = _unit(resource)
    return Finding(
        "resource-disabled",
        unit,
        f"resource {unit!r} is disabled (target-role Stopped)",
        "enabled, or disabled already when the attempt began",
        "If nobody wants it stopped, enable it. If it is meant to be stopped: accept this finding "
        "with the reason.",
        commands=_switched(status, resource, "enable", unit),
    )


def _enabled(status: ClusterStatus, resource: Resource, wanted: Wanted) -> Finding:
    # what was disabled then: by now its group is enabled as well
    group = resource.group if resource.group in wanted.disabled else None
    unit = group or resource.id
    return Finding(
        "resource-enabled",
        unit,
        f"resource {unit!r} is enabled; it was disabled on purpose when the attempt began",
        "disabled as before",
        "If it is still meant to be stopped, disable it. Else accept this finding.",
        commands=_switched(status, resource, "disable", unit),
    )


def _switched(
    status: ClusterStatus, resource: Resource, word: str, unit: str
) -> tuple[Command, ...]:
    kind, node = healing.of_resource(resource), healing.somewhere(status)
    return healing.pcs(node, kind, word, unit, healing.WAITING)


_TWO_NODES = (
    "Two nodes may be writing the same data: stop here, change nothing, and call the vendor's"
    " support."
)
_EXPECTED_AND_REMEDY = {
    "resource-orphaned": (
        "only resources that are defined",
        "When it runs nowhere, make the cluster forget it. One that runs is stopped by pacemaker"
        " itself, unless its stop failed (`pcs status`), or stop-orphan-resources is false: find"
        " out why, then let pacemaker stop all such resources with `pcs property set"
        " stop-orphan-resources=true`.",
    ),
    "resource-blocked": (
        "Started",
        "It could not be stopped and the cluster touches it no more: mend the cause on that "
        "node, then let it try again.",
    ),
    "resource-failed": (
        "Started",
        "Mend the cause (the unit's log on that node tells it), then let the cluster try again.",
    ),
    "resource-unmanaged": (
        "managed by the cluster",
        "Find out who set it and why, then let the cluster manage it. What is set for all"
        " (`pcs resource defaults`) or by a template is taken away there.",
    ),
    "resource-moving": ("settled", "Wait until the cluster has settled, then run this again."),
    "resource-stopped": (
        "Started",
        "`pcs status` and the unit's log tell why; mend the cause, then let the cluster try again.",
    ),
    "resource-elsewhere": (
        "",
        "Look at `pcs constraint` and `pcs status` for why it is there, before going on.",
    ),
    "resource-multiple": (
        "running on exactly one node",
        _TWO_NODES,
    ),
}


def _finding(
    code: str,
    resource: Resource,
    seen: str,
    expected: str = "",
    by: tuple[Command, ...] = (),
) -> Finding:
    usual, remedy = _EXPECTED_AND_REMEDY[code]
    return Finding(
        code,
        resource.id,
        f"resource {resource.id!r} {seen}",
        expected or usual,
        remedy,
        way=Way.SUPPORT if remedy is _TWO_NODES else Way.AGAIN,
        commands=by,
    )
