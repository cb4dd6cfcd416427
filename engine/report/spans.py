"""What lasted: from when to when; the runs of an attempt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from engine.judge.text import seconds_between
from engine.model.event import Event, moment


@dataclass(frozen=True)
class Span:
    """Something that lasted: what, and from when to when."""

    name: str
    begin: datetime
    end: datetime
    detail: str = ""
    outcome: str = ""
    """Of a run, and of the time after it: how it ended. Of a step: its own."""
    run: str = ""
    step: str = ""
    """The step in which it began; empty when it was none's, or is not on record."""
    is_most: bool = False
    """It ended at some time within: how long it lasted is not known, only the most."""

    @property
    def seconds(self) -> float:
        return max(0.0, (self.end - self.begin).total_seconds())

    @property
    def in_tenths(self) -> float:
        """Its seconds as lists have them, to the tenth."""
        return seconds_between(self.begin, self.end)


def runs_of(events: Sequence[Event]) -> list[Span]:
    """One span a run, oldest first; the detail is how it ended.

    It lasts to its last event: it still writes its records when its outcome is told.
    """
    spans = []
    for run, mine in groupby(events, key=lambda event: event["run"]):
        listed = list(mine)
        ended = [event for event in listed if event["event"] == "run-ended"]
        last = ended[-1] if ended else listed[-1]
        how = f"{last['outcome']}, exit code {last['exit_code']}" if ended else "without a word"
        outcome = str(last.get("outcome", "")) if ended else ""
        begin, end = moment(listed[0]), moment(listed[-1])
        spans.append(Span(str(run), begin, end, how, outcome, run=str(run)))
    return spans
