"""The OCS part of secure install in 4.26: CAPACITY to integers, schema to that of OCS 2.10.0.

Which strings NetEye nulls is not known (ocs-glpi 1.2), so the seed decides about decorated integers
like ` 8192` or `+8192`: `nulled`, or `kept` as the number they are.
"""

from __future__ import annotations

from pathlib import Path

from neteye_standin import database

DATABASE = "ocsweb"
GUI_VERSION = 7063  # OCS 2.10.0
UPDATES = Path("/usr/share/neteye/ocsinventory-ocsreports/update")

_CLEAN = (
    "(CAPACITY <> '' AND CAPACITY NOT REGEXP '[^0-9]'"
    " AND CAST(CAPACITY AS DECIMAL(65,0)) <= 2147483647)"
)
# Not [[:space:]]: that is also the no-break space, with which the server's own conversion fails.
_BLANKS = r"[ \\t\\r\\n]*"
_BARE = f"REGEXP_REPLACE(CAPACITY, '^{_BLANKS}|{_BLANKS}$', '')"
_DECORATED = (
    f"(CAPACITY REGEXP '^{_BLANKS}[+-]?[0-9]+{_BLANKS}$'"
    f" AND CAST({_BARE} AS DECIMAL(65,0)) BETWEEN -2147483648 AND 2147483647)"
)
_ALTER = "ALTER TABLE memories CHANGE CAPACITY CAPACITY INT NULL DEFAULT NULL;"
_NOT_STRICT = "SET SESSION sql_mode='NO_ENGINE_SUBSTITUTION';"
_BLANKS_TO_NULL = (
    "UPDATE memories SET CAPACITY = NULL WHERE TRIM(COALESCE(CAPACITY, '')) = '';"  # upstream 7050
)


def _nothing_but(kept: str) -> str:
    """What would be NULL is kept where it has that form."""
    return (
        "UPDATE memories SET CAPACITY = NULL WHERE CAPACITY IS NOT NULL"
        f" AND NOT ({_CLEAN} OR {_DECORATED} OR CAPACITY REGEXP '{kept}');"
    )


# Conversions without the right cleaning, each before the ALTER. What a server makes of the strings
# then: ocs-glpi 1.3.
_WITHOUT_CLEANING = {
    "zeroed": [_NOT_STRICT, _BLANKS_TO_NULL],
    "leading-kept": [_NOT_STRICT, _nothing_but("^[1-9][0-9]*( ?MB|[.,x])")],
    "clamped": [_NOT_STRICT, _nothing_but("^-?[0-9]+$")],
    "skipped": [_BLANKS_TO_NULL],
    "refused": [_BLANKS_TO_NULL],
}
# plain numbers of a machine whose inventory is days old in the sample data
_SOME = "WHERE HARDWARE_ID IN (8, 10) AND NUMSLOTS <= 3"
_OTHERS = "HARDWARE_ID, CAPTION, DESCRIPTION, CAPACITY, PURPOSE, TYPE, SPEED, NUMSLOTS"
# The right conversion, and something before or after it.
_MISHAPS: dict[str, tuple[list[str], list[str]]] = {
    "cleaned": ([], []),
    "bigint": ([], ["ALTER TABLE memories MODIFY CAPACITY BIGINT NULL DEFAULT NULL;"]),
    "altered": ([], [f"UPDATE memories SET CAPACITY = CAPACITY + 1 {_SOME};"]),
    "integers-lost": ([], [f"UPDATE memories SET CAPACITY = NULL {_SOME};"]),
    "rows-lost": ([], [f"DELETE FROM memories {_SOME};"]),
    "rows-added": (
        [],
        [f"INSERT INTO memories ({_OTHERS}) SELECT {_OTHERS} FROM memories {_SOME};"],
    ),
    "filled": (["UPDATE memories SET CAPACITY = '4096' WHERE CAPACITY IS NULL;"], []),
}
CONVERSIONS = (*_MISHAPS, *_WITHOUT_CLEANING)


def capacity_statements(decorated: str) -> list[str]:
    """The statements, for `nulled` or `kept`; each ends with a semicolon."""
    if decorated not in ("nulled", "kept"):
        raise ValueError(f"decorated integers can be nulled or kept, not {decorated!r}")
    keep = _CLEAN
    normalise: list[str] = []
    if decorated == "kept":
        keep = f"({_CLEAN} OR {_DECORATED})"
        normalise = [
            f"UPDATE memories SET CAPACITY = CAST(CAST({_BARE} AS DECIMAL(65,0)) AS CHAR)"
            f" WHERE CAPACITY IS NOT NULL AND NOT {_CLEAN};"
        ]
    return [
        f"UPDATE memories SET CAPACITY = NULL WHERE CAPACITY IS NOT NULL AND NOT {keep};",
        *normalise,
        _ALTER,
    ]


def conversion(how: str, decorated: str) -> list[str]:
    """The statements when the conversion goes as `how` says: `cleaned` is right, all others are
    ways of going wrong (setting `capacity_conversion`)."""
    right = capacity_statements(decorated)
    if how in _WITHOUT_CLEANING:
        return [*_WITHOUT_CLEANING[how], _ALTER]
    before, after = _MISHAPS[how]
    return [*before, *right, *after]


def upgrade(decorated: str, how: str = "cleaned") -> list[str]:
    """Do it, where it is not done yet; what was done, in words. Raises DatabaseError."""
    done = []
    if _capacity_type() != "int":
        sql = "\n".join(conversion(how, decorated))
        if how == "skipped":
            # as the console's updater does: a statement that fails is passed over (ocs-glpi 1.2)
            errors = database.execute_leniently(sql, DATABASE)
            done.append(f"memories.CAPACITY: {errors} statements ignored")
        else:
            database.execute(sql, DATABASE)
            done.append("memories.CAPACITY is an integer now")
    if _gui_version() < GUI_VERSION:
        done.append(_run_steps())
    return done


def _capacity_type() -> str:
    rows = database.query(
        "SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'ocsweb'"
        " AND TABLE_NAME = 'memories' AND COLUMN_NAME = 'CAPACITY';"
    )
    if not rows:
        raise database.DatabaseError("ocsweb.memories has no column CAPACITY")
    return rows[0][0]


def _gui_version() -> int:
    rows = database.query("SELECT TVALUE FROM config WHERE NAME = 'GUI_VERSION';", DATABASE)
    return int(rows[0][0]) if rows else 0


def _run_steps() -> str:
    steps = sorted(UPDATES.glob("70*.sql"))
    texts = [path.read_text(encoding="utf-8") for path in steps]
    # The console's own mode: it ignores errors of single statements (ocs-glpi 1.2).
    sql = "\n".join(["SET sql_mode='NO_ENGINE_SUBSTITUTION';", *texts])
    errors = database.execute_leniently(sql, DATABASE)
    database.execute(
        f"UPDATE config SET TVALUE = '{GUI_VERSION}' WHERE NAME = 'GUI_VERSION';", DATABASE
    )
    return f"{len(steps)} schema steps up to {GUI_VERSION}, {errors} statements ignored"
