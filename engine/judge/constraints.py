"""Constraints that would keep a resource away from the NetEye active node."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from engine.judge.healing import pcs
from engine.judge.text import listed
from engine.model.cluster import Cib, LocationConstraint
from engine.model.definition import is_same_node
from engine.model.finding import Command, Finding
from engine.model.groups import grouped

BY_PCS = "cli-"
"""How the id of each constraint begins that `pcs resource move` and `ban` make."""
OWN = "neteye-runbook-"
"""How the id of each constraint begins that a runbook makes."""


def leftover_constraints(
    cib: Cib,
    bans: Collection[LocationConstraint],
    active_node: str,
    *,
    fence_devices: Collection[str] = (),
    resources: Collection[str] = (),
    node: str = "",
    held: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """No leftover of `pcs resource move|ban` or of ours, and nothing that keeps a resource off N.

    `bans` are those of crm_mon; `active_node` is N as pacemaker names it, in both. `fence_devices`:
    ids; a fence device is kept off its own target on purpose. `resources`: ids of groups and single
    resources, asked for only in an opt-in cluster (symmetric-cluster=false), where each needs leave
    to run on N. `node`: N as the inventory names it, where the remedy's commands are run. `held`:
    ids of the constraints that the attempt under way has on record; None: its records are not
    known. Codes: `constraint-leftover`, `constraint-keeps-off-active-node`.
    """
    node = node or active_node
    findings = [
        _leftover(cib, ident, node) for ident in cib.location_ids if ident.startswith(BY_PCS)
    ]
    findings += [
        _own(cib, ident, node, held) for ident in cib.location_ids if ident.startswith(OWN)
    ]
    findings += [
        _keeps_off(constraint, node)
        for constraint in forbidden(cib, bans)
        if is_same_node(constraint.node, active_node) and constraint.resource not in fence_devices
    ]
    return (
        *findings,
        *(
            _without_leave(resource, active_node, node)
            for resource in _not_allowed(cib, active_node, resources)
            if resource not in fence_devices
        ),
    )


def forbidden(cib: Cib, bans: Collection[LocationConstraint]) -> tuple[LocationConstraint, ...]:
    """Constraints by which a resource may not run on a node at all.

    First the bans as crm_mon tells them, by pacemaker's own reading of each rule, under the
    constraint's id. Rules that can't be decided from the configuration are added, as they may come
    to hold later. So are constraints that keep a resource on other nodes: no ban to crm_mon.
    """
    told = [replace(ban, id=cib.rules.get(ban.id, ban.id)) for ban in bans if ban.forbids]
    known = {(one.id, one.resource, one.node.casefold()) for one in told}
    perhaps = (one for one in cib.location if one.forbids and not one.is_certain)
    more = (c for c in perhaps if (c.id, c.resource, c.node.casefold()) not in known)
    return (*told, *more, *_elsewhere_only(cib), *_outweighed(cib))


def _outweighed(cib: Cib) -> Iterator[LocationConstraint]:
    """Finite scores of a resource on a node that add up to less than 0: it runs there no more.

    Seen with pacemaker 2.1.5 and 3.0.0 (findings/pacemaker-any-negative-score-forbids.sh). Of rules
    that can't be decided only what speaks against counts. Stickiness is left out: what comes to N
    from a node in standby has none there.
    """
    places: dict[tuple[str, str], list[LocationConstraint]] = {}
    for one in cib.location:
        places.setdefault((one.resource, one.node.casefold()), []).append(one)
    for found in places.values():
        if any(one.forbids or one.score.endswith("INFINITY") for one in found):
            continue
        counting = [one for one in found if one.is_certain or int(one.score) < 0]
        if (total := sum(int(one.score) for one in counting)) < 0:
            lowest = min(counting, key=lambda one: int(one.score))
            is_certain = all(one.is_certain for one in found)
            yield replace(lowest, score=str(total), is_certain=is_certain)


def _elsewhere_only(cib: Cib) -> Iterator[LocationConstraint]:
    """Nodes that no exclusive constraint of a resource names, when it has one."""
    exclusive = grouped((one.resource, one) for one in cib.location if one.is_exclusive)
    for resource, constraints in exclusive.items():
        # a rule that can't be decided gives no leave
        named = {one.node.casefold() for one in constraints if one.is_certain}
        for node in cib.nodes:
            if node.casefold() not in named:
                yield replace(constraints[0], resource=resource, node=node, score="-INFINITY")


def _allows(constraint: LocationConstraint) -> bool:
    return constraint.score == "INFINITY" or constraint.score.lstrip("+").isdecimal()


def _removed(node: str, ident: str) -> tuple[Command, ...]:
    return pcs(node, "constraint", "remove", ident)


def _leftover(cib: Cib, ident: str, node: str) -> Finding:
    places = [one for one in cib.location if one.id == ident]
    seen = [f"score {one.score} for {one.resource!r} on {one.node}" for one in places]
    return Finding(
        "constraint-leftover",
        ident,
        f"constraint {ident!r} was left by `pcs resource move` or `ban`: "
        f"{listed(seen) if seen else 'its rule holds for no node now'}",
        "no constraint that begins with cli-",
        "Remove it when nobody needs it any more.",
        commands=_removed(node, ident),
    )


def _own(cib: Cib, ident: str, node: str, held: Collection[str] | None) -> Finding:
    """A constraint that an interrupted run of a runbook made and did not remove."""
    if held is None:
        remedy = (
            "Run the runbook again, with --restore when the upgrade is to be left: it removes the"
            " constraint. When nothing of it is on record any more: `pcs constraint remove"
            f" {ident}`."
        )
    elif ident in held:
        remedy = "Run again: the upgrade goes on and removes it. To leave the upgrade: --restore."
    else:
        remedy = "No attempt has it on record any more, so no run removes it: remove it by hand."
    places = [f"{one.resource!r} on {one.node}" for one in cib.location if one.id == ident]
    return Finding(
        "constraint-leftover",
        ident,
        f"constraint {ident!r} was left by a run of this runbook that was interrupted while it"
        f" moved {', '.join(places) or 'a resource'}",
        "no constraint of this runbook, which removes each of its own",
        remedy,
        commands=_removed(node, ident) if held is not None and ident not in held else (),
    )


def _keeps_off(constraint: LocationConstraint, at: str) -> Finding:
    node, resource = constraint.node, constraint.resource
    perhaps = "" if constraint.is_certain else "may at some time "
    verb = "forbids" if constraint.is_certain else "forbid"
    why = "" if constraint.is_certain else ": its rule can't be decided beforehand"
    if constraint.is_exclusive:
        why = ": it is exclusive to other nodes (resource-discovery)"
    return Finding(
        "constraint-keeps-off-active-node",
        resource,
        f"constraint {constraint.id!r} (score {constraint.score}) {perhaps}{verb} resource "
        f"{resource!r} to {'be promoted' if constraint.is_of_promotion else 'run'} on {node}{why}",
        f"every resource may run on {node}, which carries all while the others are in standby",
        "Find out why it is there, and remove it.",
        commands=_removed(at, constraint.id),
    )


def _not_allowed(cib: Cib, active_node: str, resources: Collection[str]) -> Iterator[str]:
    """In an opt-in cluster: the resources that no constraint allows on N."""
    symmetric = cib.properties.get("symmetric-cluster", "true").lower()
    if symmetric not in ("false", "no", "off", "n", "0"):
        return
    allowed = {
        constraint.resource
        for constraint in cib.location
        if constraint.is_certain
        and is_same_node(constraint.node, active_node)
        and _allows(constraint)
    }
    yield from (resource for resource in resources if resource not in allowed)


def _without_leave(resource: str, active_node: str, node: str) -> Finding:
    return Finding(
        "constraint-keeps-off-active-node",
        resource,
        f"symmetric-cluster is false and no constraint allows resource {resource!r} "
        f"on {active_node}",
        f"every resource may run on {active_node}",
        "Find out why not, and allow it there (score 0: without preferring that node).",
        commands=pcs(node, "constraint", "location", resource, "prefers", f"{active_node}=0"),
    )
