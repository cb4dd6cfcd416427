"""How the findings of the procedure weigh, in every version step."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.finding import Severities, Severity

_BLOCKING = (
    # what judges the start and must be gone or accepted
    *("question-unanswered", "not-observed", "firewall-open", "node-unreachable"),
    *("records-foreign", "records-unreadable", "runbook-changed", "settings-changed"),
    *("machine-mistaken", "machine-twice", "machine-changed"),
    *("machine-id-missing", "machine-id-cloned", "rehearsal-marker"),
    *("role-mismatch", "cluster-name-mismatch", "files-differ", "target-repository"),
    *("change-id-missing", "window-missing", "window-outside", "window-too-short"),
    "window-past",
    *("release-notes-unread", "fallback-missing", "baseline-old", "approvals-missing"),
    *("node-offline", "node-unclean", "node-standby", "node-not-standby", "node-maintenance"),
    *("node-pending", "cluster-maintenance", "cluster-stop-all", "no-dc", "pacemaker-mixed"),
    *("resource-stopped", "resource-elsewhere", "resource-failed", "resource-blocked"),
    *("resource-unmanaged", "resource-orphaned", "resource-disabled", "resource-enabled"),
    *("resource-moving", "resource-multiple", "failed-action", "daemon-not-normal"),
    *("qdevice-not-voting", "drbd-disk", "drbd-connection", "drbd-resync", "drbd-suspended"),
    *("drbd-primary", "fencing-state", "fence-device-stopped", "elastic-health"),
    *("drbd-quorum", "drbd-io-failures", "fencing-failed", "fencing-pending", "ticket-missing"),
    *("node-health", "clone-instance-missing", "quorum-ignored"),
    *("elastic-nodes-missing", "constraint-leftover", "constraint-keeps-off-active-node"),
    *("disk-space", "clock-difference", "kernel-without-drbd"),
    *("rpmnew-foreign", "rpmnew-known", "command-running", "health-critical", "health-unknown"),
    *("planned-stop-again", "round-failed", "rounds-exhausted"),
    *("packages-hidden", "packages-behind", "repository-missing", "transaction-unfinished"),
    *("updates-left", "restore-half-upgraded"),
    *("forwarding-off", "login-between-nodes", "name-misleading"),
    *("program-missing", "database-client"),
    *("filesystem-read-only", "file-owner-changed", "not-mounted"),
    "not-listening",
)
_WARNING = (
    "support-needed",
    *("approval-unusable", "rehearsal-missing", "rehearsal-old", "rehearsal-mismatch"),
    *("packages-rule-idle", "repository-disabled", "transaction-failed"),
    *("updates-pending", "health-warning", "fencing-off", "active-node-load", "active-node-memory"),
    *("no-quorum-policy", "restore-unverified", "reboot-needed"),
    *("clock-unkept", "sshd-not-enabled", "updates-automatic", "service-enabled", "file-open"),
)
_NEVER_ACCEPTABLE = (
    *("version-path", "version-mixed", "version-not-reached", "role-mismatch"),
    *("cluster-name-mismatch", "quorum-lost", "outcome-unknown", "rehearsal-marker"),
    *("machine-mistaken", "machine-twice", "machine-changed", "machine-id-missing"),
    *("records-foreign", "records-unreadable"),
    # the next run starts the next round all the same; accepted, further failures would go unseen
    "round-failed",
    *("planned-stop-again", "rounds-exhausted", "restore-unclean"),
    *("restore-while-running", "restore-unsettled"),
    # no action can continue with them, accepted or not: a person mends it by hand
    "program-missing",
)


def with_those_of(
    *,
    blocking: Iterable[str] = (),
    warning: Iterable[str] = (),
    never_acceptable: Iterable[str] = (),
) -> Severities:
    """The table of the procedure and of a version step's own codes."""
    return Severities(
        table={
            **dict.fromkeys((*_BLOCKING, *blocking), Severity.BLOCK),
            **dict.fromkeys((*_WARNING, *warning), Severity.WARN),
        },
        never_acceptable=frozenset({*_NEVER_ACCEPTABLE, *never_acceptable}),
    )
