"""GLPI's plugin: its servers, its key, its stored passwords, its database."""

from __future__ import annotations

from tests.findings import repairs
from tests.findings.breaking import green, last_round, preflight
from tests.findings.case import Case, Start

CUSTOM = "preflight.ocs_servers"
GLPI = "verification.glpi"
GLPI_CASES: tuple[Case, ...] = (
    last_round(
        "glpi-password-skipped",
        GLPI,
        "glpi-password-unchanged glpi-password-old-form",
        repairs.password_reset,
    ),
    *(
        last_round(f"glpi-password-{how}", GLPI, code, repairs.password_reset)
        for how, code in (
            ("old-form", "glpi-password-old-form"),
            ("other-key", "glpi-password-unreadable"),
            ("wrong-password", "glpi-login-failed"),
            ("emptied", "glpi-password-missing"),
        )
    ),
    *(
        last_round(f"glpi-plugin-{state}", GLPI, "glpi-plugin-state", repairs.plugin_enabled)
        for state in ("not-activated", "not-updated", "old-version")
    ),
    last_round("glpi-key-lost", GLPI, "glpi-key-missing", repairs.key_back),
    last_round("glpi-keys-several", GLPI, "glpi-key-missing", repairs.second_key_removed),
    green(
        "glpi-key-lost-inactive",
        Start.LAST_ROUND,
        GLPI,
        "glpi-key-missing-inactive",
    ),
    last_round("glpi-database-unreachable", GLPI, "glpi-login-unreachable", repairs.host_corrected),
    last_round("glpi-table-gone", GLPI, "glpi-database-gone", repairs.table_back),
    *(
        preflight(
            f"custom-ocs-{kind}",
            CUSTOM,
            "ocs-server-custom",
            repairs.custom_server_removed,
            touches="glpi-servers",
        )
        for kind in ("active", "other-case", "trailing-blank", "no-user")
    ),
    preflight("glpi-key-gone", CUSTOM, "glpi-key-missing", repairs.key_back, touches="glpi-key"),
    preflight(
        "glpi-database-on-another-server",
        CUSTOM,
        "glpi-database-elsewhere",
        repairs.servers_looked_at_there,
        touches="glpi-configuration glpi-servers glpi-key",
        stays="GLPI's configuration is left as it is",
    ),
    preflight(
        "glpi-databases-two",
        CUSTOM,
        "glpi-database-unclear",
        repairs.glpi_config_named,
        touches="glpi-configuration",
        # which of two databases has GLPI's servers is not known
        hides="glpi-servers glpi-key",
        stays="GLPI's configuration is left as it is",
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
)
