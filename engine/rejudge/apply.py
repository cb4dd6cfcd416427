"""Actions driven again: each change has the result that the run recorded, nothing is sent."""

from __future__ import annotations

from engine.act.driving import Applied, Changes, driven, key_of
from engine.act.stops import NotDone, stopped
from engine.model.answer import Answer
from engine.model.change import Change, Outcome
from engine.model.event import Event
from engine.record.memory import ChangeRecord
from engine.record.run import Run, Stop
from engine.rejudge.answers import Diverged, NotRecorded, answer_of
from engine.rejudge.record import Record, fields_of


class Reapplier:
    """Stands where the applier stands in a run."""

    def __init__(self, run: Run, record: Record) -> None:
        self._run = run
        self._record = record

    def sync(self) -> None:
        """Nothing is handed to N."""

    def hand_over(self) -> None:
        """Nothing is handed to N at the end either."""

    def apply(self, step: str, action: Changes) -> Applied:
        """Drive one action to its end. Raises NotDone where the run's did, Diverged when it
        yields a change that the run did not make."""
        keys: list[str] = []

        def answer(change: Change) -> Answer:
            keys.append(key_of(self._run.memory, step, change, keys))
            return self._answer(step, keys[-1], change)

        return driven(action, answer)

    def _answer(self, step: str, key: str, change: Change) -> Answer:
        if not self._run.may_change:
            reason = self._run.stop.reason if self._run.stop else "the run only looked"
            raise NotDone(f"not done: {change.what}. No change is made any more after: {reason}")
        made = [event for event in self._record.of(step) if event.get("key") == key]
        intent = next((event for event in made if event["event"] == "intent"), None)
        if intent is None:
            return self._without_intent(step, change, self._run.memory.changes.get(key))
        if (intent["node"], intent["what"]) != (change.node, change.what):
            raise Diverged(f"another change: {change.what} on {change.node}")
        self._again(intent)
        result = next((event for event in made if event["event"] == "result"), None)
        if result is None:
            raise NotRecorded(f"how it ended: {change.what} on {change.node}")
        self._again(result)
        if result["outcome"] == Outcome.OK or (change.may_fail and result.get("code") is not None):
            return answer_of(result, self._record.directory)
        raise self._not_done(step, change)

    def _again(self, event: Event) -> None:
        self._record.come_to(event)
        self._run.record(event["event"], **fields_of(event))

    def _without_intent(self, step: str, change: Change, former: ChangeRecord | None) -> Answer:
        word = self._run.memory.settled.get(former.key, {}).get("word") if former else None
        if word == "done":
            return Answer(0, b"", b"", 0.0)  # a person's word, given in this run or before
        if self._record.stop_within(step) is not None:
            raise self._not_done(step, change)
        raise Diverged(f"a change that the run did not make: {change.what} on {change.node}")

    def _not_done(self, step: str, change: Change) -> NotDone:
        stop: Stop | None = self._record.stop_within(step)
        if stop is None:
            raise NotRecorded(f"why it was not done: {change.what} on {change.node}")
        return stopped(self._run, stop.ending, stop.reason, stop.what_to_do)
