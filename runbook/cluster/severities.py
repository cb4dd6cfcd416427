"""How the findings of the procedure weigh, in every version step, and what is left of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from engine.model.finding import Lasting, Severities, Severity

_BLOCKING = (
    # what judges the start and must be gone or accepted
    *("question-unanswered", "not-observed", "firewall-open", "node-unreachable"),
    *("records-foreign", "records-unreadable", "runbook-changed", "settings-changed"),
    *("foreign-plugin", "foreign-code", "runbook-edited"),
    *("run-missing", "machine-mistaken", "machine-twice", "machine-changed"),
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
_TASKS: Mapping[str, tuple[str, ...]] = {
    "clock-unkept": ("preflight.clocks",),
    "service-enabled": ("verification.httpd",),
    "sshd-not-enabled": ("preflight.access", "again.access"),
    # each path is looked at by the step that uses it
    "file-open": (),
    "health-warning": ("preflight.health", "again.health", "reactivation.health"),
    # later steps judge fencing by the baseline
    **dict.fromkeys(("fencing-off", "no-quorum-policy"), ("update.fencing",)),
    "repository-disabled": ("preflight.repository", "again.repository"),
    "reboot-needed": ("again.kernels", "closing.reboot"),
    "restore-unverified": ("verification.done",),
    # they end by themselves: nobody looks again, the attempt is closed
    "downtime-left": (),
}
"""Warnings that are left when all is done: a person's task -> the steps that look again."""
_SETTLED: Mapping[str, tuple[str, ...]] = {
    "updates-pending": ("preflight.updates", "update.run"),
    # dnf's last transaction is another one then
    "transaction-failed": ("again.repository", "verification.command"),
}
"""Warnings that are settled on the way -> the steps after which they hold no more."""
_PASSING = (
    # whoever went on with the upgrade has decided it
    "timestamp-missing",
    *("approval-unusable", "rehearsal-missing", "rehearsal-old", "rehearsal-mismatch"),
    *("rehearsal-environment", "rehearsal-unsigned", "rehearsal-key-unknown"),
    # they count while the upgrade is under way
    *("active-node-load", "active-node-memory", "updates-automatic", "packages-rule-idle"),
    # a later step tries once more; nothing waits for it
    *("downtime-not-asked", "downtime-host-unknown", "downtime-not-made"),
    # the stop itself says that support is called
    "support-needed",
    # the run goes by what it sees; the evidence has both side by side
    "not-as-predicted",
)
"""Warnings of which nothing is left."""
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
    tasks: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    settled: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    passing: Iterable[str] = (),
    never_acceptable: Iterable[str] = (),
) -> Severities:
    """The table of the procedure and of a version step's own codes.

    What only warns is in one of three: `tasks` are left for a person and `settled` are not, each
    with the bare names of the steps that look again; of `passing` nothing is left.
    """
    tasks, settled = {**_TASKS, **tasks}, {**_SETTLED, **settled}
    return Severities(
        table={
            **dict.fromkeys((*_BLOCKING, *blocking), Severity.BLOCK),
            **dict.fromkeys((*tasks, *settled, *_PASSING, *passing), Severity.WARN),
        },
        never_acceptable=frozenset({*_NEVER_ACCEPTABLE, *never_acceptable}),
        lasting={
            **{code: Lasting(is_task=True, settled_by=steps) for code, steps in tasks.items()},
            **{code: Lasting(settled_by=steps) for code, steps in settled.items()},
        },
    )
