"""The cluster as it was before the first change and as it is left, for the report to compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.ask.look import Look
from engine.model.cluster import ClusterNode, ClusterStatus, Resource
from engine.model.host import Version
from engine.queries.machine import LEFTOVERS
from engine.record.position import Position, Situation, position_of, round_to_prove


def position_left(look: Look, versions: Mapping[str, Version], status: ClusterStatus) -> Position:
    """Where the upgrade stands now, by what the records say and the cluster shows.

    Nobody asks for packages here: they are at their versions when a run has seen them so.
    """
    situation = Situation.of(
        look.memory, look.release, look.baseline, versions, status, is_on_record=True
    )
    situation = replace(situation, has_packages_left=bool(round_to_prove(situation)))
    position = position_of(situation)
    if position is not Position.UPGRADE_UNDER_WAY:
        return position
    asked = look.ask_all(look.names.all, LEFTOVERS)
    found = {path for paths in asked.values.values() for path in paths}
    is_at_stop = bool(look.release.known_conflicts & found)
    return position_of(replace(situation, has_known_conflicts=is_at_stop))


def state_of(versions: Mapping[str, object], status: ClusterStatus | None) -> dict[str, Any]:
    """Versions by node; of pacemaker its nodes, resources and the cluster as a whole, in words.

    `status` is None when the cluster did not answer.
    """
    state: dict[str, Any] = {"versions": {node: str(value) for node, value in versions.items()}}
    if status is None:
        return state
    failed = ", ".join(f"{action.op_key} on {action.node}" for action in status.failures)
    return state | {
        "nodes": {node.name: _node(node) for node in status.nodes},
        "resources": _resources(status),
        "cluster": {
            "fencing": "on" if status.options.stonith_enabled else "off",
            "quorum": _QUORUM[status.with_quorum],
            "failed actions": failed or "none",
        },
    }


_QUORUM = {True: "yes", False: "no", None: "not told: no controller"}


def _node(node: ClusterNode) -> str:
    if not node.online:
        return "unclean" if node.unclean else "offline"
    words = [word for word in ("standby", "maintenance", "pending") if getattr(node, word)]
    return ", ".join(["online", *words])


def _resources(status: ClusterStatus) -> dict[str, str]:
    """By id; the instances of a clone share one."""
    found: dict[str, list[str]] = {}
    for resource in status.resources:
        found.setdefault(resource.id, []).append(_resource(resource))
    return {ident: "; ".join(dict.fromkeys(states)) for ident, states in found.items()}


def _resource(resource: Resource) -> str:
    where = f" on {', '.join(resource.nodes)}" if resource.nodes else ""
    off = ", disabled" if resource.is_disabled else ""
    failed = ", failed" if resource.failed else ""
    return f"{resource.role}{where}{off}{failed}"


def packages_changed(
    before: Mapping[str, Iterable[str]], after: Mapping[str, Iterable[str]]
) -> list[dict[str, Any]]:
    """What was installed, updated or removed: name, version before and after, on which nodes.

    Packages are `name-[epoch:]version-release.arch`. Several versions of one package, as kernels
    are kept, stand beside each other. Nodes without an answer on either side are left out.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for node in before:
        if node not in after:
            continue
        old, new = _versions(before[node]), _versions(after[node])
        for name in sorted({*old, *new}):
            one, other = old.get(name, ""), new.get(name, "")
            if one != other:
                found.setdefault((name, one, other), []).append(node)
    return [
        {"name": name, "before": one, "after": other, "nodes": nodes}
        for (name, one, other), nodes in sorted(found.items())
    ]


def _versions(packages: Iterable[str]) -> dict[str, str]:
    versions: dict[str, list[str]] = {}
    for package in packages:
        name, version, release = package.rsplit("-", 2)
        versions.setdefault(name, []).append(f"{version}-{release}")
    return {name: ", ".join(sorted(each)) for name, each in versions.items()}
