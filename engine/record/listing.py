"""A long list of the evidence as a CSV file: any number of rows in constant memory.

Its cells hold what others wrote. Nothing in them acts where the file is opened: no control
character reaches a terminal, and no cell is a formula for a spreadsheet.
"""

from __future__ import annotations

import itertools
import marshal
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

Cell = str | int | None
Cells = Sequence[Cell]
"""A row. A text or number of a type of its own, such as a StrEnum, counts as a plain one."""

SORTED_AT_ONCE = 20_000
"""Rows that are sorted in memory; more lie in files without a name until they are merged."""
_MOST_FILES = 100
_TOGETHER = 200
"""Rows that are looked at and written together."""

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20'")
"""A text that begins so gets an apostrophe before it; so does one with an apostrophe of its own."""
_NEEDS_A_LOOK = _FORMULA | {" "}
"""What may begin a text that gets one: no other blank can be printed."""


def safe(cell: Cell) -> Cell:
    """A cell as it is written. Numbers stay; a text can be read back unambiguously.

    What can't be printed, and a backslash, is escaped as in Python's literals.
    """
    if cell is None or isinstance(cell, int):
        return cell
    shown = cell
    if not cell.isprintable() or "\\" in cell:
        shown = "".join(map(_shown, cell))
    return f"'{shown}" if shown.lstrip()[:1] in _FORMULA and shown.strip() else shown


def _shown(char: str) -> str:
    if char.isprintable() and char != "\\":
        return char
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def lines(
    head: Cells,
    rows: Iterable[Cells],
    clean: Callable[[str], str],
    is_clean: Callable[[str], bool] = lambda _: False,
) -> Iterator[bytes]:
    """The file's lines, one or several at a time.

    `clean` masks secrets; it sees a row's cells one a line. `is_clean` says of any cells, one a
    line, that it would leave each of them as it is, whatever stands beside it: that is quick.
    """
    whole = itertools.chain((head,), rows)
    while some := list(itertools.islice(whole, _TOGETHER)):
        yield _written(_columns(some, clean, is_clean)).encode()


class _Column(NamedTuple):
    cells: Sequence[Cell]
    distinct: set[Cell]

    @property
    def texts(self) -> list[str]:
        return [cell for cell in self.distinct if isinstance(cell, str)]


def _columns(
    rows: Sequence[Cells], clean: Callable[[str], str], is_clean: Callable[[str], bool]
) -> list[_Column]:
    """The columns of these rows, safe and masked."""
    columns = [_safe_column(column) for column in zip(*rows, strict=True)]
    if is_clean("\n".join("\n".join(column.texts) for column in columns)):
        return columns
    safe_rows = zip(*(column.cells for column in columns), strict=True)
    masked = zip(*(_masked(cells, clean) for cells in safe_rows), strict=True)
    return [_Column(cells, set(cells)) for cells in masked]


def _safe_column(cells: Sequence[Cell]) -> _Column:
    """As `safe` of each; cells that are alike are looked at once, and together if that will do."""
    column = _Column(cells, set(cells))
    texts = column.texts
    together = "".join(texts)
    if (
        together.isprintable()
        and "\\" not in together
        and {text[:1] for text in texts}.isdisjoint(_NEEDS_A_LOOK)
    ):
        return column
    shown = {text: safe(text) for text in texts}
    looked_at = [shown.get(cell, cell) if isinstance(cell, str) else cell for cell in cells]
    return _Column(looked_at, set(looked_at))


def _masked(cells: Cells, clean: Callable[[str], str]) -> Cells:
    texts = clean("\n".join(str(cell) for cell in cells)).split("\n")
    pairs = zip(cells, texts, strict=True)
    return [text if isinstance(cell, str) else cell for cell, text in pairs]


