"""Elasticsearch as its own API describes it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.host import ElasticHealth


@dataclass(frozen=True)
class ElasticState:
    """One look: cluster health and the names of the nodes that joined."""

    health: ElasticHealth
    nodes: tuple[str, ...]
