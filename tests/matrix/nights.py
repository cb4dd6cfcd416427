"""Nights: several edges of one upgrade, at each of which its run is killed, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.matrix.edges import Edge

KILLS = 3
"""Edges of a night. Most of an edge's cost is the way to the end, which a night goes once."""


@dataclass(frozen=True)
class Night:
    """An upgrade whose runs are killed at these edges, in their order."""

    name: str
    edges: tuple[Edge, ...]

    @property
    def state(self) -> str:
        """Label of the saved state it starts from."""
        return self.edges[0].state


def nights(edges: Sequence[Edge], kills: int = KILLS) -> list[Night]:
    """Every edge in one night, its edges as far apart as can be; `edges` in the order of a run."""
    count = -(-len(edges) // kills)
    return [Night(f"night-{n + 1:02d}", tuple(edges[n::count])) for n in range(count)]


def alone(edge: Edge) -> Night:
    """One that is disturbed once."""
    return Night(edge.name, (edge,))
