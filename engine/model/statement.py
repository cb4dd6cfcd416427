"""What a green rehearsal states about the upgrade that it was made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Statement:
    """What was rehearsed, by which runbook, where, and when it had ended."""

    run: str
    cluster: str
    environment: str
    scenario: str
    """The scenario of the rehearsal cluster; empty elsewhere."""
    runbook: str
    """Hash of the runbook's sources."""
    source: str
    target: str
    nodes: Mapping[str, int]
    """Role -> how many nodes."""
    finished: datetime
    key: str = ""
    """Fingerprint of the key that signed it; empty when nobody did."""


@dataclass(frozen=True)
class SeenStatement:
    """The statement that the inventory names, or why there is none to go by."""

    statement: Statement | None = None
    problem: str = ""