def _written(columns: Sequence[_Column]) -> str:
    """Lines of CSV as the module csv writes them where all but numbers is quoted, much quicker."""
    fields, places = [], []
    for column in columns:
        texts = column.texts
        is_bare = len(texts) in (0, len(column.distinct)) and None not in column.distinct
        is_bare = is_bare and '"' not in "".join(texts)
        fields.append(column.cells if is_bare else [_field(cell) for cell in column.cells])
        places.append('"%s"' if is_bare and texts else "%s")
    line = f"{','.join(places)}\n"
    return "".join([line % row for row in zip(*fields, strict=True)])


def _field(cell: Cell) -> str:
    if isinstance(cell, int):
        return str(cell)
    return f'"{(cell or "").replace(chr(34), chr(34) * 2)}"'


def in_order(
    rows: Iterable[Cells], directory: Path, at_once: int = SORTED_AT_ONCE
) -> Iterator[Cells]:
    """The rows sorted, cell by cell; None comes first. `directory` takes what does not fit.

    A column has values of one type, besides None.
    """
    whole = map(tuple, rows)
    # what is read of all files is as much as is sorted at once
    block = max(1, at_once // _MOST_FILES)
    parts: list[IO[bytes]] = []
    merged: list[IO[bytes]] = []
    try:
        while part := list(itertools.islice(whole, at_once)):
            parts.append(_kept([_sorted(part)], directory, block))
            if len(parts) == _MOST_FILES:
                merged.append(_kept(_merged(parts), directory, block))
                _close(parts)
        for some in _merged(merged + parts):
            yield from some
    finally:
        _close(merged)
        _close(parts)


_Row = tuple[Cell, ...]


def _key(row: Cells) -> list[tuple[bool, Cell]]:
    return [(cell is not None, cell) for cell in row]


# Rows compare as their keys do, much quicker, but where None meets a value: there they can't.


def _sorted(rows: list[_Row]) -> list[_Row]:
    try:
        rows.sort()
    except TypeError:
        rows.sort(key=_key)
    return rows


def _least(rows: list[_Row]) -> _Row:
    try:
        return min(rows)
    except TypeError:
        return min(rows, key=_key)


def _up_to(rows: list[_Row], bound: _Row) -> int:
    """How many of the sorted rows are not above the bound."""
    try:
        return bisect_right(rows, bound)
    except TypeError:
        return bisect_right(rows, _key(bound), key=_key)


def _kept(sorted_rows: Iterable[list[_Row]], directory: Path, block: int) -> IO[bytes]:
    """The rows in a file that has no name: a run that is killed leaves nothing of it."""
    file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115
    for rows in sorted_rows:
        for first in range(0, len(rows), block):
            written = _packed(rows[first : first + block])
            file.write(len(written).to_bytes(4))
            file.write(written)
    file.seek(0)
    return file


def _packed(rows: list[_Row]) -> bytes:
    try:
        return marshal.dumps(rows)
    except ValueError:  # marshal takes no type but the plain ones
        return marshal.dumps([tuple(map(_plain, row)) for row in rows])


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return str(cell)
    return cell if cell is None else int(cell)


def _read(file: IO[bytes]) -> list[_Row]:
    """The next rows of a file of our own; none at its end."""
    size = int.from_bytes(file.read(4))
    rows: list[_Row] = marshal.loads(file.read(size)) if size else []
    return rows


def _merged(files: Iterable[IO[bytes]]) -> Iterator[list[_Row]]:
    """All rows of sorted files, sorted, some at a time: all that are not above the first block
    that ends."""
    blocks = {file: block for file in files if (block := _read(file))}
    while blocks:
        bound = _least([block[-1] for block in blocks.values()])
        taken: list[_Row] = []
        for file, block in tuple(blocks.items()):
            upto = _up_to(block, bound)
            taken += block[:upto]
            blocks[file] = block[upto:] or _read(file)
            if not blocks[file]:
                del blocks[file]
        yield _sorted(taken)


def _close(files: list[IO[bytes]]) -> None:
    for file in files:
        file.close()
    files.clear()
