"""Is the NetEye active node strong enough to carry everything alone?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.judge.quorum import not_observed
from engine.judge.text import listed, size
from engine.model.finding import Finding
from engine.model.host import Memory


def can_carry(
    active_node: str,
    memory: Mapping[str, Memory],
    load: Mapping[str, float],
    cpus: Mapping[str, int],
    *,
    memory_share: float = 0.95,
    load_per_cpu: float = 1.0,
    staying: Mapping[str, int] | None = None,
    machines: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """N alone can carry what all operative nodes carry now, while the others are in standby.

    An estimate on the safe side: what is in use on all operative nodes together (memory in
    bytes, load averages) must fit on N. `staying`: bytes of a node that would not move (its own
    local services), left out of the sum. `machines`: node -> what tells its kernel apart (the boot
    id); containers of one machine show the same memory and load, which count once then.
    Codes: `active-node-memory`, `active-node-load`, `not-observed`.
    """
    counted = _one_of_each_machine(active_node, memory.keys() | load.keys(), machines or {})
    memory = {node: value for node, value in memory.items() if node in counted}
    load = {node: value for node, value in load.items() if node in counted}
    return (
        *_memory_fits(active_node, memory, memory_share, staying or {}),
        *_load_fits(active_node, load, cpus, load_per_cpu),
    )


def _one_of_each_machine(
    active_node: str, nodes: Collection[str], machines: Mapping[str, str]
) -> frozenset[str]:
    """The nodes without those that share a machine with N or with one that comes before."""
    chosen: dict[str, str] = {}
    for node in sorted(nodes, key=lambda name: (name != active_node, name)):
        chosen.setdefault(machines.get(node, f"node {node}"), node)
    return frozenset(chosen.values())


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
        ("degraded-service",),
    )
