"""Where something lies on a node, as a fact of the journal has it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A node and a path there, who may read it, and what else is to say of it."""

    node: str
    path: str
    rights: str
    """Owner, group and permissions; empty: not looked at."""
    note: str


def places_of(told: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
    """Each in the order of the fact."""
    return tuple(
        Place(
            str(one.get("node", "")),
            str(one.get("path", "")),
            f"{one['owner']} {one['group']} {one['mode']}" if one.get("mode") else "",
            str(one.get("note", "")),
        )
        for one in told
    )
