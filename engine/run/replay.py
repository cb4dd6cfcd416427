"""A run's reports made anew from its journal: pytest-html and junit see the steps once more.

No step is run, no module of the runbook is imported, no node is asked.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from engine.errors import NotWritten
from engine.prove.anew import Anew
from engine.report.audit.page import NAME as PAGE
from engine.report.audit.page import NotDrawn, page_of
from engine.report.evidence_files import Evidence
from engine.report.hand_over import hand_over
from engine.report.html import shown_on_a_page
from engine.report.summary import NAME as SUMMARY
from engine.report.summary import as_file, planned_steps, summary_of
from engine.run import hooks as report
from engine.run.closing import WRITTEN
from engine.run.ending import Ended
from engine.run.plan_ending import NAME as PLAN
from engine.run.plan_ending import plan_of
from engine.run.step_report import replayed


def rebuild(evidence: Evidence, anew: Anew) -> tuple[Mapping[str, Any], dict[str, bytes]]:
    """The summary; and summary.json and the reports, file name -> content. Nothing is written.

    NotWritten when a report can't be made.
    """
    summary = summary_of(evidence.own, evidence.earlier)
    made = {SUMMARY: as_file(summary), **hand_over(summary, evidence.own, evidence.earlier)}
    if (plan := plan_of(evidence.own)) is not None:
        made[PLAN] = as_file(plan)
    try:
        made |= _rendered(evidence, summary, anew.sentence())
        made[PAGE] = page_of(evidence.own, evidence.earlier, anew, evidence.of_step)
    except OSError as error:
        where = error.filename or evidence.directory
        raise NotWritten(f"{where}: can't be written ({error.strerror or error})") from error
    except NotDrawn as error:
        raise NotWritten(f"{evidence.directory / PAGE}: can't be made ({error})") from error
    return summary, made


def _rendered(evidence: Evidence, summary: Mapping[str, Any], made_anew: str) -> dict[str, bytes]:
    """The two files that pytest's plugins make, elsewhere: the run's directory has whole ones."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="nr-report-") as place:
        html, xml = (Path(place) / name for name in WRITTEN)
        replay = Replay(evidence, summary, made_anew)
        with of_this_process_only(), redirect_stdout(said), redirect_stderr(said):
            code = pytest.main(_arguments(Path(place), html, xml), plugins=[replay])
        if replay.problem is not None:
            raise replay.problem
        if code == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if code != pytest.ExitCode.OK:
            raise NotWritten(
                f"pytest could not make the reports ({code}): {said.getvalue()[-500:]}"
            )
        _as_it_was(xml, summary, evidence.own[0].get("host", ""))
        return {path.name: path.read_bytes() for path in (html, xml)}


def _arguments(directory: Path, html: Path, xml: Path) -> list[str]:
    """An invocation that no configuration file, conftest or variable of the caller steers."""
    return [
        *(f"--rootdir={directory}", f"--config-file={os.devnull}", "--noconftest"),
        *("-p", "no:cacheprovider", "-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin"),
        *(f"--html={html}", "--self-contained-html", f"--junitxml={xml}"),
        # as pytest.ini has it for the run itself
        *("-o", "initial_sort=original", "-o", "render_collapsed=passed,skipped", "-q"),
    ]


@contextmanager
def of_this_process_only() -> Iterator[None]:
    """Options and plugins of the caller's pytest are not ours; files are for their owner only."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PYTEST")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    mask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(kept)


def _as_it_was(xml: Path, summary: Mapping[str, Any], host: str) -> None:
    """junit's head tells when and where the run was, not this rendering."""
    tree = ElementTree.parse(xml)
    for suite in tree.iter("testsuite"):
        lasted = datetime.fromisoformat(summary["finished"]) - datetime.fromisoformat(
            summary["started"]
        )
        suite.set("time", f"{int(lasted.total_seconds())}.000")
        suite.set("timestamp", summary["started"])
        suite.set("hostname", shown_on_a_page(host))
    tree.write(xml, encoding="utf-8", xml_declaration=True)


class _Step(pytest.Item):
    """A step that ended long ago."""

    def __init__(
        self, *, step: Mapping[str, Any], planned: Mapping[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.step = step
        self.planned = planned

    def runtest(self) -> None:
        """Nothing runs: its reports are made of its events."""


class Replay:
    """A pytest plugin whose items are the steps of a journal."""

    def __init__(self, evidence: Evidence, summary: Mapping[str, Any], made_anew: str) -> None:
        self._evidence = evidence
        self._summary = summary
        self._made_anew = made_anew
        self._ended = {e["step"]: e for e in evidence.own if e["event"] == "step-ended"}
        self.problem: OSError | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(report, "runbook-report")
        config.stash[report.ENDED] = Ended(
            self._summary["exit_code"],
            self._summary,
            self._evidence.directory,
            made_anew=self._made_anew,
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        from pytest_metadata.plugin import metadata_key

        metadata = session.config.stash[metadata_key]
        metadata.clear()
        begun = self._evidence.own[0]
        metadata.update({"Run": begun["run"], "Python": begun.get("python", "")})

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        planned = {step["name"]: step for step in planned_steps(self._evidence.own)}
        session.items = [
            _Step.from_parent(
                session,
                name=step["name"],
                nodeid=planned.get(step["name"], {}).get("nodeid", f"runbook::{step['name']}"),
                step=step,
                planned=planned.get(step["name"], {}),
            )
            for step in self._summary["steps"]
        ]
        session.testscollected = len(session.items)
        session.config.hook.pytest_collection_finish(session=session)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: _Step) -> bool:
        name = item.step["name"]
        events = self._evidence.journal.of_step(name)
        for told in replayed(item.step, self._ended.get(name, {}), events, item.planned):
            item.config.hook.pytest_runtest_logreport(report=told)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        try:
            result = yield
        except OSError as error:
            self.problem, result = error, None
        session.exitstatus = pytest.ExitCode.OK  # failed steps are the report's, not ours
        return result
