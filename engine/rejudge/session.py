"""The session in which the steps of a recorded run are judged again. It reaches nobody.

Actions are driven again: each change has the result that the run recorded, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.act.driving import Applied, Changes, driven, key_of
from engine.act.stops import NotDone, stopped
from engine.ask.recognition import judge_strangers
from engine.attempt.baseline import as_renewed
from engine.judge.ways import CHANGED
from engine.model.answer import Answer
from engine.model.change import Change, Outcome
from engine.model.ending import Stop
from engine.model.event import Event
from engine.record.memory import ChangeRecord, Memory
from engine.record.run import Run
from engine.rejudge.look import Nowhere, RecordedBaseline, RecordedLook
from engine.rejudge.record import Record, fields_of
from engine.report.answers import Diverged, NotRecorded, answer_of
from engine.report.console import Console
from engine.run.session import Session
from engine.run.survey import refresh_records, survey
from engine.run.takeover import judge_position, judge_records
from engine.secrets import Secret


class JudgingSession(Session):
    """What fixtures and hooks work with when the answers come from a record.

    There is no transport, no lock and no writer; each step begins with what was on record then.
    """

    def __init__(self, run: Run, record: Record, console: Console) -> None:
        super().__init__(run, Nowhere(), console)
        self.record = record

    def begin(self) -> None:
        """The first look, from its recorded answers; no step is run when that stopped the run."""
        run, record = self.run, self.record
        record.go_to("")
        look = RecordedLook(run, record)
        self.look, self.survey = look, survey(run, look)
        judge_strangers(run, self.survey.strangers, self.survey.sent)
        if run.follows is not None:
            self.opening.stand_apart(run.follows, self.look, self.survey)
            return
        if any(event["event"] == "lock-taken" for event in record.own):
            refresh_records(run, look, self.survey)
            judge_strangers(run, self.survey.strangers, self.survey.sent)
        if run.mode.changes:
            self._applier = Reapplier(run, record)
        judge_records(run, look, self.survey)
        judge_position(run, look, self.survey)
        self._attempt, self._baseline = run.attempt, look.baseline

    def go_to(self, step: str) -> None:
        """Begin the step as it began in the run, whatever the steps before came to this time."""
        run, record = self.run, self.record
        record.go_to(step)
        run.memory = Memory.fold([*self.survey.earlier, *record.before(step)])
        run.stop = record.stop_before(step)
        run.changes_made = sum(event["event"] == "intent" for event in record.before(step))
        for event in record.findings(step):
            if event["code"] == CHANGED:  # in the run the transport told it; here is none
                run.record("finding", **fields_of(event))
        if run.follows is not None:
            return
        opened = record.attempt_before(step)
        run.attempt = opened or self._attempt
        found = RecordedBaseline(record) if opened else self._baseline
        # what the run itself had renewed by then
        self.look.baseline = None if found is None else as_renewed(found, run.memory.facts)

    def open_attempt(self, baseline: Mapping[str, object], key: Secret | None = None) -> None:
        """The run has opened it."""
        self.run.attempt = self.run.run_id
        self.look.baseline = baseline

    def fetch(self, node: str, argv: tuple[str, ...], name: str, deadline: float) -> Path:
        """What the run fetched lies beside its journal."""
        path = self.record.directory / "backups" / name
        if not path.is_file():
            raise NotRecorded(f"backups/{name} is not in the run's directory")
        return path

    def watch_standby(self) -> None:
        """Nothing to watch: who entered and left standby is on record."""

    def attempt_events(self) -> list[Event]:
        return [*self.survey.earlier, *self.record.before(self.run.step)]

    def _announce(self, stop: Stop) -> None:
        """Nobody is told: it was long ago."""


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
            self._hear_of(made)
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

    def _hear_of(self, made: Iterable[Event]) -> None:
        """What the run learned of an earlier one's change: a person's word, or that its trace is
        lost."""
        for event in made:
            if event["event"] == "result":
                self._again(event)

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
