"""What is still to be done: these lists only get shorter."""

from __future__ import annotations

START: frozenset[str] = frozenset(
    {
        "outcome-unknown",
        "restore-unsettled",
    }
)
UPGRADE: frozenset[str] = frozenset(
    {
        "failover-not-back",
        "failover-not-started",
        "file-owner-changed",
        "not-mounted",
    }
)
CLUSTER: frozenset[str] = frozenset(
    {
        "fencing-failed",
        "fencing-off",
        "fencing-pending",
        "fencing-state",
        "no-dc",
        "node-not-standby",
        "node-pending",
        "node-unclean",
        "resource-elsewhere",
        "resource-enabled",
        "resource-moving",
        "resource-multiple",
        "resource-orphaned",
    }
)
MISSING: frozenset[str] = START | UPGRADE | CLUSTER
"""Codes without a case."""
NOT_ACCEPTED: frozenset[str] = frozenset()
"""Acceptable codes that no case accepts."""
NO_STOP: frozenset[str] = frozenset(
    {
        "closing.agents",
        "failover.back",
        "failover.httpd",
        "reactivation.fencing",
        "reactivation.final",
        "reactivation.normal",
        "reactivation.unstandby",
        "upgrade.run",
    }
)
"""Steps after the point of no return whose stop no case goes on from."""
