"""The checks of ocsweb.memories as the phases call them: ask, judge, and say what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.ask.look import Look
from engine.errors import RunbookError
from engine.model.loss import Lost
from runbook.to_4_26.memories import capacity, capacity_after, comparison, loss, pairs
from runbook.to_4_26.memories.capacity import CapacityClass, ClassCounts, ColumnType
from runbook.to_4_26.memories.capacity_after import Discrepancy
from runbook.to_4_26.memories.comparison import Suspect
from runbook.to_4_26.memories.loss import Limit
from runbook.to_4_26.presence import Seen

SUSPECTS = 1000
"""Slots that are looked at row by row; when there are more, the findings say "at least"."""
SUSPECT_ROWS = 50_000
"""Rows of those slots together."""
NAMED = 10
"""Agents named in a sentence."""


@dataclass
class CapacityBefore(Seen):
    """What G05 says of the column; `is_listed`: there are values for the list."""

    column: ColumnType | None = None
    counts: ClassCounts | None = None
    """None: the column is no text, so nothing is to be lost any more."""

    @property
    def is_listed(self) -> bool:
        return self.counts is not None and bool(self.counts.of(capacity.LISTED))


def capacity_before(look: Look, limit: Limit) -> CapacityBefore:
    """Count the values by class, and by agent those that are no integers (G05); orphans too."""
    column = look.sql(capacity.column_type())
    if column is not ColumnType.TEXT:
        findings = capacity.column_findings_before(column)
        return CapacityBefore(findings, f"memories.CAPACITY is of type {column}", column=column)
    classified = look.sql(capacity.by_agent())
    # a part of the groups is no sum
    counts = classified.counts() if classified.is_whole else look.sql(capacity.COUNTS)
    groups = classified.groups
    named = list(capacity.updates_needed(groups).items())
    said = [f"{count} from {name}" for name, count in named[:NAMED]]
    said += [f"and {len(named) - NAMED} more agents, see the list"] if len(named) > NAMED else []
    if orphans := sum(g.rows for g in groups if g.is_orphan and g.kind in capacity.LISTED):
        said.append(f"and {orphans} that belong to no machine: nobody is followed up for them")
    return CapacityBefore(
        loss.findings_before(counts, limit),
        counts.sentence() + (f"; not integers: {', '.join(said)}" if said else ""),
        capacity.summary_lines(groups),
        column,
        counts,
    )


@dataclass
class MemoriesAfter(Seen):
    """What G07 says of the table; `lost`: what it does not have any more."""

    lost: tuple[Lost, ...] = ()


def memories_after(look: Look, began: datetime) -> MemoriesAfter:
    """Compare the table with its backup, restored beside it (G07)."""
    column = look.sql(capacity.column_type())
    findings = capacity_after.column_findings(column)
    if findings:
        return MemoriesAfter(findings, f"memories.CAPACITY is of type {column}")
    totals = look.sql(comparison.totals(began))
    suspects, complete = _suspects(look, began)
    compared: list[Discrepancy] = []
    if suspects:
        saved = look.sql(comparison.saved_rows(suspects))
        live = look.sql(comparison.live_rows(suspects))
        compared = list(capacity_after.compare_slots(suspects, saved, live))
    findings = capacity_after.findings_after(compared, totals, complete=complete)
    before = look.sql(comparison.SAVED_CLASSES)
    decorated = look.sql(comparison.DECORATED)
    lost = loss.after(before, decorated, compared)
    said = (
        f"the column is an integer; {totals.live} rows, {totals.saved} in the backup;"
        f" {before.of({CapacityClass.INTEGER})} integers compared;"
        f" {_nulled(before, decorated, loss.blanks(before, compared)[0])}"
    )
    if totals.rewritten_machines:
        said += f"; {totals.rewritten_machines} machines sent an inventory since, judged apart"
    return MemoriesAfter(findings, said, [str(row) for row in compared], lost)


def _nulled(before: ClassCounts, decorated: comparison.DecoratedOutcome, blank: int) -> str:
    """Of what the lost values are the sum, and what is NULL without a loss."""
    plain = before.of(capacity.LOSING)
    return (
        f"{plain + decorated.nulled} values lost, NULL by now: {plain} that are no integers, and"
        f" {decorated.nulled} of {decorated.total} integers with something around them;"
        f" {blank} blank ones are NULL by now as well, and had nothing to lose;"
        f" {before.of({CapacityClass.NULL})} were NULL before"
    )


def _questioned(look: Look, began: datetime) -> list[int] | None:
    """Machines whose rows are not pair by pair as they have to be.

    None: it can't be told, or they are too many to be named.
    """
    if not look.sql(pairs.IS_PAIRED):
        return None
    machines: set[int] = set()
    for asked in (pairs.questioned_saved, pairs.questioned_live):
        rows = look.sql(asked(began))
        if len(rows) >= pairs.MOST_QUESTIONED:
            return None
        machines.update(rows)
    return sorted(machines)


def _suspects_of_all(look: Look, began: datetime) -> list[Suspect]:
    """Slots that differ of every machine, part by part, until there are enough of them."""
    found: list[Suspect] = []
    above: int | None = None
    while True:
        upto = look.sql(comparison.part_of_machines(above, comparison.PART_ROWS))
        part = look.sql(comparison.suspects(began, SUSPECTS, above, upto))
        found += part
        if len(found) >= SUSPECTS or upto is None:
            return found
        above = upto


def _suspects(look: Look, began: datetime) -> tuple[list[Suspect], bool]:
    """Slots that differ, to be looked at row by row; False when there are more of them.

    The answer is bounded, however much is wrong.
    """
    machines = _questioned(look, began)
    found: list[Suspect] = []
    if machines is None:
        found = _suspects_of_all(look, began)
    elif machines:
        found = look.sql(comparison.suspects(began, SUSPECTS, only=machines))
    chosen, rows = [], 0
    for suspect in found[:SUSPECTS]:
        if rows + suspect.rows <= SUSPECT_ROWS:
            chosen.append(suspect)
            rows += suspect.rows
    if found and not chosen:
        raise RunbookError(
            f"machine {found[0].machine} has {found[0].rows} rows in slot {found[0].slot} of"
            " memories and its backup, and they differ; expected one row a slot. Too many to be"
            " compared one by one: look at that machine by hand"
        )
    return chosen, len(chosen) == len(found) < SUSPECTS
