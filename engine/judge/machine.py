"""The machines: disk space, configuration left over, health."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath

from engine.judge.text import listed, printable, shortened, size
from engine.model.finding import Finding
from engine.model.host import FileSystem, HealthResult


def file_system_of(path: str, filesystems: Sequence[FileSystem]) -> FileSystem | None:
    """The file system that holds `path`: the one with the longest mount point above it."""
    above = {str(parent) for parent in (PurePosixPath(path), *PurePosixPath(path).parents)}
    holding = [fs for fs in filesystems if fs.mount in above]
    return max(holding, key=lambda fs: len(fs.mount), default=None)


def disk_space(
    filesystems: Mapping[str, Sequence[FileSystem]], needed: Mapping[str, int]
) -> tuple[Finding, ...]:
    """Each node has `needed` bytes free below each path; a path that is no mount: at its parent.

    Each need is judged by itself, as the guide states it, also when two lie on one file
    system (domain facts section 4, prerequisites). Code: `disk-space`, subject `node:path`.
    """
    findings = []
    for node, mounted in filesystems.items():
        for path, amount in needed.items():
            holder = file_system_of(path, mounted)
            if holder is None:
                findings.append(
                    _space(node, path, amount, f"no file system of {node} holds {path}")
                )
            elif holder.available < amount:
                where = path if holder.mount == path else f"{path} (on {holder.mount})"
                seen = f"{size(holder.available)} are free on {node} in {where}"
                findings.append(_space(node, path, amount, seen))
    return tuple(findings)


def _space(node: str, path: str, amount: int, seen: str) -> Finding:
    return Finding(
        "disk-space",
        f"{node}:{path}",
        seen,
        f"at least {size(amount)} free in {path}",
        "Free some space (old logs, package cache, old kernels) or enlarge the file system, "
        "then run this again.",
    )


def config_leftovers(
    found: Mapping[str, tuple[str, ...]], known: Collection[str]
) -> tuple[Finding, ...]:
    """No `.rpmnew`, `.rpmsave` or `.rpmorig` lies about.

    `known` are those of the planned stop.
    Paths are compared in full. Codes: `rpmnew-foreign`, `rpmnew-known`; subject `node:path`.
    """
    return tuple(
        Finding(
            "rpmnew-known" if path in known else "rpmnew-foreign",
            f"{node}:{printable(path)}",
            f"{printable(path)} lies on {node}",
            "no .rpmnew, .rpmsave or .rpmorig left over",
            _way_out(path),
            ("no-leftovers",),
        )
        for node, paths in found.items()
        for path in paths
    )


def _way_out(path: str) -> str:
    if path.endswith(".rpmorig"):
        return (
            "What no package had owned was moved aside, and the package's own text is live: carry "
            "your values into the live file, then rename the .rpmorig to a dated .bak."
        )
    if path.endswith(".rpmsave"):
        return (
            "Your edited file was put aside by the package: carry your values into the live "
            "file, then rename the .rpmsave to a dated .bak."
        )
    return (
        "The package's new default waits beside your edited file: carry your values into the "
        ".rpmnew, keep a dated .bak of the old file, move the .rpmnew over it."
    )


def health(results: Mapping[str, HealthResult]) -> tuple[Finding, ...]:
    """The health command says OK on every node; some of its scripts look at their own node only.

    Codes: `health-warning` (1), `health-critical` (2), `health-unknown` (3 and all others).
    """
    codes = {1: "health-warning", 2: "health-critical"}
    return tuple(
        Finding(
            codes.get(result.code, "health-unknown"),
            node,
            f"the health check on {node} is {result.status} (exit code {result.code}): "
            f"{shortened(result.first_line) or 'no output'}{_named(result)}",
            "OK (exit code 0)",
            _mend(result),
            ("updated-and-healthy",),
        )
        for node, result in results.items()
        if result.code != 0
    )


def _named(result: HealthResult) -> str:
    """The scripts that failed, with what each said."""
    if not result.scripts:
        return ""
    return f"; by {listed([shortened(str(script)) for script in result.scripts], 5)}"


def _mend(result: HealthResult) -> str:
    if not result.scripts:
        return (
            "Its output, in this report, names no script: start `neteye health deep` on this node,"
            " mend what it finds, then run this again."
        )
    scripts = listed([f"`{script.path}`" for script in result.scripts], 5)
    return f"Mend what it found: on this node {scripts} has to end with 0. Then run this again."
