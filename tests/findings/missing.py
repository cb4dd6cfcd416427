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
        "clone-instance-missing",
        "constraint-keeps-off-active-node",
        "constraint-leftover",
        "elastic-health",
        "elastic-nodes-missing",
        "fencing-failed",
        "fencing-off",
        "fencing-pending",
        "fencing-state",
        "no-dc",
        "node-maintenance",
        "node-not-standby",
        "node-pending",
        "node-standby",
        "node-unclean",
        "resource-blocked",
        "resource-elsewhere",
        "resource-enabled",
        "resource-failed",
        "resource-moving",
        "resource-multiple",
        "resource-orphaned",
        "resource-stopped",
    }
)
MISSING: frozenset[str] = START | UPGRADE | CLUSTER
"""Codes without a case."""
NOT_ACCEPTED: frozenset[str] = frozenset({"qdevice-not-voting"})
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
