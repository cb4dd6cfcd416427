"""What `ocsweb.memories.CAPACITY` loses: told before the upgrade (G05), counted after it (G07).

Before it is judged, once; what was lost in the end is shown, and nobody is asked for it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.model.finding import Finding
from engine.model.loss import Lost, NoLoss
from runbook.to_4_26.memories.capacity import (
    CAPACITY,
    LISTED,
    LOSING,
    CapacityClass,
    ClassCounts,
    is_blank,
)
from runbook.to_4_26.memories.capacity_after import Discrepancy
from runbook.to_4_26.memories.comparison import DecoratedOutcome
from runbook.to_4_26.names import LOSS_PERCENT

TURNED_INTO_NULL = "values that are no integers, turned into NULL"
"""The loss that the upgrade brings with it, before and after it in the same words."""
BLANK = "blank (empty, or blanks alone), turned into NULL with nothing to lose"
_BESIDES = {
    "capacity-integer-lost": "integers, turned into NULL",
    "capacity-altered": "integers, turned into other ones",
    "memories-rows-lost": "rows, gone",
}
"""What is not to be lost at all, and blocks: accepted or not, it is gone."""
_LIST = (
    "The step's evidence names the list with machine and agent of each, and what to do for each"
    " agent version."
)


@dataclass(frozen=True)
class Limit:
    """How much may be lost without a person's word."""

    percent: int
    """Of all rows."""
    blocks: bool
    """In production; elsewhere it is told what would be."""

    def is_passed_by(self, lost: Lost) -> bool:
        return lost.count * 100 > self.percent * lost.total

    def rows_of(self, lost: Lost) -> int:
        """As many may be lost."""
        return self.percent * lost.total // 100

    def __str__(self) -> str:
        return f"runbook_{LOSS_PERCENT} = {self.percent}"


def before(counts: ClassCounts, limit: Limit, where: str = "") -> Lost:
    """The most that the upgrade takes; `where` is the list of the values.

    Decorated integers may survive: that shows afterwards only.
    """
    lost = Lost(CAPACITY, TURNED_INTO_NULL, counts.of(LISTED), counts.total, where)
    no_loss = (NoLoss(BLANK, counts.of({CapacityClass.BLANK}), is_changed=True), *_clean(counts))
    return replace(lost, limit=limit.rows_of(lost), no_loss=no_loss)


def _clean(counts: ClassCounts) -> tuple[NoLoss, ...]:
    """What the upgrade does nothing to."""
    return (
        NoLoss("NULL before the upgrade", counts.of({CapacityClass.NULL})),
        NoLoss("integers before the upgrade", counts.of({CapacityClass.INTEGER})),
    )


def findings_before(counts: ClassCounts, limit: Limit) -> list[Finding]:
    """A warning, or what blocks in production above the limit; never both."""
    lost = before(counts, limit)
    if not lost.count:
        return []
    blank = counts.of({CapacityClass.BLANK})
    besides = f", besides {blank} blank ones with nothing to lose" if blank else ""
    seen = f"{lost.share} values are no plain integers{besides} ({counts.sentence()})"
    is_passed = limit.is_passed_by(lost)
    if is_passed and limit.blocks:
        return [
            Finding(
                code="capacity-loss",
                subject=CAPACITY,
                observed=f"{seen}: the upgrade turns them into NULL",
                expected=f"at most {limit.rows_of(lost)} ({limit}), or somebody's word that they"
                " may be lost",
                remedy=f"{_LIST} Update those agents and wait for their inventories; or whoever"
                " answers for the data accepts the loss now: the upgrade has not begun, and it"
                " is not asked again after the upgrade. The table is backed up before.",
                guide=("G05",),
            )
        ]
    more = f"; more than {limit.rows_of(lost)} ({limit}): in production capacity-loss would block"
    return [
        Finding(
            code="capacity-dirty",
            subject=CAPACITY,
            observed=f"{seen}{more if is_passed else ''}",
            expected="integers only: the upgrade turns every other value into NULL",
            remedy=f"{_LIST} Update those agents, or accept the loss: the table is backed up before"
            " the upgrade.",
            guide=("G05",),
        )
    ]


def after(
    saved: ClassCounts, decorated: DecoratedOutcome, compared: Sequence[Discrepancy]
) -> tuple[Lost, ...]:
    """What the upgrade took, by the backup: `saved` are the classes of its values."""
    nulled = saved.of(LOSING) + decorated.nulled
    blank, unlike = blanks(saved, compared)
    no_loss = (
        NoLoss(BLANK, blank, is_changed=True),
        NoLoss("blank, and not NULL now: see the findings", unlike, is_changed=True),
        NoLoss("integers with something around them, plain now", decorated.kept, is_changed=True),
        *_clean(saved),
    )
    besides = [
        Lost(CAPACITY, what, sum(row.code == code for row in compared), saved.total)
        for code, what in _BESIDES.items()
    ]
    return (Lost(CAPACITY, TURNED_INTO_NULL, nulled, saved.total, no_loss=no_loss), *besides)


def blanks(saved: ClassCounts, compared: Sequence[Discrepancy]) -> tuple[int, int]:
    """How many blank values are NULL by now, and how many are not, as the comparison found."""
    unlike = sum(row.before is not None and is_blank(row.before) for row in compared)
    return saved.of({CapacityClass.BLANK}) - unlike, unlike
