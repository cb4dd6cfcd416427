"""What a change takes from somebody's data, as data; no product is named."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LossState(StrEnum):
    """When it was counted."""

    EXPECTED = "expected"
    """Before the change: that many would be lost."""
    OBSERVED = "observed"
    """After it: that many are lost."""


@dataclass(frozen=True)
class NoLoss:
    """Others of the values that were counted: they are no loss, and without them no sum adds up."""

    what: str
    count: int
    is_changed: bool = False
    """The change makes something else of them all the same: there was nothing to lose."""


@dataclass(frozen=True)
class Lost:
    """One count of a loss.

    `of`: what loses something, such as a table's column. `what`: which of its values, in words
    that are the same before and after. `where`: the list of them, relative to the run's directory;
    empty when there is none. `limit`: so many may be lost without a person's word; None: any.
    `no_loss`: all others of `total`, or nothing where they are not told.
    """

    of: str
    what: str
    count: int
    total: int
    where: str = ""
    limit: int | None = None
    no_loss: tuple[NoLoss, ...] = ()

    @property
    def share(self) -> str:
        return share(self.count, self.total)


def share(count: int, total: int) -> str:
    """What is more than nothing is never told as nothing.

    >>> share(62, 3200), share(1, 1_000_000)
    ('62 of 3200 (1.9 %)', '1 of 1000000 (less than 0.1 %)')
    """
    part = 100 * count / total if total else 0.0
    told = "less than 0.1 %" if 0 < part < 0.1 else f"{part:.1f} %"
    return f"{count} of {total} ({told})"
