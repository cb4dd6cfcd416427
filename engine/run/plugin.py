"""The pytest plugin: passes pytest's events on to the session of the run. Inert elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from typing import Any

import pytest

from engine.ask.host import Host
from engine.ask.look import Look
from engine.attempt.settle import refuse_unknown_steps
from engine.errors import RunbookError, UsageError
from engine.judge.ways import in_full
from engine.model.ending import Ending, Mode
from engine.model.steps import Scope, StepItem, mark_of
from engine.record import halting
from engine.record.evidence import Evidence, StoppedForPerson
from engine.record.interrupts import Interrupts
from engine.record.run import Run
from engine.record.started import steps_field
from engine.report.console import Console
from engine.run import closing, options, snapshot, usage, version_step
from engine.run import hooks as report
from engine.run.graph import order, resolve
from engine.run.scouting import SCOUTS, scouted
from engine.run.session import ITEM, JUDGED, RUN, SESSION, Session, run_of
from engine.run.start import leave_to_the_end, make_run, make_session
from engine.run.step_report import is_telling, put_right, redact
from engine.run.until import leave_out_the_rest, time_expected

_BEGUN = pytest.StashKey[float]()
_SKIPPED = pytest.StashKey[list[str]]()
_UNCOLLECTED = pytest.StashKey[list[str]]()


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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fan-out: one item a round and node, with a name of its own."""
    run = metafunc.config.stash.get(RUN, None)
    mark = mark_of(metafunc.function)
    if run is None or mark is None:
        return
    inventory = run.inventory
    if "round" in mark.each:
        rounds = range(1, len(inventory.operative) + 3)
        metafunc.parametrize("round_number", list(rounds), ids=[str(r) for r in rounds])
    if "node" in mark.each:
        nodes = inventory.names if mark.nodes == "all" else getattr(inventory, mark.nodes)
        metafunc.parametrize("node", list(nodes), ids=list(nodes))


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    run = config.stash.get(RUN, None)
    if run is None:
        return
    if uncollected := config.stash.get(_UNCOLLECTED, []):
        # told before the graph is checked, which lacks these steps
        reason = "; ".join(uncollected)
        stop = run.halt(Ending.USAGE, reason, "Mend the runbook, then run again.")
        raise pytest.UsageError(stop.reason)
    if skipped := config.stash.get(_SKIPPED, []):
        raise pytest.UsageError(f"{', '.join(skipped)}: a part of the runbook that skips itself")
    scope = run.scope
    marked = [(item, _step_item(item)) for item in version_step.in_order(items)]
    marked = [(item, step) for item, step in marked if scope in step.mark.scopes]
    empty = {step.mark.name for _, step in marked if _has_no_node(step)}
    marked = [(item, step) for item, step in marked if not _has_no_node(step)]
    marked = [marked[index] for index in order([step for _, step in marked])]
    items[:], steps = [item for item, _ in marked], [step for _, step in marked]
    try:
        run.waits_for = depends = resolve(steps, empty)
        leave_out_the_rest(run, steps)
        refuse_unknown_steps(run.settlements, [step.name for step in steps])
    except UsageError as error:
        raise usage.as_pytest_has_it(error) from None
    for item, step in marked:
        item.stash[ITEM] = step
        # for what ends a night the run itself knows whether all before it is done
        named = [] if step.name in run.at_its_end else depends[step.name]
        item.add_marker(pytest.mark.dependency(name=step.name, depends=named, scope="session"))
    run.redactor.spare(*(step.name for step in steps))
    run.redactor.know(*(step.name for step in steps))
    run.record("steps", steps=steps_field([(s, i.nodeid, _intent(i)) for i, s in marked]))
    leave_to_the_end()


def _intent(item: pytest.Item) -> str:
    """The step's sentence: the first line of its docstring."""
    doc = (getattr(item, "function", None).__doc__ or "").strip().splitlines()
    return doc[0] if doc else ""


def _has_no_node(step: StepItem) -> bool:
    """pytest makes one item that is skipped of a fan-out over a group without nodes."""
    return "node" in step.mark.each and not isinstance(step.node, str)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if collector.config.stash.get(RUN, None) is None:
        return report
    if report.skipped:
        collector.config.stash.setdefault(_SKIPPED, []).append(collector.name)
    elif report.failed:
        why = report.longreprtext.strip().rpartition("\n")[2].removeprefix("E ").strip()
        text = f"{collector.nodeid}: the runbook could not be collected: {why}"
        collector.config.stash.setdefault(_UNCOLLECTED, []).append(text)
    return report


