"""A pytest plugin that runs the steps which a recorded run began, each on its own answers."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RunbookError, UsageError
from engine.model.ending import Mode
from engine.model.event import Event
from engine.record.material import runbook_hash
from engine.record.run import Run
from engine.rejudge import compare
from engine.rejudge.compare import State, StepAgain, Told, step_again
from engine.rejudge.record import FIRST_LOOK, Record
from engine.rejudge.session import JudgingSession
from engine.rejudge.start import run_again
from engine.report.answers import Diverged, NotRecorded
from engine.report.console import Console
from engine.report.evidence_files import ODD
from engine.run import version_step
from engine.run.session import ITEM, JUDGED, RUN, SESSION
from engine.verify import Wrong


class Judging:
    """Registered beside the runbook's own plugin, which then neither begins nor ends a run."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.steps: list[StepAgain] = []
        self.unknown: list[str] = []
        self.position = ""
        """Where the upgrade stood; empty: it can't be judged again."""
        self.runbook = ""
        """Hash of its sources, those of the version step included."""
        self.problem: Exception | None = None
        """Why nothing could be judged."""
        self._run: Run
        self._session: JudgingSession
        self._ended: dict[str, NotRecorded] = {}
        """Step -> why its body ended before its end."""
        self._scratch = tempfile.TemporaryDirectory(prefix="nr-judge-")

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> None:
        early_config.stash[JUDGED] = True

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        try:
            release = version_step.release_of(config)
            self._run = run_again(self.record, release, Path(self._scratch.name))
        except UsageError as error:
            self.problem = error
            raise pytest.UsageError(str(error)) from None
        config.stash[RUN] = self._run
        self.runbook = runbook_hash(step=config.stash.get(version_step.FOLDER, None))
        config.option.showcapture = "no"

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Only what the run began is judged; what a step waits for was decided then."""
        known = [item for item in items if ITEM in item.stash]
        now = {item.stash[ITEM].name: item for item in known}
        planned = {
            step["name"] for e in self.record.own if e["event"] == "steps" for step in e["steps"]
        }
        self.unknown = [name for name in now if name not in planned]
        items[:] = []
        wrong = self.record.course.wrong
        for name in dict.fromkeys([*self.record.steps, *wrong]):
            if why := self._not_to_be_judged(name, now):
                self._not_judged(name, why)
            elif self.record.course.was_reached(name):
                item = now[name]
                item.own_markers = [m for m in item.own_markers if m.name != "dependency"]
                items.append(item)

    def _not_to_be_judged(self, name: str, now: dict[str, pytest.Item]) -> str:
        if name not in now:
            return "this runbook has no such step"
        if name not in self.record.steps:
            return "the run has no answers of it"
        if name not in self.record.ended:
            return "the run ended within the step"
        return ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        console = Console(_drop_line, 0, 0.0, self._run.redactor.clean_output)
        self._session = JudgingSession(self._run, self.record, console)
        session.config.stash[SESSION] = self._session
        why: Exception | None = None
        try:
            self._session.begin()
            if self._run.follows is None:  # of the records on N a follow-up keeps no copy
                self.position = self._session.look.position.value
        except (NotRecorded, RunbookError) as error:
            why = error
        self._tell(FIRST_LOOK, self._run.journal.events, why)
        if why or self._run.stop is not None:
            self._leave_out(session.items, str(why or "the first look stops the run now"))
        return (yield)

    def _leave_out(self, items: list[pytest.Item], why: str) -> None:
        for item in items:
            self._not_judged(item.stash[ITEM].name, why)
        items.clear()

    def _not_judged(self, name: str, why: str) -> None:
        wrong = self.record.course.wrong.get(name, ())
        self.steps.append(step_again(name, self._on_record(name), Told(), why=why, wrong=wrong))

    def _on_record(self, name: str) -> Told:
        record = self.record
        return _words_of(record.findings(name), record.rows(name), record.ended.get(name))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        name = item.stash[ITEM].name
        before = self._run.journal.lines
        self._session.go_to(name)
        result = yield
        new = [event for event in self._run.journal.events if event["seq"] > before]
        self._tell(name, new, self._ended.get(name))
        return result

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        raised = call.excinfo.value if call.excinfo is not None else None
        if isinstance(raised, NotRecorded):
            self._ended.setdefault(item.stash[ITEM].name, raised)

    def _tell(self, name: str, events: list[Event], why: Exception | None) -> None:
        mine = [event for event in events if event.get("step") == name]
        findings, rows = ([e for e in mine if e["event"] == kind] for kind in ("finding", "row"))
        recorded, now = self._on_record(name), _words_of(findings, rows, _ended(mine))
        if self._hangs_on_others:
            now = replace(now, outcome="")
        self.steps.append(
            step_again(
                name or compare.FIRST_LOOK,
                recorded,
                now,
                why=str(why or ""),
                diverged=isinstance(why, Diverged),
                wrong=self.record.course.wrong.get(name, ()),
            )
        )

    @property
    def _hangs_on_others(self) -> bool:
        """A plan's verdict goes by what earlier steps would change: one was not judged as a
        whole."""
        return self._run.mode is Mode.PLAN and any(s.state is not State.WHOLE for s in self.steps)

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool | None:
        """Events that are not as a run writes them: pytest's many lines say less than one."""
        if not isinstance(excinfo.value, (*ODD, Wrong)):
            return None
        self.problem = excinfo.value
        return True

    def close(self) -> None:
        """Nothing is left of it."""
        if hasattr(self, "_run"):
            self._run.journal.close()
        self._scratch.cleanup()


def _drop_line(text: str, **markup: bool) -> None:
    """The steps tell nothing; what they find is compared."""


def _ended(events: list[Event]) -> Event | None:
    return next((event for event in events if event["event"] == "step-ended"), None)


def _words_of(findings: list[Event], rows: list[Event], ended: Event | None) -> Told:
    """Of a step that passed no reason: it may tell a round trip, or a file's number."""
    if ended is None:
        return Told(findings, rows)
    outcome = str(ended["outcome"])
    return Told(findings, rows, outcome, str(ended["reason"]) if outcome == "failed" else "")
