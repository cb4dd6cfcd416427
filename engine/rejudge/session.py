"""The session in which the steps of a recorded run are judged again. It reaches nobody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.ask.recognition import judge_strangers
from engine.model.event import Event
from engine.record.evidence import CHANGED
from engine.record.memory import Memory
from engine.record.run import Run, Stop
from engine.rejudge.answers import NotRecorded
from engine.rejudge.apply import Reapplier
from engine.rejudge.baseline import RecordedBaseline
from engine.rejudge.look import Nowhere, RecordedLook
from engine.rejudge.record import Record, fields_of
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
        self.look.baseline = RecordedBaseline(record) if opened else self._baseline

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