def _step_item(item: pytest.Item) -> StepItem:
    mark = mark_of(getattr(item, "function", None))
    if mark is None:
        raise pytest.UsageError(f"{item.nodeid}: a test of the runbook without @step")
    if "subtests" in getattr(item, "fixturenames", ()):
        # pytest-dependency sees the step end well, whatever became of them
        raise pytest.UsageError(f"{item.nodeid}: a step has no subtests; judge findings instead")
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return StepItem(mark, parameters.get("round_number"), parameters.get("node"))


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


@pytest.fixture
def runbook_session(request: pytest.FixtureRequest) -> Session:
    """The session of this run; for actions."""
    return request.config.stash[SESSION]


@pytest.fixture
def look(runbook_session: Session) -> Look:
    """The read-only door to the cluster."""
    return runbook_session.look


@pytest.fixture
def host(look: Look, request: pytest.FixtureRequest) -> Host:
    """testinfra's host: of the step's own node with `each="node"`, elsewhere of N."""
    return look.host(request.node.stash[ITEM].node or look.names.active)


@pytest.fixture
def evidence(runbook_session: Session) -> Evidence:
    """Where the step says what it saw."""
    assert runbook_session.evidence is not None
    return runbook_session.evidence


@pytest.fixture(scope="session")
def round_number() -> None:
    """The round of a fan-out over rounds; None elsewhere."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    session, step = _of(item)
    if session is None or step is None:
        return
    item.stash[_BEGUN] = time.monotonic()
    if (scouts := item.config.stash.get(SCOUTS, None)) is not None:
        scouts.come_to(step.name)
    marker = item.get_closest_marker("dependency")
    waits_for = session.run.waits_for[step.name] if marker else ()
    session.steps.begin(step, _intent(item), waits_for)
    if why := session.steps.left_out(step, waits_for):
        pytest.skip(why)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """The verdict comes from findings: a step whose findings block fails, whatever it asserts."""
    session, step = _of(item)
    if session is None or step is None or session.evidence is None:
        return (yield)
    steps = session.steps
    if steps.has_ended:
        pytest.skip("another plugin made a pass of its setup, which did not end well")
    try:
        result = yield from _judged(session, step)
    except BaseException as error:
        steps.ended_by = error
        raise
    steps.ended_by = None
    return result


def _judged(session: Session, step: StepItem) -> Generator[None, object, object]:
    assert session.evidence is not None
    try:
        result = yield
        if session.steps.ended_by is not None:  # another plugin has swallowed it
            raise session.steps.ended_by
    except StoppedForPerson as error:
        session.stop_for(error, step.mark.guide)
        result = None
    except RunbookError as error:
        session.fail_for(error, step.mark.guide)
    except Exception as error:
        if session.evidence.blocking:  # the findings stop the run, whatever ended the body
            halting.by_findings(session.run, session.evidence.blocking)
        if not session.evidence.blocking or not isinstance(error, AssertionError):
            raise
        result = None  # `assert evidence.judge(...)`: its findings tell more than pytest does
    blocking = session.evidence.blocking
    if blocking:
        halting.by_findings(session.run, blocking)
        text = in_full(blocking)
        raise pytest.fail.Exception(session.run.redactor.clean_output(text), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True, trylast=True, specname="pytest_pyfunc_call")
def pytest_pyfunc_call_ended(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Next to the body: what ended it is noted before another plugin's wrapper hears of it."""
    session, step = _of(pyfuncitem)
    try:
        return (yield)
    except BaseException as error:
        if session is not None and step is not None:
            session.steps.ended_by = error
        raise


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A plan runs the bodies of asking steps only; of the others just the action is shown."""
    session, step = _of(pyfuncitem)
    if session is None or step is None or session.run.mode is not Mode.PLAN:
        return None
    if step.mark.asks:
        return None
    session.foresee(getattr(pyfuncitem, "obj", None))
    return True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Around all others: what another plugin makes of a step's end is no word of the step."""
    report = yield
    session, step = _of(item)
    if session is not None and step is not None:
        put_right(report, item, call, session.steps.ended_by)
        redact(report, session.run.redactor)
        if is_telling(report) and not session.steps.has_ended:
            begun = item.stash.get(_BEGUN, time.monotonic())
            session.steps.end(step, report, time.monotonic() - begun)
        if session.is_refused:
            item.session.shouldstop = "the role firewall refused a command"
    if step is not None:
        report.runbook_step = step.name  # type: ignore[attr-defined]
    return report


def _of(item: pytest.Item) -> tuple[Session | None, StepItem | None]:
    return item.config.stash.get(SESSION, None), item.stash.get(ITEM, None)


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
