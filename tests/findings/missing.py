"""What is still to be done: these lists only get shorter."""

from __future__ import annotations

START: frozenset[str] = frozenset(
    {
        "outcome-unknown",
        "restore-unsettled",
    }
)
UPGRADE: frozenset[str] = frozenset()
CLUSTER: frozenset[str] = frozenset(
    {
        "node-not-standby",
        "resource-elsewhere",
        "resource-enabled",
    }
)
MISSING: frozenset[str] = START | UPGRADE | CLUSTER
"""Codes without a case."""
NOT_ACCEPTED: frozenset[str] = frozenset({"fencing-state"})
"""Acceptable codes that no case accepts."""
NO_STOP: frozenset[str] = frozenset()
"""Steps after the point of no return whose stop no case goes on from."""
