"""A pytest plugin that runs the steps which a recorded run began, each on its own answers."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RunbookError, UsageError
from engine.model.event import Event
from engine.record.material import runbook_hash
from engine.record.run import Run
from engine.rejudge import compare
from engine.rejudge.answers import Diverged, NotRecorded
from engine.rejudge.compare import StepAgain, step_again
from engine.rejudge.record import FIRST_LOOK, Record
from engine.rejudge.session import JudgingSession
from engine.rejudge.start import run_again
from engine.report.console import Console
from engine.run import version_step
from engine.run.session import ITEM, JUDGED, RUN, SESSION


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
        for name in self.record.steps:
            if why := self._not_to_be_judged(name, now):
                self.steps.append(step_again(name, self.record.findings(name), [], why=why))
            elif self.was_reached(name):
                item = now[name]
                item.own_markers = [m for m in item.own_markers if m.name != "dependency"]
                items.append(item)

    def was_reached(self, name: str) -> bool:
        """False: the run did not begin it, as a step that it waits for was not done."""
        ended = self.record.ended.get(name)
        return ended is None or ended.get("result") != "skipped"

    def _not_to_be_judged(self, name: str, now: dict[str, pytest.Item]) -> str:
        if name not in now:
            return "this runbook has no such step"
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
            name = item.stash[ITEM].name
            self.steps.append(step_again(name, self.record.findings(name), [], why=why))
        items.clear()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        name = item.stash[ITEM].name
        before = len(self._run.journal.events)
        self._session.go_to(name)
        result = yield
        self._tell(name, self._run.journal.events[before:], self._ended.get(name))
        return result

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        raised = call.excinfo.value if call.excinfo is not None else None
        if isinstance(raised, NotRecorded):
            self._ended.setdefault(item.stash[ITEM].name, raised)

    def _tell(self, name: str, events: list[Event], why: Exception | None) -> None:
        recorded, now = self.record.ended.get(name), _ended(events)
        found = [e for e in events if e["event"] == "finding" and e["step"] == name]
        self.steps.append(
            step_again(
                name or compare.FIRST_LOOK,
                self.record.findings(name),
                found,
                why=str(why or ""),
                diverged=isinstance(why, Diverged),
                failed=(_has_failed(recorded), _has_failed(now)),
                said=(_how_it_ended(recorded), _how_it_ended(now)),
            )
        )

    def close(self) -> None:
        """Nothing is left of it."""
        if hasattr(self, "_run"):
            self._run.journal.close()
        self._scratch.cleanup()


def _drop_line(text: str, **markup: bool) -> None:
    """The steps tell nothing; what they find is compared."""


def _ended(events: list[Event]) -> Event | None:
    return next((event for event in events if event["event"] == "step-ended"), None)


def _has_failed(ended: Event | None) -> bool:
    return ended is not None and ended.get("result") == "failed"


def _how_it_ended(ended: Event | None) -> str:
    return f"{ended['outcome']}: {ended['reason']}"[:500] if ended else ""
