"""Where something lies on a node, as a fact of the journal has it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A path, on which nodes, who may read it there, and what else is to say of it."""

    nodes: tuple[str, ...]
    """Those on which it is so; none: it is not a matter of nodes."""
    path: str
    rights: str
    """Owner, group and permissions; empty: not looked at."""
    note: str


def places_of(told: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
    """Each in the order of the fact; what is so on several nodes is told once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in told:
        rights = f"{one['owner']} {one['group']} {one['mode']}" if one.get("mode") else ""
        place = str(one.get("path", "")), rights, str(one.get("note", ""))
        found.setdefault(place, []).extend([str(one["node"])] if one.get("node") else [])
    return tuple(Place(tuple(dict.fromkeys(nodes)), *place) for place, nodes in found.items())
