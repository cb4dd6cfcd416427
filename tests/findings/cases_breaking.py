"""The breaking changes, each way in which they go wrong: a case is called like its scenario."""

from __future__ import annotations

from tests.findings import case as cases
from tests.findings import repairs
from tests.findings.case import Case, Deed, Start

CUSTOM = "preflight.ocs_servers"
PASSWORDS = "preflight.ocs_passwords"
MEMORIES = "verification.memories"
GLPI = "verification.glpi"
ONLINE = "verification.ocs_server"
REPOSITORY = "preflight.repository"
SERVICES = "services"
"""The cluster runs its services: the database answers, httpd can be restarted."""


def red(
    scenario: str,
    start: Start,
    step: str,
    codes: str,
    exit_code: int,
    repair: Deed,
    *,
    nodes: str = cases.SMALL,
    has_ocs: bool = True,
    accepted_column: str = "int",
    stays: str = "",
    touches: str = "",
    needs: str = "",
    hides: str = "",
) -> Case:
    """A case that is called like its scenario."""
    return cases.red(
        scenario,
        start,
        step,
        codes,
        exit_code,
        repair,
        scenario=scenario,
        nodes=nodes,
        has_ocs=has_ocs,
        accepted_column=accepted_column,
        stays=stays,
        touches=touches,
        needs=needs,
        hides=hides,
    )


def green(scenario: str, start: Start, step: str, warnings: str = "") -> Case:
    """A case that is called like its scenario, and must not stop."""
    return cases.green(scenario, start, step, warnings, scenario=scenario)


def _preflight(
    scenario: str,
    step: str,
    codes: str,
    repair: Deed,
    *,
    touches: str,
    needs: str = SERVICES,
    hides: str = "",
    stays: str = "",
) -> Case:
    return red(
        scenario,
        Start.PREFLIGHT,
        step,
        codes,
        10,
        repair,
        touches=touches,
        needs=needs,
        hides=hides,
        stays=stays,
    )


def _last_round(
    scenario: str, step: str, codes: str, repair: Deed, accepted_column: str = "int"
) -> Case:
    start = Start.LAST_ROUND
    return red(scenario, start, step, codes, 1, repair, accepted_column=accepted_column)


def _from_start(scenario: str, step: str, codes: str, exit_code: int, repair: Deed) -> Case:
    return red(scenario, Start.BEGINNING, step, codes, exit_code, repair)


def _left(scenario: str, step: str, nodes: str = "operative=2") -> Case:
    start, repair = Start.BEGINNING, repairs.leftover_migrated
    return red(scenario, start, step, "rpmnew-foreign", 1, repair, nodes=nodes)


