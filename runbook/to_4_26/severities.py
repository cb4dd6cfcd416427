"""How the findings about the asset module weigh, beside those of the procedure."""

from __future__ import annotations

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
_WARNING = (
    *("capacity-dirty", "memories-machine-gone", "agents-open", "glpi-key-missing-inactive"),
    *("glpi-login-failed-inactive", "glpi-login-unreachable-inactive"),
    *("glpi-password-missing-inactive", "glpi-password-old-form-inactive"),
    *("glpi-password-unchanged-inactive", "glpi-password-unreadable-inactive"),
    *("ocs-server-custom-inactive", "ocs-server-custom-harmless", "ocs-agents-failing-before"),
    *("ocs-agents-unseen", "ocs-access-changed"),
)
_NEVER_ACCEPTABLE = (
    "agents-list-missing",
    # no action can continue with them, accepted or not: a person mends it by hand
    *("memories-table", "backup-not-proved", "ocs-passwords-differ", "ocs-password-unsupported"),
    *("ocs-template-missing", "ocs-variable-mismatch", "ocs-migration-unclear"),
    "ocs-merge-undecided",
)

SEVERITIES = severities.with_those_of(
    blocking=_BLOCKING, warning=_WARNING, never_acceptable=_NEVER_ACCEPTABLE
)
