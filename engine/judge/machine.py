"""The machines: disk space, configuration left over, health, commands, clocks, N's strength."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.judge.quorum import not_observed
from engine.judge.text import listed, many, printable, shortened, size
from engine.model.executed import command_of
from engine.model.finding import Finding
from engine.model.host import FileSystem, HealthResult, Memory, Process

FOREIGN = "rpmnew-foreign"
"""The code of a leftover that no step migrates."""


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
            "rpmnew-known" if path in known else FOREIGN,
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


def health(
    results: Mapping[str, HealthResult], duties: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    """The health command says OK on every node; some of its scripts look at their own node only.

    `duties`: what is not fulfilled when it does not.

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
            duties,
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


def no_command_running(
    processes: Mapping[str, Sequence[Process]], patterns: Collection[str]
) -> tuple[Finding, ...]:
    """None of the commands in `patterns` (as `command_of` has them) runs on any node.

    One finding a node: with `nohup` or `sudo` before it, a command is two processes. It is told by
    its pattern, as its arguments are somebody else's. Code: `command-running`.
    """
    running = {
        node: [(process.pid, command_of(process.command, patterns)) for process in seen]
        for node, seen in processes.items()
    }
    found = {node: [(pid, name) for pid, name in one if name] for node, one in running.items()}
    return tuple(
        Finding(
            "command-running",
            node,
            f"on {node} runs {listed([f'`{name}` (process {pid})' for pid, name in commands])}",
            "no other command that changes the cluster or its packages",
            "Wait until it has ended, or find out who started it; never end it from outside. "
            "Then run this again.",
            ("command-as-documented",),
        )
        for node, commands in found.items()
        if commands
    )


@dataclass(frozen=True)
class Offset:
    """A node's clock minus the controller's: surely between `low` and `high` seconds.

    The node read its clock somewhere between our sending and our receiving.
    """

    node: str
    low: float
    high: float

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def width(self) -> float:
        return self.high - self.low

    def surely_from(self, other: Offset) -> float:
        """By how many seconds at least the two clocks differ; 0 when they may be the same."""
        return max(0.0, self.low - other.high, other.low - self.high)


def clock_difference(
    readings: Mapping[str, tuple[float, float, float]], limit_seconds: float
) -> tuple[Finding, ...]:
    """The clocks of all nodes differ by no more than `limit_seconds` from one another.

    `readings`: node -> (sent, the node's epoch, received) in seconds, sent and received by the
    controller's clock, whose own error cancels out. A difference is a finding only when it is
    certain in spite of the time the answer took. An answer slower than the limit proves nothing,
    and is a finding too.
    Code: `clock-difference`.
    """
    offsets = _offsets(readings)
    slow = [offset for offset in offsets if offset.width > limit_seconds]
    quick = sorted((o for o in offsets if o not in slow), key=lambda o: o.middle)
    findings = [_slow(offset, limit_seconds) for offset in slow]
    if quick:
        findings += _apart(quick, limit_seconds)
    return tuple(findings)


def clocks_compared(readings: Mapping[str, tuple[float, float, float]], limit: float) -> str:
    """The largest difference that was seen, with its doubt, and the limit in seconds."""
    offsets = sorted(_offsets(readings), key=lambda one: one.middle)
    said = f"{many(len(offsets), 'clock')} compared"
    if len(offsets) > 1:
        first, last = offsets[0], offsets[-1]
        apart, doubt = last.middle - first.middle, (first.width + last.width) / 2
        said += f": {last.node} is ahead of {first.node} by {apart:.2f} s (± {doubt:.2f} s)"
        said += ", the largest difference"
    return f"{said}; the limit is {limit:g} s"


def _offsets(readings: Mapping[str, tuple[float, float, float]]) -> list[Offset]:
    return [
        Offset(node, epoch - received, epoch - sent)
        for node, (sent, epoch, received) in readings.items()
    ]


