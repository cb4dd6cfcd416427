"""Names of steps as people read them: `rounds 3 to 5 of upgrade.run, upgrade.stop`. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from engine.model.groups import grouped
from engine.model.steps import base_of

_HOST = re.compile(r"\[([A-Za-z][\w-]*)\.[\w.-]+\]")
_ROUND = re.compile(r"\[(\d+)\]")


def shown_name(name: str, node: str) -> str:
    """A step's name beside its node: the node is not said twice, another one by its host name.

    >>> shown_name("a.b[1][ne01.local]", "ne01.local"), shown_name("a.b[ne02.local]", "ne01.local")
    ('a.b[1]', 'a.b[ne02]')
    """
    return _HOST.sub(r"[\1]", name.removesuffix(f"[{node}]")) if node else name


def in_words(steps: Iterable[tuple[str, str]]) -> str:
    """`steps` are name and node of each. Steps of the same rounds and nodes share a phrase."""
    bases = grouped((base_of(name), (name, node)) for name, node in steps)
    alike = grouped((_items(each), base) for base, each in bases.items())
    return "; ".join(phrase for items, names in alike.items() for phrase in _phrases(items, names))


Items = tuple[tuple[tuple[str, ...], tuple[int, ...]], ...]
"""Nodes, and the rounds that a fan-out has items of on exactly these."""


def _items(steps: Sequence[tuple[str, str]]) -> Items:
    of_round = grouped((_round(name), node) for name, node in steps)
    same = grouped((tuple(filter(None, nodes)), number) for number, nodes in of_round.items())
    return tuple((nodes, tuple(sorted(filter(None, numbers)))) for nodes, numbers in same.items())


def _round(name: str) -> int:
    """0: it is not one of rounds."""
    match = _ROUND.search(name)
    return int(match[1]) if match else 0


def _phrases(items: Items, names: Sequence[str]) -> Iterator[str]:
    for nodes, rounds in items:
        said = ", ".join(names)
        if rounds:
            said = f"{_rounds(rounds)} of {said}"
        if len(nodes) > 2:
            said = f"{said} on {len(nodes)} nodes"
        elif nodes:
            said = f"{said} on {', '.join(nodes)}"
        yield said


def _rounds(numbers: Sequence[int]) -> str:
    """`round 2`, `rounds 3 to 5`, `rounds 1, 3 to 5`."""
    spans = []
    for _, each in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        span = [number for _, number in each]
        spans.append(str(span[0]) if len(span) == 1 else f"{span[0]} to {span[-1]}")
    return f"round{'s' if len(numbers) > 1 else ''} {', '.join(spans)}"
