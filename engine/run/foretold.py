"""What the rehearsal predicted beside what happens, told at the end of each step, as it happens.

It warns of what is of another kind. It never stops a run, before or behind the point of no return.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.judge.prediction import compare, deviation_finding, not_compared
from engine.judge.text import many
from engine.model.compared import Compared
from engine.model.ending import Mode
from engine.model.event import Event
from engine.model.groups import grouped
from engine.model.plan import PlannedStep
from engine.record.evidence import as_data
from engine.record.position import Position
from engine.record.run import Run
from engine.report.console import Console
from engine.report.evidence_files import ODD
from engine.report.predicted import DEVIATION, Beside, beside

_SHOWN = 5
"""Lines of one step on the console; the evidence has all."""
_MOST = 500
"""So many deviations are told one by one: it is another upgrade by then. The end has all."""


class Foretold:
    """The comparison of one run; without a prediction it does nothing."""

    def __init__(self, run: Run, console: Console) -> None:
        self._run = run
        self._console = console
        self._told: set[tuple[str, ...]] = set()
        self.has_first = False
        """Something has differed, in this run or one before it."""
        self._counts = False

    def begin(self, earlier: Iterable[Event], position: Position) -> None:
        """Take in the attempt's runs before this one; what they told is not told again.

        Of an attempt that is closed nothing is taken in: this run only looks, or begins another.
        """
        predicted = self._run.predicted
        try:
            for event in () if self._run.memory.closed else earlier:
                self._take_in(event)
        except ODD as error:
            text = f"what was predicted is not compared: an earlier run's event is odd ({error})"
            self._run.record("warning", step="", text=text)
            return
        self._counts = predicted is not None and position is not Position.CLOSED
        if predicted is None or not self._counts:
            return
        self._console.line(f"predicted by the rehearsal {predicted.run}; what differs is told")
        self.step_ended("")  # what an earlier run had no time for, or another prediction
        for text in not_compared(predicted.prediction, self._run.course.prediction)[:_SHOWN]:
            self._console.line(f"  not compared: {text}")

    def _take_in(self, event: Event) -> None:
        self._run.course.add(event)
        if event["event"] == DEVIATION:
            self._told.add(_key(event))
            self.has_first = self.has_first or bool(event.get("warns"))

    def step_ended(self, step: str) -> None:
        """What differs by now and was not told yet, on the console and on record.

        Empty: no step of this run has ended.
        """
        if not self._counts:
            return
        new = [one for one in self.compared() if one.differs and _of(one) not in self._told]
        new = new[: max(0, _MOST - len(self._told))]
        for one in new:
            self._record(step, one)
        warned = [one for one in new if one.warns]
        if not warned:
            return
        for name, those in grouped((one.step or step, one) for one in warned).items():
            for finding in self._run.judge.weigh([deviation_finding(name, those)]):
                self._run.record("finding", step=step, **as_data(finding))
        if self._run.mode is not Mode.PLAN:
            self._show(warned)
        self.has_first = True

    def planned(self, steps: Iterable[PlannedStep]) -> Beside | None:
        """The prediction beside a plan: what it found by now, and which steps act.

        Of a step behind the first change the plan shows what it would do now, on the nodes of now.
        So one that acts, and was predicted to, acts as predicted.
        """
        predicted, course = self._run.predicted, self._run.course
        if predicted is None or not self._counts:
            return None
        theirs = {passage.key: passage.acts for passage in predicted.prediction.passages}
        for step in steps:
            if step.changes:
                shown = (course.act(one.node, one.what, one.detached) for one in step.changes)
                key = course.places.apart(step.name)
                course.take(key, theirs.get(key) or shown)
        return beside(predicted.run, predicted.prediction, course)

    def compared(self) -> list[Compared]:
        """Everything, as far as it is known at this point."""
        assert self._run.predicted is not None
        course = self._run.course
        return compare(self._run.predicted.prediction, course.prediction, course.ended)

    def _record(self, step: str, one: Compared) -> None:
        self._told.add(_of(one))
        self._run.record(
            DEVIATION,
            step=step,
            of=one.step,
            kind=one.kind.value,
            how=one.how.value,
            place=one.place,
            node=self._run.course.places.nodes.get(one.place, ""),
            what=one.what,
            predicted=one.predicted,
            happened=one.happened,
            warns=one.warns,
        )

    def _show(self, warned: list[Compared]) -> None:
        head = "NOT AS PREDICTED" if self.has_first else "FIRST DEVIATION from the rehearsal"
        for number, one in enumerate(warned[:_SHOWN]):
            word = head if not number else "NOT AS PREDICTED"
            node = self._run.course.places.nodes.get(one.place, "")
            self._console.line(f"{word}: {one.sentence}{f' ({node})' if node else ''}", yellow=True)
        if len(warned) > _SHOWN:
            left = many(len(warned) - _SHOWN, "deviation")
            self._console.line(f"NOT AS PREDICTED: {left} more, see the evidence", yellow=True)


def _of(one: Compared) -> tuple[str, ...]:
    return one.kind.value, one.how.value, one.step, one.place, one.what, one.happened


def _key(event: Event) -> tuple[str, ...]:
    names: dict[str, Any] = dict(event)
    return tuple(
        str(names.get(name, "")) for name in ("kind", "how", "of", "place", "what", "happened")
    )
