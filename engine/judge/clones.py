"""Clones: an instance on every node that may run one."""

from __future__ import annotations

from collections.abc import Collection

from engine.judge.healing import cleaned_up
from engine.judge.resources import runs
from engine.judge.text import listed
from engine.model.cluster import Cib, ClusterStatus
from engine.model.finding import Finding
from engine.model.groups import grouped


def clones_everywhere(
    status: ClusterStatus,
    nodes: Collection[str],
    cib: Cib | None = None,
    known: Collection[tuple[str, str]] = (),
) -> tuple[Finding, ...]:
    """Each clone has an instance on each of `nodes`, unless it is kept off or there are fewer.

    `known` are the gaps of the baseline. Code: `clone-instance-missing`, one finding for each
    clone.
    """
    gaps = grouped(gap for gap in gaps_of_clones(status, nodes, cib) if gap not in known)
    return tuple(
        Finding(
            "clone-instance-missing",
            clone,
            f"clone {clone!r} has no instance on {listed(missing)}",
            "an instance on every active node that may run it",
            f"`pcs status --full` and `pcs resource config {clone}` tell why it is not started"
            " there; mend the cause, then let the cluster try again.",
            commands=cleaned_up(status, clone),
        )
        for clone, missing in gaps.items()
    )


def gaps_of_clones(
    status: ClusterStatus, nodes: Collection[str], cib: Cib | None = None
) -> tuple[tuple[str, str], ...]:
    """(clone, node) where an instance waits for a node and this one has none.

    A clone without any instance, and each unique instance, is judged as a resource instead.
    """
    counted = (r for r in status.services if not (r.is_disabled or r.orphaned))
    instances = grouped(((r.clone, r.id), r) for r in counted if r.clone)
    found: dict[tuple[str, str], None] = {}
    for (clone, name), same in instances.items():
        there = {node for one in same if runs(one) for node in one.nodes}
        if not there or all(map(runs, same)):
            continue
        for node in nodes:
            if node not in there and _may_run(status, cib, (clone, name), node):
                found[clone, node] = None
    return tuple(found)


def _may_run(status: ClusterStatus, cib: Cib | None, about: tuple[str, str], node: str) -> bool:
    banned = any(
        b.forbids and not b.is_of_promotion and b.resource in about and b.node == node
        for b in status.bans
    )
    leave = status.options.symmetric_cluster or any(
        one.resource in about and one.node == node and not one.score.startswith("-")
        for one in (cib.location if cib else ())
    )
    return leave and not banned
