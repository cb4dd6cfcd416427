"""Machines whose rows of `ocsweb.memories` are not pair by pair as the backup says.

Nearly all rows of a right conversion are: what is compared slot by slot afterwards is the rest.
"""

from __future__ import annotations

from datetime import datetime

from engine.model.query import Row, SqlQuery
from runbook.to_4_26.memories.capacity import class_sql, number_sql
from runbook.to_4_26.memories.comparison import LIVE, REWRITE_MARGIN, SAVED
from runbook.to_4_26.names import OCS_DATABASE, SCRATCH_DATABASE

MOST_QUESTIONED = 1000
"""Rows that each of the two looks at pairs answers at most; where there are more, it is no help."""


def _paired(rows: list[Row]) -> bool:
    return {str(row["place"]) for row in rows} == {OCS_DATABASE, SCRATCH_DATABASE}


IS_PAIRED: SqlQuery[bool] = SqlQuery(
    name="whether a row has at most one partner in the backup",
    database="information_schema",
    sql="SELECT TABLE_SCHEMA AS place FROM STATISTICS WHERE TABLE_SCHEMA IN (%s, %s)"
    " AND TABLE_NAME = 'memories' AND NON_UNIQUE = 0 GROUP BY TABLE_SCHEMA, INDEX_NAME"
    " HAVING SUM(COLUMN_NAME NOT IN ('ID', 'HARDWARE_ID')) = 0",
    params=(OCS_DATABASE, SCRATCH_DATABASE),
    parse=_paired,
)
"""Both tables have a key over ID, or over ID and HARDWARE_ID: else a second row would go unseen."""


def questioned_saved(since: datetime, limit: int = MOST_QUESTIONED) -> SqlQuery[list[int]]:
    """Machines of rows in the backup whose very row is not as it has to be, or not there any more.

    A pair is a row of each side with one ID in one slot of one machine, and a row is in one pair at
    most (`IS_PAIRED`). A pair with a right value is one member of both multisets, and those of a
    machine that neither this names nor `questioned_live` consist of such pairs: it is as it has to
    be. Nothing is hashed, so nothing can collide. IDs prove nothing here: where they changed,
    machines are named that are all right, and `comparison.suspects` judges them.

    One pass in the order of both tables, which keeps nothing on the server.
    """
    kind, number = class_sql("s.CAPACITY"), number_sql("s.CAPACITY", decorated=True)
    # what is an integer already, or NULL, needs no second look at the digits
    right = (
        "CASE WHEN BINARY s.CAPACITY = CAST(m.CAPACITY AS CHAR) THEN 1"
        f" WHEN m.CAPACITY IS NULL THEN {kind} <> 'integer' ELSE {number} <=> m.CAPACITY END"
    )
    return SqlQuery(
        name="machines with a row that is not that of the backup",
        database=OCS_DATABASE,
        sql=f"SELECT s.HARDWARE_ID AS machine FROM {SAVED} s LEFT JOIN {LIVE} m ON m.ID = s.ID"
        " AND m.HARDWARE_ID = s.HARDWARE_ID AND m.NUMSLOTS <=> s.NUMSLOTS"
        " AND m.CAPTION <=> s.CAPTION LEFT JOIN hardware h ON h.ID = s.HARDWARE_ID"
        f" WHERE (m.ID IS NULL OR NOT {right}) AND (h.LASTDATE IS NULL OR h.LASTDATE < %s)"
        " LIMIT %s",
        params=(since - REWRITE_MARGIN, limit),
        parse=_machines,
        deadline=3600.0,
    )


def questioned_live(since: datetime, limit: int = MOST_QUESTIONED) -> SqlQuery[list[int]]:
    """Machines of rows in the table that the backup does not have under this ID and machine.

    A row that it has there is told by `questioned_saved`, whatever slot it is in.
    """
    return SqlQuery(
        name="machines with a row that the backup does not have",
        database=OCS_DATABASE,
        sql=f"SELECT m.HARDWARE_ID AS machine FROM {LIVE} m LEFT JOIN {SAVED} s ON s.ID = m.ID"
        " AND s.HARDWARE_ID = m.HARDWARE_ID LEFT JOIN hardware h ON h.ID = m.HARDWARE_ID"
        " WHERE s.ID IS NULL AND (h.LASTDATE IS NULL OR h.LASTDATE < %s) LIMIT %s",
        params=(since - REWRITE_MARGIN, limit),
        parse=_machines,
        deadline=3600.0,
    )


def _machines(rows: list[Row]) -> list[int]:
    return [int(row["machine"]) for row in rows]
