"""The guide's rows: what is recorded for each, and how that adds up to a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.event import Event
from engine.model.steps import base_of, phase_of


class RowState(StrEnum):
    """States of a guide row, the weightiest first: of FAILED and OPEN the row is FAILED."""

    FAILED = "failed"
    OPEN = "open"
    FULFILLED = "fulfilled"
    NOT_NEEDED = "not needed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Row:
    """A row of the guide with its state, the steps that recorded something, and their words."""

    id: str
    duty: str
    state: RowState
    steps: tuple[str, ...]
    runs: tuple[str, ...]
    """Of each of these steps the run whose record counts."""
    reason: str
    missing: tuple[str, ...] = ()
    """Steps that serve the row and have recorded nothing for it yet."""


def rows_of(
    events: Iterable[Event], guide: Mapping[str, str], serving: Mapping[str, list[str]]
) -> list[Row]:
    """The state of every row, from the `row` events of the whole attempt.

    `serving` names the steps that serve a row. A row counts only when each of them has recorded
    an observation or a change made for it; of a fan-out one item is enough, because items
    depend on each other and on their findings anyway. One record that `settles` the row counts for
    all of them: what is to be done on a failure is done once.
    """
    latest: dict[str, dict[str, Event]] = {row: {} for row in guide}
    course = Course()
    for event in events:
        course.add(event)
        if event["event"] == "row":
            _take(latest.setdefault(event["row"], {}), event, is_late=course.is_past(event))
    return [_row(row, duty, latest[row], serving.get(row, [])) for row, duty in guide.items()]


_IDLE = (RowState.NOT_NEEDED, RowState.NOT_APPLICABLE)


@dataclass
class Course:
    """How far an attempt has come, by its events in their order."""

    _order: dict[str, int] = field(default_factory=dict)
    """Phase -> its place in the running order."""
    _reached: int = -1
    """The last phase that has changed something."""
    _closed: bool = False
    _to_come: int | None = None
    """The first phase that this run has left out: what it changes behind it is out of turn, as
    when a night ends."""

    def add(self, event: Event) -> None:
        kind = event["event"]
        if kind == "steps":
            phases = dict.fromkeys(phase_of(step["name"]) for step in event["steps"])
            self._order = {phase: place for place, phase in enumerate(phases)}
            self._to_come = None
        elif kind == "step-ended" and event["outcome"] == "not reached":
            place = self._place(event)
            self._to_come = place if self._to_come is None else min(self._to_come, place)
        elif kind == "intent":
            place = self._place(event)
            if self._to_come is not None:
                place = min(place, self._to_come)
            self._reached = max(self._reached, place)
        elif kind in ("attempt-opened", "attempt-closed"):
            self._closed = kind == "attempt-closed"

    def is_past(self, event: Event) -> bool:
        """A step's phase is over: one that comes later has changed the cluster, or all is done."""
        return self._closed or self._place(event) < self._reached

    def _place(self, event: Event) -> int:
        return self._order.get(phase_of(event.get("step", "")), 0)


def _take(of_row: dict[str, Event], event: Event, *, is_late: bool) -> None:
    before = of_row.get(event["step"])
    same_run = before is not None and before["run"] == event["run"]
    proved = before is not None and before["state"] == RowState.FULFILLED
    idle = event["state"] in _IDLE
    # the run that looked when it was due knows why there was nothing to do
    if before is not None and before["state"] in _IDLE and idle and is_late and not same_run:
        return
    again = event["state"] == RowState.FULFILLED and is_late and not same_run
    # a later run that sees a changed cluster, or has nothing to do, proves it no better
    if proved and (idle or again):
        return
    of_row[event["step"]] = _both(before, event) if before is not None and same_run else event


def _both(before: Event, event: Event) -> Event:
    """Two records of one step in one run: the weightier state, equal ones in both their words."""
    order = list(RowState)
    if {before["state"], event["state"]} == {RowState.NOT_NEEDED, RowState.NOT_APPLICABLE}:
        return event  # the other one says why there was nothing to do
    weightier, other = sorted((before, event), key=lambda e: order.index(RowState(e["state"])))
    if weightier["state"] != other["state"]:
        return weightier
    words = before.get("words", (before["reason"],))
    words = tuple(dict.fromkeys((*words, event["reason"])))
    return {**event, "reason": "; ".join(words), "words": words}


def _row(row: str, duty: str, of_row: Mapping[str, Event], serving: list[str]) -> Row:
    recorded = {base_of(event["step"]) for event in of_row.values()}
    missing = tuple(step for step in serving if step not in recorded)
    if any(event.get("settles") for event in of_row.values()):
        missing = ()
    state = next((s for s in RowState if any(e["state"] == s for e in of_row.values())), None)
    if state is None or (missing and state is not RowState.FAILED):
        return Row(row, duty, RowState.OPEN, (), (), f"not yet: {_listed(missing)}", missing)
    telling = [event for event in of_row.values() if event["state"] == state]
    reason = "; ".join(dict.fromkeys(event["reason"] for event in telling))
    steps, runs = (tuple(event[name] for event in telling) for name in ("step", "run"))
    return Row(row, duty, state, steps, runs, reason, missing)


def _listed(steps: tuple[str, ...]) -> str:
    return ", ".join(steps) or "no step serves this row"
