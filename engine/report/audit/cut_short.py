"""What kept the attempt from ending in its first run: each run's end, each lost connection. Pure.

Of the last run its outcome tells that; here are the runs before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.judge.text import listed, shortened
from engine.model.event import Event, moment
from engine.model.groups import grouped
from engine.record.reach import CutOff, cut_offs_of
from engine.report.audit.runs import commands_of, steps_of
from engine.report.causes import causes_of
from engine.report.spans import Span, runs_of
from engine.report.words import length_in_words, to_the_second

_REASON = 300
"""Characters of a reason that are shown."""
_ENDED = {
    "stopped": "stopped for a person",
    "unknown": "stopped, as it was not known how a change had ended",
    "blocked": "blocked by findings",
    "failed": "failed",
    "interrupted": "interrupted",
    "locked": "ended, as another run held the cluster",
}


@dataclass(frozen=True)
class CutShort:
    """One interruption, as a sentence without its step."""

    number: int
    """Of the run, from 1."""
    run: str
    what: str
    step: str
    """In which it was; empty: in none, or not on record."""
    more: str
    """Why, and what was under way."""


def cut_short_of(change: Sequence[Event]) -> list[CutShort]:
    """In the order in which they were. `change` are the events of the change's own runs."""
    runs = runs_of(change)
    by_run = grouped((str(event["run"]), event) for event in change)
    lost = cut_offs_of(change)
    found = []
    for number, run in enumerate(runs, 1):
        found += [_lost(number, one) for one in lost if one.run == run.run]
        if number < len(runs):
            found += _end_of(number, run, by_run[run.run], change)
    return found


def _lost(number: int, one: CutOff) -> CutShort:
    least = "at least " if one.still else ""
    what = (
        f"the connection to {one.node} was lost at {to_the_second(one.begin)} for"
        f" {least}{length_in_words((one.end - one.begin).total_seconds())}"
    )
    return CutShort(number, one.run, what, one.step, shortened(one.why, _REASON))


def _end_of(
    number: int, run: Span, events: Sequence[Event], change: Sequence[Event]
) -> Iterator[CutShort]:
    at = to_the_second(run.end)
    if not run.outcome:
        under_way = _under_way(run, change)
        what = f"ended without a word (killed, power loss, or its disk was full) after {at}"
        more = f"under way: {listed(under_way)}" if under_way else ""
        yield CutShort(number, run.run, what, _step_at_the_end(events), more)
        return
    if run.outcome in _ENDED:
        told: Event = next((e for e in events if e["event"] == "stopped"), {})
        code = run.detail.partition(", ")[2]
        when = to_the_second(moment(told)) if told else at
        what = f"{_ENDED[run.outcome]}, {code}, at {when}"
        why = "; ".join(filter(None, [*causes_of(events), str(told.get("reason", ""))]))
        yield CutShort(number, run.run, what, str(told.get("step") or ""), shortened(why, _REASON))


def _under_way(run: Span, change: Sequence[Event]) -> list[str]:
    """Long commands that ran when the run's last event was written."""
    return [
        f"{one.name} on {node}"
        for node, spans in commands_of(change).items()
        for one in spans
        if one.begin <= run.end < one.end
    ]


def _step_at_the_end(events: Sequence[Event]) -> str:
    """The step that was begun and has no end on record."""
    last = [step for step in steps_of(events) if not step.outcome]
    return last[-1].name if last else ""