def _apart(offsets: list[Offset], limit: float) -> list[Finding]:
    """Nodes far from the middle one; when there is none, the two ends if they are too far apart."""
    middle = offsets[(len(offsets) - 1) // 2]
    pairs = [(o, middle) for o in offsets if o.surely_from(middle) > limit]
    first, last = offsets[0], offsets[-1]
    if not pairs and last.surely_from(first) > limit:
        pairs = [(last, first)]
    return [_differs(offset, other, limit) for offset, other in pairs]


def _differs(offset: Offset, other: Offset, limit: float) -> Finding:
    ahead = offset.middle - other.middle
    side = "ahead of" if ahead > 0 else "behind"
    return Finding(
        "clock-difference",
        offset.node,
        f"the clock of {offset.node} is {abs(ahead):.1f} s {side} that of {other.node} "
        f"(at least {offset.surely_from(other):.1f} s)",
        f"clocks that differ by no more than {limit:g} s",
        f"Look at the time service of {offset.node} and {other.node} (`chronyc tracking`), "
        "then run this again.",
    )


def _slow(offset: Offset, limit: float) -> Finding:
    return Finding(
        "clock-difference",
        offset.node,
        f"{offset.node} took {offset.width:.1f} s to tell its time, so its clock can't be judged",
        f"an answer within {limit:g} s",
        f"Look at the load of {offset.node} and the way to it, then run this again.",
    )


MEMORY_SHARE = 0.95
"""What of N's memory may be in use when it carries everything."""


def can_carry(
    active_node: str,
    memory: Mapping[str, Memory],
    load: Mapping[str, float],
    cpus: Mapping[str, int],
    machines: Mapping[str, str],
) -> tuple[Finding, ...]:
    """N alone can carry what all operative nodes carry now, while the others are in standby.

    An estimate on the safe side: what is in use on all operative nodes together (memory in
    bytes, load averages) must fit on N. `machines`: node -> what tells its kernel apart (the boot
    id); containers of one machine show the same memory and load, which count once then.
    Codes: `active-node-memory`, `active-node-load`, `not-observed`.
    """
    counted = _one_of_each_machine(active_node, memory.keys() | load.keys(), machines)
    memory = {node: value for node, value in memory.items() if node in counted}
    load = {node: value for node, value in load.items() if node in counted}
    return (*_memory_fits(active_node, memory), *_load_fits(active_node, load, cpus))


def to_carry(
    active_node: str,
    memory: Mapping[str, Memory],
    load: Mapping[str, float],
    cpus: Mapping[str, int],
    machines: Mapping[str, str],
) -> str:
    """What `can_carry` compares, in words: it holds whatever is found."""
    counted = _one_of_each_machine(active_node, memory.keys() | load.keys(), machines)
    used = sum(one.total - one.available for node, one in memory.items() if node in counted)
    summed = sum(one for node, one in load.items() if node in counted)
    total = size(memory[active_node].total) if active_node in memory else "memory not told"
    cpu = many(cpus[active_node], "processor") if active_node in cpus else "processors not told"
    return (
        f"the operative nodes use {size(used)} of memory together, with a load of {summed:.1f};"
        f" {active_node} has {total} and {cpu}"
    )


def _one_of_each_machine(
    active_node: str, nodes: Collection[str], machines: Mapping[str, str]
) -> frozenset[str]:
    """The nodes without those that share a machine with N or with one that comes before."""
    chosen: dict[str, str] = {}
    for node in sorted(nodes, key=lambda name: (name != active_node, name)):
        chosen.setdefault(machines.get(node, f"node {node}"), node)
    return frozenset(chosen.values())


def _whose(nodes: Collection[str], several: str, one: str) -> str:
    """One of each machine: where all share one, it speaks of that node alone."""
    if len(nodes) == 1:
        return f"{listed(nodes)} {one}"
    return f"the operative nodes ({listed(nodes)}) together {several}"


def _memory_fits(active_node: str, memory: Mapping[str, Memory]) -> tuple[Finding, ...]:
    if active_node not in memory:
        return not_observed("memory", (active_node,), memory)
    used = sum(m.total - m.available for m in memory.values())
    total = memory[active_node].total
    if used < total * MEMORY_SHARE:
        return ()
    return _carry(
        "active-node-memory",
        active_node,
        f"{_whose(memory, 'use', 'uses')} {size(used)} of memory, {active_node} has {size(total)}",
        f"less than {size(total * MEMORY_SHARE)} ({MEMORY_SHARE:.0%} of {active_node})",
    )


def _load_fits(
    active_node: str, load: Mapping[str, float], cpus: Mapping[str, int]
) -> tuple[Finding, ...]:
    if active_node not in cpus:
        return not_observed("number of processors", (active_node,), cpus)
    summed = sum(load.values())
    if summed <= cpus[active_node]:
        return ()
    return _carry(
        "active-node-load",
        active_node,
        f"{_whose(load, 'have', 'has')} a load of {summed:.1f}, "
        f"{active_node} has {cpus[active_node]} processors",
        f"at most {cpus[active_node]:.1f}",
    )


def _carry(code: str, node: str, seen: str, expected: str) -> tuple[Finding]:
    remedy = (
        "Services that find no resources on the one active node fail to start in the middle of "
        "the upgrade: choose a quieter time, stop what is not needed, or give the node more."
    )
    return (Finding(code, node, seen, expected, remedy, ("degraded-service",)),)
