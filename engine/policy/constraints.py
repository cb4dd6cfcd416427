"""Constraints that would keep a resource away from the NetEye active node."""

from __future__ import annotations

from collections.abc import Collection

from engine.model.cluster import Cib, LocationConstraint
from engine.model.finding import Finding

INFINITY = 1_000_000
"""Pacemaker's score for INFINITY; crm_mon prints the number, the CIB the word."""
OWN = "neteye-runbook-"
"""How the id of each constraint begins that a runbook makes."""


def leftover_constraints(
    cib: Cib,
    active_node: str,
    *,
    fence_devices: Collection[str] = (),
    resources: Collection[str] = (),
) -> tuple[Finding, ...]:
    """No leftover of `pcs resource move|ban` or of ours, and nothing that keeps a resource off N.

    `active_node` is N as pacemaker names it. `fence_devices`: ids; a fence device is kept off
    its own target on purpose. `resources`: ids of groups and single resources, asked for only in
    an opt-in cluster (symmetric-cluster=false), where each needs leave to run on N.
    Codes: `constraint-leftover`, `constraint-keeps-off-active-node`.
    """
    findings = [_leftover(constraint) for constraint in cib.location if constraint.is_leftover]
    findings += [_own(cib, ident) for ident in cib.location_ids if ident.startswith(OWN)]
    findings += [
        _keeps_off(constraint, active_node)
        for constraint in cib.location
        if constraint.node == active_node
        and forbids(constraint)
        and constraint.resource not in fence_devices
    ]
    return (*findings, *_without_leave(cib, active_node, fence_devices, resources))


def forbids(constraint: LocationConstraint) -> bool:
    """The score is -INFINITY, as a word or as a number."""
    number = _number(constraint.score)
    return constraint.forbids or (number is not None and number <= -INFINITY)


def _number(score: str) -> int | None:
    words = {"INFINITY": INFINITY, "+INFINITY": INFINITY, "-INFINITY": -INFINITY}
    if score in words:
        return words[score]
    return int(score) if score.lstrip("+-").isdecimal() else None


def _leftover(constraint: LocationConstraint) -> Finding:
    return Finding(
        "constraint-leftover",
        constraint.id,
        f"constraint {constraint.id!r} was left by `pcs resource move` or `ban`: score "
        f"{constraint.score} for {constraint.resource!r} on {constraint.node}",
        "no constraint that begins with cli-",
        f"`pcs resource clear {constraint.resource}` when nobody needs it any more.",
    )


def _own(cib: Cib, ident: str) -> Finding:
    """A constraint that an interrupted run of a runbook made and did not come to remove."""
    places = [f"{one.resource!r} on {one.node}" for one in cib.location if one.id == ident]
    return Finding(
        "constraint-leftover",
        ident,
        f"constraint {ident!r} was left by a run of this runbook that was interrupted while it"
        f" moved {', '.join(places) or 'a resource'}",
        "no constraint of this runbook, which removes each of its own",
        "Run the runbook again, with --restore when the upgrade is to be left: it removes the"
        f" constraint. When nothing of it is on record any more: `pcs constraint remove {ident}`.",
    )


def _keeps_off(constraint: LocationConstraint, active_node: str) -> Finding:
    return Finding(
        "constraint-keeps-off-active-node",
        constraint.resource,
        f"constraint {constraint.id!r} (score {constraint.score}) forbids resource "
        f"{constraint.resource!r} to run on {active_node}",
        f"every resource may run on {active_node}, which carries all while the others "
        "are in standby",
        f"Remove it with `pcs constraint remove {constraint.id}`, or find out why it is there.",
    )


def _without_leave(
    cib: Cib, active_node: str, fence_devices: Collection[str], resources: Collection[str]
) -> tuple[Finding, ...]:
    """In an opt-in cluster: the resources that no constraint allows on N."""
    symmetric = cib.properties.get("symmetric-cluster", "true").lower()
    if symmetric not in ("false", "no", "off", "n", "0"):
        return ()
    allowed = {
        constraint.resource
        for constraint in cib.location
        if constraint.node == active_node and (_number(constraint.score) or 0) >= 0
    }
    return tuple(
        Finding(
            "constraint-keeps-off-active-node",
            resource,
            f"symmetric-cluster is false and no constraint allows resource {resource!r} "
            f"on {active_node}",
            f"every resource may run on {active_node}",
            f"`pcs constraint location {resource} prefers {active_node}`, or find out why not.",
        )
        for resource in resources
        if resource not in allowed and resource not in fence_devices
    )
