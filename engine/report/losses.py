"""What was lost, or would be: from the events `loss` of the attempt's runs alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.model.event import Event
from engine.model.loss import LossState, NoLoss, share

LOSS = "loss"


@dataclass(frozen=True)
class Loss:
    """A loss as it was counted last: after the change, or before it while nobody has looked yet."""

    what: str
    of: str
    count: int
    total: int
    where: str
    """The list, relative to the run's directory; empty when there is none."""
    state: LossState
    expected: int | None = None
    """Of an observed one: how many were counted before the change; None: nobody counted."""
    limit: int | None = None
    """So many may be lost without a person's word, as counted before the change; None: any."""
    no_loss: tuple[NoLoss, ...] = ()
    """The others of `total`; none where they were not told."""

    @property
    def is_observed(self) -> bool:
        return self.state is LossState.OBSERVED

    @property
    def share(self) -> str:
        """`62 of 3200 (1.9 %)`."""
        return share(self.count, self.total)

    @property
    def is_above_limit(self) -> bool:
        return self.limit is not None and self.count > self.limit

    @property
    def spared(self) -> int:
        """So many of those that were counted before the change are there all the same."""
        return max(0, (self.expected or 0) - self.count)

    def sentence(self) -> str:
        """For a line of the console: what became of how much, and where the list is."""
        word = "lost" if self.is_observed else "would be lost"
        before = (
            f"; counted before the change: {self.expected}" if self.expected is not None else ""
        )
        besides = f"; changed as well: {self.changed}" if self.changed else ""
        where = f"; the list: {self.where}" if self.where else ""
        return f"{word}: {self.of}: {self.share} {self.what}{before}{besides}{where}"

    @property
    def changed(self) -> str:
        """What the change makes something else of without a loss; empty when it is nothing."""
        return _amounts(one for one in self.no_loss if one.is_changed)

    def account(self) -> str:
        """What became of all values that were counted: the numbers add up to the total."""
        changed = self.count + sum(one.count for one in self.no_loss if one.is_changed)
        verb, lost = ("were", "lost") if self.is_observed else ("would be", "lost at most")
        said = "; ".join(filter(None, [f"{self.count} {lost}", self.changed]))
        rest = _amounts(one for one in self.no_loss if not one.is_changed)
        others = f". The others: {rest}" if rest else ""
        return f"{changed} of {self.total} {verb} changed: {said}{others}"

    def as_data(self) -> dict[str, Any]:
        """As summary.json has it."""
        data = {**asdict(self), "state": self.state.value}
        return data | {"no_loss": [asdict(one) for one in self.no_loss]}


def losses_of(events: Iterable[Event]) -> list[Loss]:
    """Losses in the order in which they were first told; without those that came to nothing.

    `events` are those of the attempt's runs, in order. What a later run counts takes the place of
    what an earlier one has counted of the same thing and in the same state. A count after the
    change takes the place of those before it, and keeps the place of their list.
    """
    return [one for one in counts_of(events) if one.count]


def counts_of(events: Iterable[Event]) -> list[Loss]:
    """The same with those that came to nothing: what was counted at all."""
    told: dict[str, dict[LossState, list[Event]]] = {}
    for event in events:
        if event["event"] != LOSS:
            continue
        states = told.setdefault(str(event["of"]), {})
        counted = states.setdefault(LossState(event["state"]), [])
        if counted and counted[0]["run"] != event["run"]:
            counted.clear()
        counted.append(event)
    return [loss for states in told.values() for loss in _of_one(states)]


def _of_one(states: dict[LossState, list[Event]]) -> Iterable[Loss]:
    before = {str(event["what"]): event for event in states.get(LossState.EXPECTED, ())}
    after = {str(event["what"]): event for event in states.get(LossState.OBSERVED, ())}
    for what, event in (after or before).items():
        earlier = before.get(what) if after else None
        yield Loss(
            what=what,
            of=str(event["of"]),
            count=int(event["count"]),
            total=int(event["total"]),
            where=str(event["where"] or (earlier or event)["where"]),
            state=LossState(event["state"]),
            expected=int(earlier["count"]) if earlier is not None else None,
            limit=(earlier or event).get("limit"),
            no_loss=_no_loss(event),
        )


def _no_loss(data: Mapping[str, Any]) -> tuple[NoLoss, ...]:
    """Older journals do not tell them."""
    return tuple(NoLoss(**one) for one in data.get("no_loss", ()))


def _amounts(counts: Iterable[NoLoss]) -> str:
    return "; ".join(f"{one.count} {one.what}" for one in counts if one.count)


def loss_of(data: Mapping[str, Any]) -> Loss:
    """From the form of summary.json."""
    return Loss(**{**data, "state": LossState(data["state"]), "no_loss": _no_loss(data)})


def loss_lines(losses: Iterable[Mapping[str, Any]]) -> list[str]:
    """The lines of the console, from summary.json's form; none when nothing is lost."""
    return [loss_of(one).sentence() for one in losses]
