"""How the findings about the asset module weigh, beside those of the procedure."""

from __future__ import annotations

from collections.abc import Mapping

from runbook.cluster import severities

_BLOCKING = (
    *("ocs-server-custom", "ocs-passwords-differ", "ocs-password-unsupported", "backup-missing"),
    *("backup-damaged", "backup-no-room", "backup-not-proved", "memories-table"),
    *("ocs-database-elsewhere", "capacity-column", "capacity-still-text", "capacity-zeroed"),
    *("capacity-not-null", "capacity-clamped", "capacity-integer-lost", "capacity-altered"),
    *("capacity-filled", "memories-rows-lost", "memories-rows-added", "glpi-database-elsewhere"),
    *("glpi-database-gone", "glpi-database-unclear", "glpi-key-missing", "glpi-login-failed"),
    *("glpi-login-unreachable", "glpi-password-missing", "glpi-password-old-form"),
    *("glpi-password-unchanged", "glpi-password-unreadable", "glpi-plugin-state"),
    *("ocs-credentials-missing", "ocs-credentials-other", "ocs-endpoint-authentication"),
    *("ocs-endpoint-unexpected", "ocs-endpoint-unreachable", "ocs-login-failed"),
    *("ocs-merge-undecided", "ocs-migration-unclear", "ocs-template-missing"),
    *("ocs-variable-mismatch", "ocs-variable-not-in-httpd", "ocs-httpd-complains"),
    *("ocs-api-unexpected", "ocs-api-unreachable", "ocs-activity-errors", "ocs-post-failed"),
    *("ocs-agents-failing", "ocs-file-unfit", "failover-not-started", "failover-ocs-failed"),
    *("failover-not-back", "capacity-loss"),
)
_AFTER_UPGRADE = (
    *("glpi-login-failed-inactive", "glpi-login-unreachable-inactive", "glpi-key-missing-inactive"),
    *("glpi-password-missing-inactive", "glpi-password-old-form-inactive"),
    *("glpi-password-unchanged-inactive", "glpi-password-unreadable-inactive"),
)
_TASKS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_AFTER_UPGRADE, ("verification.glpi",)),
    **dict.fromkeys(
        ("ocs-server-custom-inactive", "ocs-server-custom-harmless"), ("preflight.ocs_servers",)
    ),
    **dict.fromkeys(
        ("ocs-agents-failing-before", "ocs-agents-unseen", "ocs-inventories-not-stored"),
        ("closing.agents",),
    ),
    "ocs-settings-differ": ("verification.ocs_files",),
    # nobody looks again: the old rules are in the backup of the file only
    "ocs-access-changed": (),
    # with fencing on no run moves httpd any more
    "failover-not-exercised": (),
}
_SETTLED: Mapping[str, tuple[str, ...]] = {
    # what has become of them is a loss, which has an entry of its own
    "capacity-dirty": ("preflight.capacity", "verification.memories"),
}
_PASSING = (
    # the row of the guide says what is left
    "agents-open",
    # somebody has deleted the machine
    "memories-machine-gone",
)
_NEVER_ACCEPTABLE = (
    "agents-list-missing",
    # no action can continue with them, accepted or not: a person mends it by hand
    *("memories-table", "backup-not-proved", "ocs-passwords-differ", "ocs-password-unsupported"),
    *("ocs-template-missing", "ocs-variable-mismatch", "ocs-migration-unclear"),
    "ocs-merge-undecided",
)

SEVERITIES = severities.with_those_of(
    blocking=_BLOCKING,
    tasks=_TASKS,
    settled=_SETTLED,
    passing=_PASSING,
    never_acceptable=_NEVER_ACCEPTABLE,
)
