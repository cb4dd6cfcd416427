"""The pytest plugin: a run begins and ends with pytest's session. Inert elsewhere.

What it collects, what steps ask for, and the steps themselves are plugins beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

from engine.errors import RunbookError, UsageError
from engine.model.ending import Ending
from engine.model.steps import Scope
from engine.record.interrupts import Interrupts
from engine.record.run import Run
from engine.report.console import Console
from engine.run import closing, options, snapshot, usage, version_step
from engine.run import hooks as report
from engine.run.scouting import SCOUTS, scouted
from engine.run.session import JUDGED, RUN, SESSION, run_of
from engine.run.start import make_run, make_session
from engine.run.until import time_expected

pytest_plugins = usage.PARTS


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(version_step.Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)
    version_step.add(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    return snapshot.made_of_run(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    try:
        if usage.is_question(config) or not usage.is_runbook(config):
            return
        version_step.plug_in(config, config.rootpath / usage.RUNBOOK)
        if JUDGED in config.stash:
            return
        usage.refuse_partial_runs(config)
        interrupts = Interrupts()
        interrupts.install()
        hearing = closing.Hearing(interrupts)
        config.pluginmanager.register(hearing, "runbook-interrupts")
        run = make_run(config)
        hearing.begun = True
    except UsageError as error:
        raise usage.as_pytest_has_it(error) from None
    config.stash[RUN] = run
    run.interrupts = interrupts
    config.pluginmanager.register(report, "runbook-report")
    config.option.htmlpath = str(run.directory / "report.html")
    config.option.self_contained_html = True
    config.option.xmlpath = str(run.directory / "junit.xml")
    config.option.verbose = min(config.option.verbose, -2)
    config.option.showcapture = "no"
    # steps are told as they end, and the ending below has its own lines
    config.option.no_summary = True
    config.addinivalue_line("markers", "runbook: a step of the runbook")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    run = run_of(session.config)
    if run is None:
        return
    run.interrupts.say = closing.lasting(session.config, run).say
    metadata = _metadata_of(session.config)
    if metadata is not None:
        metadata.clear()  # the report says nothing of this machine's environment
        metadata.update({"Run": run.run_id, "Python": sys.version.split()[0]})


def _metadata_of(config: pytest.Config) -> dict[str, Any] | None:
    from pytest_metadata.plugin import metadata_key

    return config.stash.get(metadata_key, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    run = run_of(session.config)
    if run is None:
        return (yield)
    try:
        made = make_session(run, _console(session, run))
    except UsageError as error:
        run.halt(Ending.USAGE, str(error), "See the reason: it is about this machine.")
        session.items.clear()
        return (yield)
    session.config.stash[SESSION] = made
    made.console.line(f"run {run.run_id} ({run.mode.value}), evidence in {run.directory}")
    try:
        made.begin()
    except RunbookError as error:
        run.halt(Ending.FAILED, str(error), "Remove the cause, then run again.")
    if run.stop is not None:
        # another run holds the cluster, or what an earlier one left can't be read: no step runs
        session.items.clear()
        return (yield)
    names = made.look.names
    told = f"N is {names.active}" if names.is_known else "which node is N is not known"
    made.console.line(f"position: {made.look.position.value}; {told}")
    with scouted(made, session.items) as session.config.stash[SCOUTS]:
        return (yield)


def _console(session: pytest.Session, run: Run) -> Console:
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    capture = session.config.pluginmanager.getplugin("capturemanager")

    def write(text: str, **markup: bool) -> None:
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(text, **markup)
            reporter.flush()

    time = time_expected(run).total_seconds()
    expected = time if run.scope is Scope.UPGRADE else 0.0  # announced for it only
    return Console(write, len(session.items), expected, run.redactor.clean_output)


def pytest_report_teststatus(
    report: pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """The console has its own line for each step: no dots."""
    if config.stash.get(RUN, None) is None or report.when == "teardown":
        return None
    if report.when == "call" or report.outcome != "passed":
        word = report.outcome if report.when == "call" or report.outcome == "skipped" else "error"
        return word, "", ""
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(
    session: pytest.Session, exitstatus: int
) -> Generator[None, object, object]:
    run = run_of(session.config)
    if run is None:
        return (yield)
    ended = closing.end(session, run, session.config.stash.get(SESSION, None), exitstatus)
    with closing.reports_written(session.config, run, ended):
        return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    run = run_of(config)
    if run is not None:
        closing.leave(config, run, config.stash.get(SESSION, None))
