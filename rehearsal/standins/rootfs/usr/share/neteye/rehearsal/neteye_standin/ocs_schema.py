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
        "ALTER TABLE memories CHANGE CAPACITY CAPACITY INT NULL DEFAULT NULL;",
    ]


def upgrade(decorated: str) -> list[str]:
    """Do it, where it is not done yet; what was done, in words. Raises DatabaseError."""
    done = []
    if _capacity_type() != "int":
        database.execute("\n".join(capacity_statements(decorated)), DATABASE)
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
