"""pytest's events of one step, from its setup to its report: findings decide how it ended."""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest

from engine.errors import RunbookError
from engine.judge.ways import in_full
from engine.model.ending import Mode
from engine.model.steps import StepItem
from engine.record import halting
from engine.record.evidence import StoppedForPerson
from engine.run.collecting import intent_of
from engine.run.scouting import SCOUTS
from engine.run.session import ITEM, SESSION, Session
from engine.run.step_report import is_telling, put_right, redact

_BEGUN = pytest.StashKey[float]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    session, step = _session_and_step(item)
    if session is None or step is None:
        return
    item.stash[_BEGUN] = time.monotonic()
    if (scouts := item.config.stash.get(SCOUTS, None)) is not None:
        scouts.come_to(step.name)
    marker = item.get_closest_marker("dependency")
    waits_for = session.run.waits_for[step.name] if marker else ()
    session.steps.begin(step, intent_of(item), waits_for)
    if why := session.steps.why_left_out(step, waits_for):
        pytest.skip(why)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """The verdict comes from findings: a step whose findings block fails, whatever it asserts."""
    session, step = _session_and_step(item)
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
        session.steps.stop_for(error, step.mark.guide)
        result = None
    except RunbookError as error:
        session.steps.fail_for(error, step.mark.guide)
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
    session, step = _session_and_step(pyfuncitem)
    try:
        return (yield)
    except BaseException as error:
        if session is not None and step is not None:
            session.steps.ended_by = error
        raise


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A plan runs the bodies of asking steps only; of the others just the action is shown."""
    session, step = _session_and_step(pyfuncitem)
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
    session, step = _session_and_step(item)
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


def _session_and_step(item: pytest.Item) -> tuple[Session | None, StepItem | None]:
    return item.config.stash.get(SESSION, None), item.stash.get(ITEM, None)
