"""Is the NetEye active node strong enough to carry everything alone?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.judge.quorum import not_observed
from engine.judge.text import listed, size
from engine.model.finding import Finding
from engine.model.host import Memory

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
    return (
        *_memory_fits(active_node, memory),
        *_load_fits(active_node, load, cpus),
    )


def _one_of_each_machine(
    active_node: str, nodes: Collection[str], machines: Mapping[str, str]
) -> frozenset[str]:
    """The nodes without those that share a machine with N or with one that comes before."""
    chosen: dict[str, str] = {}
    for node in sorted(nodes, key=lambda name: (name != active_node, name)):
        chosen.setdefault(machines.get(node, f"node {node}"), node)
    return frozenset(chosen.values())


def _memory_fits(active_node: str, memory: Mapping[str, Memory]) -> tuple[Finding, ...]:
    if active_node not in memory:
        return not_observed("memory", (active_node,), memory)
    used = sum(m.total - m.available for m in memory.values())
    total = memory[active_node].total
    if used < total * MEMORY_SHARE:
        return ()
    return (
        _carry(
            "active-node-memory",
            active_node,
            f"the operative nodes ({listed(memory)}) use {size(used)} of memory together, "
            f"{active_node} has {size(total)}",
            f"less than {size(total * MEMORY_SHARE)} ({MEMORY_SHARE:.0%} of {active_node})",
        ),
    )


def _load_fits(
    active_node: str, load: Mapping[str, float], cpus: Mapping[str, int]
) -> tuple[Finding, ...]:
    if active_node not in cpus:
        return not_observed("number of processors", (active_node,), cpus)
    summed = sum(load.values())
    if summed <= cpus[active_node]:
        return ()
    return (
        _carry(
            "active-node-load",
            active_node,
            f"the operative nodes ({listed(load)}) have a load of {summed:.1f} together, "
            f"{active_node} has {cpus[active_node]} processors",
            f"at most {cpus[active_node]:.1f}",
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
        ("degraded-service",),
    )
