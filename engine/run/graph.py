"""The graph of steps, checked before anything is asked.

A misspelt dependency would skip in silence and end green.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from engine.errors import UsageError
from engine.model.steps import StepItem


def order(items: Sequence[StepItem]) -> list[int]:
    """The indexes of the items in running order.

    Files and functions keep their order; consecutive fan-outs over rounds run round by round
    (all of round 1, then all of round 2), which pytest's own order would not give.
    """
    result: list[int] = []
    block: list[int] = []
    for index, item in enumerate(items):
        if item.round is not None:
            block.append(index)
            continue
        result += _by_round(items, block)
        block = []
        result.append(index)
    return result + _by_round(items, block)


def _by_round(items: Sequence[StepItem], block: list[int]) -> list[int]:
    return sorted(block, key=lambda index: (items[index].round or 0, index))


def resolve(items: Sequence[StepItem], empty: Collection[str] = ()) -> dict[str, list[str]]:
    """Step name -> the full names it depends on. UsageError when the graph is wrong.

    Items must be in running order: a step may only wait for earlier ones. `empty` are fan-outs
    over a group without nodes: a step that waits for one of them waits for nothing.
    """
    problems: list[str] = []
    earlier: dict[str, list[str]] = {name: [] for name in empty}
    resolved: dict[str, list[str]] = {}
    for item in items:
        if item.name in resolved:
            problems.append(f"step {item.name!r} is there twice")
        depends: list[str] = []
        for wanted in item.waits_for():
            found = _found(wanted.removesuffix("?"), earlier)
            if found is None and not wanted.endswith("?"):
                problems.append(
                    f"step {item.name!r} waits for {wanted!r}, which is no earlier step"
                )
            depends += found or ()
        resolved[item.name] = list(dict.fromkeys(depends))
        for alias in _aliases(item):
            earlier.setdefault(alias, []).append(item.name)
    if problems:
        raise UsageError("the runbook's steps do not fit together: " + "; ".join(problems))
    return resolved


def _found(wanted: str, earlier: Mapping[str, list[str]]) -> list[str] | None:
    """The items that a name or `phase.*` means, among the earlier ones; None: it means none."""
    phase, star, which = wanted.partition("*")
    if not star:
        return earlier.get(wanted)
    pattern = re.compile(rf"{re.escape(phase)}[^\[]+{re.escape(which)}")
    found = [items for alias, items in earlier.items() if pattern.fullmatch(alias)]
    return [name for items in found for name in items] if found else None


def _aliases(item: StepItem) -> set[str]:
    """Every name by which a later step may wait for this one."""
    base = item.mark.name
    names = {base, item.name}
    if item.round is not None:
        names.add(f"{base}[{item.round}]")
    return names
