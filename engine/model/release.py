"""What belongs to one version step, as data that the engine is given (runbook/release.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.model.finding import Severities
from engine.model.host import Version


@dataclass(frozen=True)
class Release:
    """One version step of the product."""

    source: Version
    target: Version
    severities: Severities
    guide: Mapping[str, str]
    """Row id -> the duty in a few words."""
    known_conflicts: frozenset[str]
    """Configuration conflicts that this step is known to leave: the planned stop."""
    database_resource: str
    """The pacemaker resource whose node runs the database."""
    estimate_base: int
    estimate_per_node: int
    """Minutes (guide row G15)."""
