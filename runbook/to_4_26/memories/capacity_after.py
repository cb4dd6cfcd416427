"""Judging `ocsweb.memories` after the upgrade (guide row G07): each way it goes wrong by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.model.finding import Finding, Way
from runbook.to_4_26.memories.capacity import INT_MAX, INT_MIN, CapacityClass, ColumnType
from runbook.to_4_26.memories.comparison import SlotRow, Suspect, Totals

SUBJECT = "ocsweb.memories"
EXAMPLES = 10
"""Rows named in a finding; the evidence has all of them."""

_ASK_SUPPORT = (
    "Do not go on: call service and support with the report; the table as it was before lies in"
    " the backup."
)

# code -> (what happened, what was expected)
_PROBLEMS = {
    "capacity-zeroed": ("values that were no integers became 0", "NULL"),
    "capacity-not-null": ("values that were no integers are a number now", "NULL"),
    "capacity-clamped": ("numbers out of range were clamped to the end of the range", "NULL"),
    "capacity-integer-lost": ("integers became NULL", "the same integer"),
    "capacity-altered": ("integers have another value now", "the same integer"),
    "capacity-filled": ("values that were NULL are a number now", "NULL"),
    "memories-rows-lost": ("rows are gone", "every row of the backup"),
    "memories-rows-added": ("there are rows the backup does not have", "the rows of the backup"),
    "memories-machine-gone": (
        "rows are gone together with their machine (deleted by somebody, or merged as a duplicate)",
        "every row of the backup",
    ),
}


@dataclass(frozen=True)
class Discrepancy:
    """One row that is not as it has to be; `before` is the text in the backup."""

    code: str
    machine: int
    slot: int | None
    before: str | None
    now: str | None

    def __str__(self) -> str:
        place = f"machine {self.machine}, slot {self.slot}"
        if self.code in ("memories-rows-lost", "memories-machine-gone"):
            return f"{place}: {self.before!r} gone"
        if self.code == "memories-rows-added":
            return f"{place}: {self.now!r} added"
        return f"{place}: {self.before!r} -> {self.now!r}"


def column_findings(column: ColumnType | None) -> list[Finding]:
    """The type, by information_schema and never by GUI_VERSION (ocs-glpi 1.2)."""
    if column is ColumnType.INTEGER:
        return []
    seen = {None: "there is no such column", ColumnType.TEXT: "the column is still text"}
    return [
        Finding(
            code="capacity-still-text" if column is ColumnType.TEXT else "capacity-column",
            subject=f"{SUBJECT}.CAPACITY",
            observed=seen.get(column, "the column is neither text nor an integer"),
            expected="an integer column",
            remedy="The conversion by neteye_secure_install did not happen or failed; look for it"
            f" in the log of the upgrade. {_ASK_SUPPORT}",
            guide=("G07",),
            way=Way.SUPPORT,
        )
    ]


_Key = tuple[int, int | None, str | None]


def _key(machine: int, slot: int | None, caption: str | None) -> _Key:
    # as the column's collation compares: case and trailing blanks do not count
    return machine, slot, None if caption is None else caption.casefold().rstrip(" ")


def compare_slots(
    suspects: Sequence[Suspect], saved: Iterable[SlotRow], live: Iterable[SlotRow]
) -> Iterator[Discrepancy]:
    """Pair the rows of every suspect slot and name each difference."""
    known = {_key(s.machine, s.slot, s.caption): s.machine_exists for s in suspects}
    before, now = _by_slot(saved, known), _by_slot(live, known)
    present = {row.machine for rows in now.values() for row in rows}
    for key, exists in known.items():
        gone = not exists and key[0] not in present
        yield from _compare_slot(key, before.get(key, []), now.get(key, []), gone)


def _by_slot(rows: Iterable[SlotRow], wanted: dict[_Key, bool]) -> dict[_Key, list[SlotRow]]:
    found: dict[_Key, list[SlotRow]] = {}
    for row in rows:
        key = _key(row.machine, row.slot, row.caption)
        if key in wanted:
            found.setdefault(key, []).append(row)
    return found


def _compare_slot(
    key: _Key, before: list[SlotRow], now: list[SlotRow], gone: bool
) -> Iterator[Discrepancy]:
    values = [None if row.value is None else int(row.value) for row in now]
    unmatched = []
    for row in before:
        if row.number in values:
            values.remove(row.number)
        elif row.kind is CapacityClass.DECORATED and None in values:
            values.remove(None)
        else:
            unmatched.append(row)
    shown = [None if value is None else str(value) for value in values]
    for row, value, said in zip(unmatched, values, shown, strict=False):
        yield Discrepancy(_wrong_value(row, value), *key[:2], row.value, said)
    for row in unmatched[len(values) :]:
        code = "memories-machine-gone" if gone else "memories-rows-lost"
        yield Discrepancy(code, *key[:2], row.value, None)
    for said in shown[len(unmatched) :]:
        yield Discrepancy("memories-rows-added", *key[:2], None, said)


def _wrong_value(row: SlotRow, value: int | None) -> str:
    if row.kind is CapacityClass.NULL:
        return "capacity-filled"
    if row.kind in (CapacityClass.INTEGER, CapacityClass.DECORATED):
        return "capacity-integer-lost" if value is None else "capacity-altered"
    if row.kind is CapacityClass.OUT_OF_RANGE and value in (INT_MIN, INT_MAX):
        return "capacity-clamped"
    return "capacity-zeroed" if value == 0 else "capacity-not-null"


def findings_after(
    compared: Sequence[Discrepancy], totals: Totals, *, complete: bool = True
) -> list[Finding]:
    """One finding for each way it went wrong. `complete` is false when the list was cut."""
    found = []
    for code, (observed, expected) in _PROBLEMS.items():
        rows = [d for d in compared if d.code == code]
        if not rows:
            continue
        some = "; ".join(str(row) for row in rows[:EXAMPLES])
        more = f" and {len(rows) - EXAMPLES} more" if len(rows) > EXAMPLES else ""
        at_least = "" if complete else "at least "
        found.append(_wrong(code, f"{at_least}{len(rows)}: {observed} ({some}{more})", expected))
    if not found and totals.live < totals.saved and not totals.rewritten_machines:
        # the slots agree, so this can only be a fault of the comparison itself: never silent
        seen = f"{totals.live} rows, the backup has {totals.saved}"
        found.append(_wrong("memories-rows-lost", seen, "every row of the backup"))
    return found


def _wrong(code: str, observed: str, expected: str) -> Finding:
    return Finding(
        code=code,
        subject=SUBJECT,
        observed=observed,
        expected=expected,
        remedy=_ASK_SUPPORT,
        guide=("G07",),
        way=Way.SUPPORT,
    )