_CAPACITY = (
    _last_round(
        "capacity-zeroed",
        MEMORIES,
        "capacity-zeroed capacity-not-null capacity-clamped",
        repairs.restored_and_converted,
    ),
    *(
        _last_round(scenario, MEMORIES, code, repairs.restored_and_converted)
        for scenario, code in (
            ("capacity-leading-kept", "capacity-not-null"),
            ("capacity-clamped", "capacity-clamped"),
            ("capacity-altered", "capacity-altered"),
            ("capacity-integers-lost", "capacity-integer-lost"),
            ("capacity-filled", "capacity-filled"),
            ("memories-rows-lost", "memories-rows-lost"),
            ("memories-rows-added", "memories-rows-added"),
        )
    ),
    _last_round(
        "capacity-bigint",
        MEMORIES,
        "capacity-column",
        repairs.restored_and_converted,
        accepted_column="bigint",
    ),
    _last_round(
        "capacity-skipped",
        MEMORIES,
        "capacity-still-text",
        repairs.converted,
        accepted_column="varchar",
    ),
    _last_round("capacity-refused", "upgrade.stop[2]", "round-failed", repairs.values_cleaned),
    green("machine-purged", Start.LAST_ROUND, MEMORIES, "memories-machine-gone"),
    green("inventory-meanwhile", Start.LAST_ROUND, MEMORIES),
    _last_round("backup-spoilt", MEMORIES, "backup-missing", repairs.backup_fetched_back),
    _last_round("backup-lost", MEMORIES, "backup-missing", repairs.backup_fetched_back),
)
_GLPI = (
    _last_round(
        "glpi-password-skipped",
        GLPI,
        "glpi-password-unchanged glpi-password-old-form",
        repairs.password_reset,
    ),
    *(
        _last_round(f"glpi-password-{how}", GLPI, code, repairs.password_reset)
        for how, code in (
            ("old-form", "glpi-password-old-form"),
            ("other-key", "glpi-password-unreadable"),
            ("wrong-password", "glpi-login-failed"),
            ("emptied", "glpi-password-missing"),
        )
    ),
    *(
        _last_round(f"glpi-plugin-{state}", GLPI, "glpi-plugin-state", repairs.plugin_enabled)
        for state in ("not-activated", "not-updated", "old-version")
    ),
    _last_round("glpi-key-lost", GLPI, "glpi-key-missing", repairs.key_back),
    _last_round("glpi-keys-several", GLPI, "glpi-key-missing", repairs.second_key_removed),
    green(
        "glpi-key-lost-inactive",
        Start.LAST_ROUND,
        GLPI,
        "glpi-key-missing-inactive",
    ),
    _last_round(
        "glpi-database-unreachable", GLPI, "glpi-login-unreachable", repairs.host_corrected
    ),
    _last_round("glpi-table-gone", GLPI, "glpi-database-gone", repairs.table_back),
)
_HTTPD = (
    _last_round(
        "httpd-without-credentials",
        ONLINE,
        "ocs-variable-not-in-httpd ocs-login-failed ocs-api-unexpected",
        repairs.unit_reads_credentials,
    ),
    _last_round(
        "credentials-removed", ONLINE, "ocs-credentials-missing", repairs.credentials_written
    ),
    _last_round(
        "ocs-password-changed",
        ONLINE,
        # httpd answers with the old password: its API says so, too
        "ocs-login-failed ocs-api-unexpected",
        repairs.database_password_back,
    ),
    _last_round(
        "httpd-login-in-front", ONLINE, "ocs-endpoint-authentication", repairs.site_conf_removed
    ),
    _last_round(
        "httpd-other-handler", ONLINE, "ocs-endpoint-unexpected", repairs.site_conf_removed
    ),
    _last_round(
        "httpd-loopback-only", ONLINE, "ocs-endpoint-unreachable", repairs.listening_everywhere
    ),
    _last_round("httpd-api-denied", ONLINE, "ocs-api-unexpected", repairs.site_conf_removed),
    _last_round("httpd-api-elsewhere", ONLINE, "ocs-api-unreachable", repairs.site_conf_removed),
    _last_round(
        "httpd-agent-turned-away", ONLINE, "ocs-activity-errors", repairs.database_there_at_start
    ),
    _last_round("httpd-posts-fail", ONLINE, "ocs-post-failed", repairs.perl_module_back),
    _last_round("agent-can-t-store", ONLINE, "ocs-agents-failing", repairs.column_back),
    green("httpd-without-access-log", Start.LAST_ROUND, ONLINE, "ocs-agents-unseen"),
    _last_round(
        "ocs-file-spoilt-other",
        "verification.ocs_files",
        "ocs-file-unfit",
        repairs.other_file_migrated_by_hand,
    ),
)
_PREFLIGHT = (
    *(
        _preflight(
            f"custom-ocs-{kind}",
            CUSTOM,
            "ocs-server-custom",
            repairs.custom_server_removed,
            touches="glpi-servers",
        )
        for kind in ("active", "other-case", "trailing-blank", "no-user")
    ),
    _preflight(
        "password-with-quote",
        PASSWORDS,
        "ocs-password-unsupported",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    _preflight(
        "password-with-backslash",
        PASSWORDS,
        "ocs-password-unsupported",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    _preflight(
        "password-with-blank",
        PASSWORDS,
        "ocs-password-unsupported",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    _preflight(
        "password-computed",
        PASSWORDS,
        "ocs-password-unsupported",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    _preflight(
        "password-per-file",
        PASSWORDS,
        "ocs-passwords-differ",
        repairs.same_password_everywhere,
        touches="ocs-password ocs-files",
        stays="the password is another one",
    ),
    _preflight("glpi-key-gone", CUSTOM, "glpi-key-missing", repairs.key_back, touches="glpi-key"),
    _preflight(
        "password-refused",
        PASSWORDS,
        "ocs-login-failed",
        repairs.database_password_back,
        touches="ocs-password",
    ),
    _preflight(
        "glpi-database-on-another-server",
        CUSTOM,
        "glpi-database-elsewhere",
        repairs.servers_looked_at_there,
        touches="glpi-configuration glpi-servers glpi-key",
        stays="GLPI's configuration is left as it is",
    ),
    _preflight(
        "glpi-databases-two",
        CUSTOM,
        "glpi-database-unclear",
        repairs.glpi_config_named,
        touches="glpi-configuration",
        # which of two databases has GLPI's servers is not known
        hides="glpi-servers glpi-key",
        stays="GLPI's configuration is left as it is",
    ),
    _preflight(
        "memories-missing",
        "preflight.capacity",
        "memories-table",
        repairs.memories_table_back,
        touches="memories",
    ),
    _preflight(
        "memories-view",
        "preflight.capacity",
        "memories-table",
        repairs.memories_table_back,
        touches="memories",
    ),
    _preflight(
        "ocs-database-other",
        "preflight.capacity",
        "ocs-database-elsewhere",
        repairs.ocs_database_corrected,
        touches="ocs-files",
    ),
    _preflight(
        "capacity-decimal",
        "preflight.capacity",
        "capacity-column",
        repairs.text_column_again,
        touches="memories",
        stays="what was in the column does not come back",
    ),
    _preflight(
        "capacity-missing",
        "preflight.capacity",
        "memories-table",
        repairs.text_column_again,
        touches="memories",
        stays="what was in the column does not come back",
    ),
)
_BEGINNING = (
    _from_start(
        "passwords-differ", PASSWORDS, "ocs-passwords-differ", 10, repairs.same_password_everywhere
    ),
    _from_start(
        "template-two-variables",
        "migration.credentials[1][{each}]",
        "ocs-variable-mismatch",
        11,
        repairs.migrated_by_hand,
    ),
    _from_start(
        "template-other-variable",
        "migration.credentials[1][{each}]",
        "ocs-variable-mismatch",
        11,
        repairs.template_corrected,
    ),
    _from_start(
        "template-missing",
        "migration.credentials[1][{each}]",
        "ocs-template-missing",
        11,
        repairs.template_corrected,
    ),
    _from_start(
        "rpmnew-literal-password",
        "migration.credentials[1][{each}]",
        "ocs-migration-unclear",
        11,
        repairs.migrated_by_hand,
    ),
    _from_start(
        "merge-question-one-node",
        "migration.files[1][{other}]",
        "ocs-merge-undecided",
        11,
        repairs.other_file_migrated_by_hand,
    ),
    _from_start(
        "credentials-other",
        PASSWORDS,
        "ocs-credentials-other",
        10,
        repairs.credentials_removed,
    ),
    _from_start(
        "httpd-module-missing",
        "migration.files[1][{active}]",
        "ocs-httpd-complains",
        11,
        repairs.module_loaded,
    ),
    green("memories-empty", Start.BEGINNING, MEMORIES),
    green("ocs-databases-two", Start.BEGINNING, MEMORIES),
    green("credentials-same", Start.BEGINNING, ONLINE),
    green(
        "agent-could-not-store-before",
        Start.BEGINNING,
        "preflight.ocs_agents",
        "ocs-agents-failing-before",
    ),
    green("glpi-elsewhere", Start.BEGINNING, GLPI),
    green("custom-ocs-inactive", Start.BEGINNING, CUSTOM, "ocs-server-custom-inactive"),
    green("custom-ocs-soap", Start.BEGINNING, CUSTOM, "ocs-server-custom-harmless"),
    green("custom-ocs-no-password", Start.BEGINNING, CUSTOM, "ocs-server-custom-harmless"),
    green(
        "glpi-servers-inactive",
        Start.BEGINNING,
        GLPI,
        "glpi-password-unchanged-inactive glpi-password-old-form-inactive"
        " glpi-password-unreadable-inactive glpi-login-failed-inactive"
        " glpi-password-missing-inactive glpi-login-unreachable-inactive",
    ),
    red(
        "ocs-database-only",
        Start.BEGINNING,
        MEMORIES,
        "capacity-still-text",
        1,
        repairs.converted_by_hand,
        has_ocs=False,
    ),
    _from_start("backup-unlike", "backup.proved", "backup-not-proved", 11, repairs.shims_removed),
    _from_start(
        "backup-no-room", "preflight.ocs_needs", "backup-no-room", 10, repairs.shims_removed
    ),
    _from_start("backup-read-wrongly", "backup.fetched", "backup-damaged", 1, repairs.copy_removed),
    _left("rpmnew-in-update-other", "update.leftovers"),
    _left("rpmnew-in-upgrade-other", "upgrade.stop[1]"),
    _left("rpmsave-in-upgrade-active", "upgrade.stop[1]"),
    _left("rpmorig-in-upgrade-active", "upgrade.stop[1]"),
    _left("rpmnew-link-in-upgrade-other", "upgrade.stop[1]"),
    _left("rpmnew-in-upgrade-elastic-only", "upgrade.stop[1]", "operative=2,elastic=1,voting=1"),
    _left("rpmnew-in-upgrade-voting-only", "upgrade.stop[1]", "operative=2,elastic=1,voting=1"),
)
_PACKAGES = (
    _preflight(
        "packages-excluded",
        REPOSITORY,
        "packages-hidden",
        repairs.excludes_removed,
        touches="dnf-excludes",
        needs="",
    ),
    _preflight(
        "packages-excluded-in-repository",
        REPOSITORY,
        "packages-hidden",
        repairs.excludes_removed,
        touches="dnf-excludes",
        needs="",
    ),
    _preflight(
        "update-waiting",
        REPOSITORY,
        "transaction-unfinished",
        repairs.nothing_waits,
        touches="dnf-transaction",
        needs="",
    ),
    green("kernel-excluded", Start.BEGINNING, REPOSITORY, "packages-rule-idle"),
    _preflight(
        "repository-gone",
        REPOSITORY,
        "repository-missing",
        repairs.package_taken_again,
        touches="dnf-transaction packages",
        needs="",
    ),
    *(
        _from_start(
            scenario, "verification.versions", "packages-behind", 1, repairs.excludes_removed
        )
        for scenario in ("packages-excluded-meanwhile", "ocs-excluded-meanwhile")
    ),
    _from_start(
        "updates-excluded-meanwhile", "update.run", "updates-left", 1, repairs.excludes_removed
    ),
)
BREAKING = (*_CAPACITY, *_GLPI, *_HTTPD, *_PREFLIGHT, *_BEGINNING, *_PACKAGES)
