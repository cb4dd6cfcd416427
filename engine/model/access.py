"""What a node reaches: others by ssh, names by the resolver."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Login:
    """One node's own ssh to another one."""

    code: int
    """Exit code of `true` there, or of ssh; 124 when it was not done in time."""
    said: str
    """ssh's last words, in one line."""

    @property
    def is_in(self) -> bool:
        return self.code == 0
