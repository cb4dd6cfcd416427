"""The machines: disk space, clocks, whether N can carry everything, health, running commands.

`clock_difference` and `no_command_running` have modules of their own and are offered here too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath

from engine.model.finding import Finding
from engine.model.host import FileSystem, HealthResult, Memory
from engine.policy.clocks import clock_difference as clock_difference
from engine.policy.commands import no_command_running as no_command_running
from engine.policy.quorum import not_observed
from engine.policy.text import listed, printable, shortened, size


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


def can_carry(
    active_node: str,
    memory: Mapping[str, Memory],
    load: Mapping[str, float],
    cpus: Mapping[str, int],
    *,
    memory_share: float = 0.95,
    load_per_cpu: float = 1.0,
    staying: Mapping[str, int] | None = None,
) -> tuple[Finding, ...]:
    """N alone can carry what all operative nodes carry now, while the others are in standby.

    An estimate on the safe side: what is in use on all operative nodes together (memory in
    bytes, load averages) must fit on N. `staying`: bytes of a node that would not move (its own
    local services), left out of the sum.
    Codes: `active-node-memory`, `active-node-load`, `not-observed`.
    """
    return (
        *_memory_fits(active_node, memory, memory_share, staying or {}),
        *_load_fits(active_node, load, cpus, load_per_cpu),
    )


def _memory_fits(
    active_node: str, memory: Mapping[str, Memory], share: float, staying: Mapping[str, int]
) -> tuple[Finding, ...]:
    if active_node not in memory:
        return not_observed("memory", (active_node,), memory)
    used = sum(
        m.total - m.available - (0 if node == active_node else staying.get(node, 0))
        for node, m in memory.items()
    )
    total = memory[active_node].total
    if used < total * share:
        return ()
    return (
        _carry(
            "active-node-memory",
            active_node,
            f"the operative nodes ({listed(memory)}) use {size(used)} of memory together, "
            f"{active_node} has {size(total)}",
            f"less than {size(total * share)} ({share:.0%} of {active_node})",
        ),
    )


def _load_fits(
    active_node: str, load: Mapping[str, float], cpus: Mapping[str, int], per_cpu: float
) -> tuple[Finding, ...]:
    if active_node not in cpus:
        return not_observed("number of processors", (active_node,), cpus)
    limit = cpus[active_node] * per_cpu
    summed = sum(load.values())
    if summed <= limit:
        return ()
    return (
        _carry(
            "active-node-load",
            active_node,
            f"the operative nodes ({listed(load)}) have a load of {summed:.1f} together, "
            f"{active_node} has {cpus[active_node]} processors",
            f"at most {limit:.1f}",
        ),
    )


def _carry(code: str, node: str, seen: str, expected: str) -> Finding:
    return Finding(
        code,
        node,
        seen,
        expected,
        "Services that find no resources on the one active node fail to start in the middle of "
        "the upgrade: choose a quieter time, stop what is not needed, or give the node more.",
        ("G16",),
    )


def config_leftovers(
    found: Mapping[str, tuple[str, ...]], known: Collection[str]
) -> tuple[Finding, ...]:
    """No `.rpmnew` or `.rpmsave` lies about (G14); `known` are those of the planned stop.

    Paths are compared in full. Codes: `rpmnew-foreign`, `rpmnew-known`; subject `node:path`.
    """
    return tuple(
        Finding(
            "rpmnew-known" if path in known else "rpmnew-foreign",
            f"{node}:{printable(path)}",
            f"{printable(path)} lies on {node}",
            "no .rpmnew or .rpmsave left over",
            _way_out(path),
            ("G14",),
        )
        for node, paths in found.items()
        for path in paths
    )


def _way_out(path: str) -> str:
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
            f"{shortened(result.first_line) or 'no output'}",
            "OK (exit code 0)",
            "The output names the script that failed: mend what it found, run the check on this "
            "node again, then run this again.",
            ("G28",),
        )
        for node, result in results.items()
        if result.code != 0
    )
