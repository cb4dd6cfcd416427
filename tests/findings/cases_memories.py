"""The table `ocsweb.memories`: its column, its values, its backup."""

from __future__ import annotations

from tests.findings import repairs
from tests.findings.breaking import from_start, green, last_round, preflight, red
from tests.findings.case import Case, Start

MEMORIES = "verification.memories"
MEMORIES_CASES: tuple[Case, ...] = (
    last_round(
        "capacity-zeroed",
        MEMORIES,
        "capacity-zeroed capacity-not-null capacity-clamped",
        repairs.restored_and_converted,
    ),
    *(
        last_round(scenario, MEMORIES, code, repairs.restored_and_converted)
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
    last_round(
        "capacity-bigint",
        MEMORIES,
        "capacity-column",
        repairs.restored_and_converted,
        column="bigint",
    ),
    last_round(
        "capacity-skipped",
        MEMORIES,
        "capacity-still-text",
        repairs.converted,
        column="varchar",
    ),
    last_round("capacity-refused", "upgrade.stop[2]", "round-failed", repairs.values_cleaned),
    green("machine-purged", Start.LAST_ROUND, MEMORIES, "memories-machine-gone"),
    green("inventory-meanwhile", Start.LAST_ROUND, MEMORIES),
    last_round("backup-spoilt", MEMORIES, "backup-missing", repairs.backup_fetched_back),
    last_round("backup-lost", MEMORIES, "backup-missing", repairs.backup_fetched_back),
    preflight(
        "memories-missing",
        "preflight.capacity",
        "memories-table",
        repairs.memories_table_back,
        touches="memories",
    ),
    preflight(
        "memories-view",
        "preflight.capacity",
        "memories-table",
        repairs.memories_table_back,
        touches="memories",
    ),
    preflight(
        "ocs-database-other",
        "preflight.capacity",
        "ocs-database-elsewhere",
        repairs.ocs_database_corrected,
        touches="ocs-files",
    ),
    preflight(
        "capacity-decimal",
        "preflight.capacity",
        "capacity-column",
        repairs.text_column_again,
        touches="memories",
        stays="what was in the column does not come back",
    ),
    preflight(
        "capacity-missing",
        "preflight.capacity",
        "memories-table",
        repairs.text_column_again,
        touches="memories",
        stays="what was in the column does not come back",
    ),
    green("memories-empty", Start.BEGINNING, MEMORIES),
    green("ocs-databases-two", Start.BEGINNING, MEMORIES),
    red(
        "ocs-database-only",
        Start.BEGINNING,
        MEMORIES,
        "capacity-still-text",
        1,
        repairs.converted_by_hand,
        has_ocs=False,
    ),
    from_start("backup-unlike", "backup.proved", "backup-not-proved", 11, repairs.shims_removed),
    from_start(
        "backup-no-room", "preflight.ocs_needs", "backup-no-room", 10, repairs.shims_removed
    ),
    from_start("backup-read-wrongly", "backup.fetched", "backup-damaged", 1, repairs.copy_removed),
)
