"""The OCS files, the password, httpd: the migration, and the proof by use."""

from __future__ import annotations

from tests.findings import repairs
from tests.findings.breaking import from_start, green, last_round, preflight
from tests.findings.case import Case, Start

PASSWORDS = "preflight.ocs_passwords"
ONLINE = "verification.ocs_server"
_BROKEN_THERE = {"leads_to": ("failover-ocs-failed",)}
"""OCS is found broken on OTHER, too."""
_SILENT = {**_BROKEN_THERE, "has_ocs": False}
"""And does not answer in the end."""
HTTPD_CASES: tuple[Case, ...] = (
    last_round(
        "httpd-without-credentials",
        ONLINE,
        "ocs-variable-not-in-httpd ocs-login-failed ocs-api-unexpected",
        repairs.unit_reads_credentials,
        **_SILENT,
    ),
    last_round(
        "credentials-removed",
        ONLINE,
        "ocs-credentials-missing",
        repairs.credentials_written,
        **_SILENT,
    ),
    last_round(
        "ocs-password-changed",
        ONLINE,
        # httpd answers with the old password: its API says so, too
        "ocs-login-failed ocs-api-unexpected",
        repairs.database_password_back,
    ),
    last_round(
        "httpd-login-in-front",
        ONLINE,
        "ocs-endpoint-authentication",
        repairs.site_conf_removed,
        **_SILENT,
    ),
    last_round(
        "httpd-other-handler",
        ONLINE,
        "ocs-endpoint-unexpected",
        repairs.site_conf_removed,
        **_SILENT,
    ),
    last_round(
        "httpd-loopback-only",
        ONLINE,
        "ocs-endpoint-unreachable",
        repairs.listening_everywhere,
        **_SILENT,
    ),
    last_round("httpd-api-denied", ONLINE, "ocs-api-unexpected", repairs.site_conf_removed),
    last_round(
        "httpd-api-elsewhere",
        ONLINE,
        "ocs-api-unreachable",
        repairs.site_conf_removed,
        **_BROKEN_THERE,
    ),
    last_round(
        "httpd-agent-turned-away", ONLINE, "ocs-activity-errors", repairs.database_there_at_start
    ),
    last_round(
        "httpd-posts-fail",
        ONLINE,
        "ocs-post-failed",
        repairs.perl_module_back,
        **_BROKEN_THERE,
    ),
    last_round("agent-can-t-store", ONLINE, "ocs-agents-failing", repairs.column_back),
    green("httpd-without-access-log", Start.LAST_ROUND, ONLINE, "ocs-agents-unseen"),
    last_round(
        "ocs-file-spoilt-other",
        "verification.ocs_files",
        "ocs-file-unfit",
        repairs.other_file_migrated_by_hand,
        **_BROKEN_THERE,
    ),
    preflight(
        "password-with-quote",
        PASSWORDS,
        "ocs-password-unsupported",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    preflight(
        "password-with-backslash",
        PASSWORDS,
        "ocs-password-unsupported",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    preflight(
        "password-with-blank",
        PASSWORDS,
        "ocs-password-unsupported",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    preflight(
        "password-computed",
        PASSWORDS,
        "ocs-password-unsupported",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    preflight(
        "password-per-file",
        PASSWORDS,
        "ocs-passwords-differ",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    preflight(
        "password-refused",
        PASSWORDS,
        "ocs-login-failed",
        repairs.database_password_back,
        touches="ocs-password",
    ),
    from_start(
        "passwords-differ", PASSWORDS, "ocs-passwords-differ", 10, repairs.same_password_everywhere
    ),
    from_start(
        "template-two-variables",
        "migration.credentials[1][{each}]",
        "ocs-variable-mismatch",
        11,
        repairs.migrated_by_hand,
    ),
    from_start(
        "template-other-variable",
        "migration.credentials[1][{each}]",
        "ocs-variable-mismatch",
        11,
        repairs.template_corrected,
    ),
    from_start(
        "template-missing",
        "migration.credentials[1][{each}]",
        "ocs-template-missing",
        11,
        repairs.template_corrected,
    ),
    from_start(
        "rpmnew-literal-password",
        "migration.credentials[1][{each}]",
        "ocs-migration-unclear",
        11,
        repairs.migrated_by_hand,
    ),
    from_start(
        "merge-question-one-node",
        "migration.files[1][{other}]",
        "ocs-merge-undecided",
        11,
        repairs.other_file_migrated_by_hand,
    ),
    from_start(
        "credentials-other",
        PASSWORDS,
        "ocs-credentials-other",
        10,
        repairs.credentials_removed,
        leads_to=("ocs-login-failed", "ocs-api-unexpected", "failover-ocs-failed"),
        has_ocs=False,
    ),
    from_start(
        "httpd-module-missing",
        "migration.files[1][{active}]",
        "ocs-httpd-complains",
        11,
        repairs.module_loaded,
        not_accepted="httpd does not start with that file",
    ),
    green("credentials-same", Start.BEGINNING, ONLINE),
    green(
        "agent-could-not-store-before",
        Start.BEGINNING,
        "preflight.ocs_agents",
        "ocs-agents-failing-before",
    ),
)
