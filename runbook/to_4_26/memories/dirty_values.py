"""The list of values of `ocsweb.memories.CAPACITY` that are no integers (guide row G05).

It has one row a value and may be as long as the table. So it is asked page by page: each page is a
statement of its own that holds nothing on the server when it has ended.

A page of five thousand rows with eleven columns each takes a client longer to take apart than a
server to find. So rows come together, some hundred of them in one text. What keeps a text from
being read back is seen, and that page comes row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import NamedTuple, TypeVar

from engine.ask.look import Look
from engine.model.query import Row, SqlQuery
from runbook.to_4_26.memories.capacity import (
    LISTED,
    CapacityClass,
    advice,
    agent_name,
    class_number_sql,
    class_of,
    not_clean_sql,
    numbers_of,
)
from runbook.to_4_26.names import OCS_DATABASE

PAGE = 5000
"""Rows of a page."""
HEAD = (
    *("agent", "machine id", "machine", "device id", "last inventory", "last contact"),
    *("slot", "caption", "value", "class", "row id", "advice"),
)


class DirtyValue(NamedTuple):
    """A value that is no integer, with the machine and the agent that sent it.

    `machine` is hardware.ID as memories names it; the fields of the machine are None for an
    orphan, a row whose machine is gone. Dates are texts.
    """

    row: int
    machine: int
    kind: CapacityClass
    value: str
    name: str | None = None
    deviceid: str | None = None
    useragent: str | None = None
    lastdate: str | None = None
    lastcome: str | None = None
    slot: int | None = None
    caption: str | None = None

    @property
    def is_orphan(self) -> bool:
        return self.deviceid is None


class RowByRow(NamedTuple):
    """In the place of a page that could not be read: what comes behind this row is asked so."""

    row: int


_COLUMNS = (
    *("m.ID", "m.HARDWARE_ID", "m.kind", "m.CAPACITY", "h.NAME", "h.DEVICEID", "h.USERAGENT"),
    *("h.LASTDATE", "h.LASTCOME", "m.NUMSLOTS", "m.CAPTION"),
)
"""As the fields of `DirtyValue`."""
_NULLABLE = _COLUMNS[4:]
_SEPARATOR, _NULL = "\x1f", "\x1e"
"""Where a text has one of them, there are more of them than there have to be."""
_LONGEST_CHARACTER = 4
"""Bytes, in utf8mb4."""
_TOGETHER = 1000
"""Numbers of rows that come in one text, a hundred kilobytes or two; group_concat_max_len is a
megabyte unless somebody has set it."""


def _page_sql(columns: str) -> str:
    """Rows of the listed classes behind one, joined with their machines.

    What costs something is worked out once a row, in the inner query, whose limit ends the scan.
    """
    return (
        f"SELECT {columns} FROM (SELECT * FROM (SELECT ID, HARDWARE_ID, NUMSLOTS, CAPTION,"
        f" CAPACITY, {class_number_sql()} AS kind FROM memories WHERE ID > %s"
        f" AND {not_clean_sql()}) c WHERE kind IN ({numbers_of(LISTED)}) ORDER BY ID LIMIT %s) m"
        " LEFT JOIN hardware h ON h.ID = m.HARDWARE_ID"
    )


def _packed_sql() -> str:
    # texts of columns with several character sets can't be joined but in one of them
    texts = [f"CONVERT({column} USING utf8mb4)" for column in _COLUMNS]
    texts[4:] = [f"COALESCE({text}, '{_NULL}')" for text in texts[4:]]
    row = f"CONCAT_WS('{_SEPARATOR}', {', '.join(texts)})"
    nulls = " + ".join(f"({column} IS NULL)" for column in _NULLABLE)
    columns = (
        f"COUNT(*) AS rows_count, SUM({nulls}) AS nulls, @@group_concat_max_len AS most,"
        f" GROUP_CONCAT({row} SEPARATOR '{_SEPARATOR}') AS packed"
    )
    return f"{_page_sql(columns)} GROUP BY m.ID DIV {_TOGETHER}"


_NAME = "values of memories.CAPACITY that are no integers"
_PACKED = _packed_sql()
_PLAIN = _page_sql(", ".join(f"{column} AS {column[2:].lower()}" for column in _COLUMNS))


def dirty_values(after: int = 0, limit: int = PAGE) -> SqlQuery[list[DirtyValue | RowByRow]]:
    """One page of the list, ordered by row: ask again with `after` = the last row of a full page.

    Orphans are listed, not dropped. `RowByRow` alone when the page can't be read back.
    """
    return SqlQuery(
        name=_NAME,
        database=OCS_DATABASE,
        sql=_PACKED,
        params=(after, limit),
        parse=lambda rows: _unpacked(rows, after),
        deadline=900.0,
    )


def dirty_rows(after: int = 0, limit: int = PAGE) -> SqlQuery[list[DirtyValue | RowByRow]]:
    """The same page row by row: it can always be read."""
    return SqlQuery(
        name=_NAME,
        database=OCS_DATABASE,
        sql=f"{_PLAIN} ORDER BY m.ID",
        params=(after, limit),
        parse=lambda rows: [_dirty_value(row) for row in rows],
        deadline=900.0,
    )


def _unpacked(rows: Iterable[Row], after: int) -> list[DirtyValue | RowByRow]:
    found: list[DirtyValue | RowByRow] = []
    for row in rows:
        values = _apart(row)
        if values is None:
            return [RowByRow(after)]
        found += values
    # the server puts together in any order
    found.sort(key=itemgetter(0))
    return found


def _apart(row: Row) -> list[DirtyValue] | None:
    """The rows of one text; None when it was cut, or has separators of its own."""
    packed, width = str(row["packed"]), len(_COLUMNS)
    cells = packed.split(_SEPARATOR)
    # no character is cut in half
    is_cut = len(packed.encode()) > int(row["most"]) - _LONGEST_CHARACTER
    is_unlike = len(cells) != width * int(row["rows_count"])
    if is_cut or is_unlike or packed.count(_NULL) != int(row["nulls"]):
        return None
    columns = [cells[place::width] for place in range(width)]
    ids, machines, kinds, texts, name, deviceid, useragent, lastdate, lastcome, slot, caption = (
        columns
    )
    fields = (
        map(int, ids),
        map(int, machines),
        _each(class_of, kinds),
        _each(str, texts),
        _nulled(name),
        _nulled(deviceid),
        _each(_text, useragent),
        _each(_date, lastdate),
        _each(_date, lastcome),
        _each(_number, slot),
        _each(_text, caption),
    )
    return list(map(_made, zip(*fields, strict=True)))


_made = partial(tuple.__new__, DirtyValue)
"""As `_make` of the type, without a call of Python for each row."""
T = TypeVar("T")


def _each(read: Callable[[str], T], column: Sequence[str]) -> Iterator[T]:
    """What is made of each cell; like ones are read once, and are one object."""
    known = {cell: read(cell) for cell in set(column)}
    return map(known.__getitem__, column)


def _nulled(column: Sequence[str]) -> Sequence[str | None]:
    return [_text(cell) for cell in column] if _NULL in column else column


def _text(cell: str) -> str | None:
    return None if cell == _NULL else cell


def _number(cell: str) -> int | None:
    return None if cell == _NULL else int(cell)


def _date(cell: str) -> str | None:
    """As Python writes it: without a fraction of a second that is zero."""
    if cell == _NULL:
        return None
    whole, _, fraction = cell.partition(".")
    return f"{whole}.{fraction:0<6}" if fraction.strip("0") else whole or None


def _dirty_value(row: Row) -> DirtyValue:
    return DirtyValue(
        row=int(row["id"]),
        machine=int(row["hardware_id"]),
        kind=class_of(row["kind"]),
        value=str(row["capacity"]),
        name=row["name"],
        deviceid=row["deviceid"],
        useragent=row["useragent"],
        lastdate=_moment(row["lastdate"]),
        lastcome=_moment(row["lastcome"]),
        slot=row["numslots"],
        caption=row["caption"],
    )


def _moment(value: datetime | str | None) -> str | None:
    return str(value) if value else None


def listed_values(look: Look) -> Iterator[DirtyValue]:
    """Every value of the listed classes, orphans too, in the order of the table."""

    def page(last: DirtyValue | RowByRow | None) -> SqlQuery[list[DirtyValue | RowByRow]]:
        if isinstance(last, RowByRow):
            return dirty_rows(after=last.row, limit=PAGE)
        return dirty_values(after=last.row if last else 0, limit=PAGE)

    for value in _a_page_ahead(look.sql_pages(page)):
        if isinstance(value, DirtyValue):
            yield value


def _a_page_ahead(rows: Iterator[T]) -> Iterator[T]:
    """The same; the next ones are asked for while the caller works on these."""
    pool = ThreadPoolExecutor(1)

    def next_rows() -> list[T]:
        return list(islice(rows, PAGE))

    try:
        coming = pool.submit(next_rows)
        while found := coming.result():
            coming = pool.submit(next_rows)
            yield from found
    finally:
        if isinstance(rows, Generator):  # the session ends, behind the page that is under way
            pool.submit(rows.close)
        pool.shutdown(wait=False)


def list_rows(values: Iterable[DirtyValue]) -> Iterator[tuple[str | int | None, ...]]:
    """The rows below `HEAD`: sorted, they stand together by agent and by machine."""
    for row, machine, kind, value, name, deviceid, agent, date, come, slot, caption in values:
        is_orphan = deviceid is None
        yield (
            agent_name(agent, orphan=is_orphan),
            machine,
            name,
            deviceid,
            date,
            come,
            slot,
            caption,
            value,
            kind.value,
            row,
            advice(kind, orphan=is_orphan),
        )
