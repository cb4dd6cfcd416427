"""A twin: a snapshot, and how much of its data is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rehearsal.like.parsing import parse
from rehearsal.like.scale import ALL, share
from rehearsal.like.snapshot import Snapshot

NAME = "twin"
"""What stands where a scenario's name would."""


@dataclass(frozen=True)
class Twin:
    """What a cluster is made like. Two of the same snapshot and scale are equal."""

    snapshot: Snapshot
    rows: Fraction = ALL

    def about(self) -> str:
        """In words, for the evidence."""
        scale = "all rows" if self.rows == ALL else f"rows {self.rows}"
        return f"made like the cluster in snapshot {self.snapshot.sha256}, {scale}"

    def as_json(self) -> dict[str, Any]:
        """The whole of it; `from_json` takes it back."""
        return {
            "sha256": self.snapshot.sha256,
            "rows": str(self.rows),
            "snapshot": self.snapshot.content,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Twin:
        """Raises SnapshotError, as for a file."""
        return cls(parse(content["snapshot"], str(content["sha256"])), share(content["rows"]))
