"""A file on a node as it was seen before or after a change of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FileState:
    """Owner, group, permissions (octal, four digits), bytes and digest."""

    owner: str
    group: str
    mode: str
    size: int
    sha256: str = ""
    """Empty: withheld, as the file holds a secret; a digest would let guesses be tried out."""

    def as_data(self) -> dict[str, Any]:
        return {
            "owner": self.owner,
            "group": self.group,
            "mode": self.mode,
            "size": self.size,
            "sha256": self.sha256,
        }


@dataclass(frozen=True)
class FileChange:
    """One file before and after a change; None: it did not exist."""

    path: str
    before: FileState | None
    after: FileState | None

    def as_data(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "before": self.before.as_data() if self.before else None,
            "after": self.after.as_data() if self.after else None,
        }
