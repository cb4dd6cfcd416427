"""One thing that was predicted, or came, and how the one stands to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What is compared."""

    ROUND = "round"
    STOP = "stop"
    QUESTION = "question"
    FINDING = "finding"
    LOSS = "loss"
    CHANGE = "change"
    ORDER = "order"


WORDS = {kind: kind.value for kind in Kind} | {
    Kind.STOP: "planned stop",
    Kind.QUESTION: "question for a person",
}
"""Kind -> what people call it."""


class How(StrEnum):
    """How one thing came."""

    AS_PREDICTED = "as predicted"
    UNPREDICTED = "not predicted"
    NOT_COME = "did not come"
    ANOTHER_NUMBER = "another number"
    ELSEWHERE = "at another place"
    OUT_OF_ORDER = "out of order"
    TO_COME = "still to come"


_COURSE = (Kind.ROUND, Kind.STOP, Kind.CHANGE)
"""Kinds without which an upgrade goes another way. A finding that does not come is no harm."""


@dataclass(frozen=True)
class Compared:
    """One thing as it was predicted, and as it is by now."""

    kind: Kind
    how: How
    step: str
    place: str
    what: str
    predicted: str = ""
    """Of amounts the number, of what came at another place that was predicted."""
    happened: str = ""
    is_explained: bool = field(default=False, kw_only=True)
    """At another place, and why is known: N is another node, or a service runs elsewhere."""

    @property
    def differs(self) -> bool:
        return self.how not in (How.AS_PREDICTED, How.TO_COME)

    @property
    def warns(self) -> bool:
        """It is of another kind than predicted, not another amount or a finding less."""
        if self.how is How.NOT_COME:
            return self.kind in _COURSE
        if self.how is How.ANOTHER_NUMBER and self.kind in (Kind.FINDING, Kind.QUESTION):
            return int(self.happened) > int(self.predicted)
        if self.how is How.ELSEWHERE:
            return not self.is_explained
        return self.how in (How.UNPREDICTED, How.OUT_OF_ORDER)

    @property
    def sentence(self) -> str:
        """`upgrade.stop[1]: planned stop not predicted: /etc/x.rpmnew on operative 2`."""
        where = f" on {self.place}" if self.place else ""
        numbers = ""
        if self.how is How.ANOTHER_NUMBER:
            numbers = f" (predicted {self.predicted}, came {self.happened})"
        if self.how is How.ELSEWHERE:
            numbers = f" (predicted on {self.predicted})"
        step = f"{self.step}: " if self.step else ""
        return f"{step}{WORDS[self.kind]} {self.how.value}: {self.what}{where}{numbers}"
