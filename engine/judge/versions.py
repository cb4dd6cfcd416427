"""Versions and pending updates, compared across nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from engine.judge.text import listed
from engine.judge.ways import UNANSWERED
from engine.model.finding import Finding
from engine.model.groups import grouped
from engine.model.host import Package, Version


def by_version(versions: Mapping[str, Version]) -> dict[Version, tuple[str, ...]]:
    """Version -> the nodes that are at it, lowest version first."""
    found = grouped((version, node) for node, version in versions.items())
    return {version: tuple(found[version]) for version in sorted(found)}


def start_versions(
    versions: Mapping[str, Version], source: Version, target: Version
) -> tuple[Finding, ...]:
    """Every node is at `source`: a version is never skipped, and no other one can be the start.

    Codes: `version-path` for each version that is no start, `version-mixed` when nodes differ.
    """
    found = by_version(versions)
    if not found:
        return (_path("cluster", "no node told its version", source, "Ask the nodes again."),)
    findings = [
        _path(
            "cluster" if len(found) == 1 else listed(nodes),
            f"NetEye {version} is installed on {listed(nodes)}",
            source,
            _way_from(version, source, target),
        )
        for version, nodes in found.items()
        if version != source
    ]
    if len(found) > 1:
        findings.append(_mixed(found, source))
    return tuple(findings)


def _path(subject: str, observed: str, source: Version, remedy: str) -> Finding:
    return Finding(
        "version-path", subject, observed, f"NetEye {source} on every node", remedy, ("no-skips",)
    )


def _way_from(version: Version, source: Version, target: Version) -> str:
    if version.major != source.major:
        return f"There is no path from {version} to {target}; ask the vendor's support."
    if version < source:
        steps = listed(version.until(target), limit=100)
        return (
            f"Versions are never skipped: upgrade to {steps} first, one after the other, "
            f"each to its end; then run this again."
        )
    if version == target:
        return (
            f"The nodes named are at the target {target} already, without a record of this "
            f"runbook: find out who upgraded them and how far that upgrade went."
        )
    return f"{target} lies behind {version}, there is no way back; use the runbook for {version}."


def _mixed(found: Mapping[Version, tuple[str, ...]], source: Version) -> Finding:
    parts = "; ".join(f"{version} on {listed(nodes)}" for version, nodes in found.items())
    return Finding(
        "version-mixed",
        "cluster",
        f"the nodes are at different versions: {parts}",
        f"one version, {source}, on every node",
        "An upgrade was begun and not finished: finish it with what it was begun with, "
        "or ask the vendor's support.",
        ("no-skips",),
    )


def reached(
    versions: Mapping[str, Version], target: Version, nodes: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Every node of `versions` is at `target`, and every one of `nodes` did tell its version.

    This includes Elastic-only and voting-only nodes, which the command upgrades by itself.
    Code: `version-not-reached`; of a node that did not tell, it follows from that.
    """
    behind = {node: version for node, version in versions.items() if version != target}
    silent = [node for node in nodes if node not in versions]
    return (
        *(
            _not_reached(node, f"{node} is at {version}", target, _ONCE_MORE)
            for node, version in behind.items()
        ),
        *(
            replace(
                _not_reached(node, f"{node} did not tell its version", target, _TELL),
                follows=f"{UNANSWERED}@{node}",
                question="version",
            )
            for node in silent
        ),
    )


_ONCE_MORE = (
    "Nothing is done on a node by hand: look in the command's log for what happened "
    "on this node, mend it, and run this again: the command is then started once more."
)
_TELL = "Nobody can accept what nobody knows: make sure that the node answers, then run this again."


def _not_reached(node: str, observed: str, target: Version, remedy: str) -> Finding:
    return Finding(
        "version-not-reached",
        node,
        observed,
        f"NetEye {target}",
        remedy,
        ("versions-everywhere",),
    )


def no_pending_updates(pending: Mapping[str, tuple[Package, ...]]) -> tuple[Finding, ...]:
    """No node has updates of its current version left to install. Code: `updates-pending`."""
    return tuple(
        Finding(
            "updates-pending",
            node,
            f"{len(packages)} packages can be updated on {node}: {listed(packages, limit=5)}",
            "every update of the installed version installed",
            "The update procedure installs them, to its end, before the upgrade.",
            ("updated-and-healthy",),
        )
        for node, packages in pending.items()
        if packages
    )
