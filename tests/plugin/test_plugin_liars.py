"""A plugin that makes passes of failures changes nothing: a step's word is its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.scripted import said
from tests.plugin.kit import CONFTEST, N, Project

pytest_plugins = "pytester"

STEPS = '''
@step("one.check", after=["first.baseline"])
def test_check({needs}):
    """Checks."""
    {body}

@step("two.waits", after=["one.check"])
def test_waits(evidence):
    """Waits for it."""
    evidence.note("reached")

@step("three.change", after=["first.baseline"])
def test_change(y_set):
    """y is set; it does not wait for it."""
'''
FAILURES = {
    "a finding": ("evidence", 'evidence.judge([bad("data")], observed="seen")'),
    "an assertion": ("evidence", 'assert evidence is None, "not so"'),
    "an error": ("evidence", 'raise KeyError("x")'),
    "a person is wanted": ("evidence", 'raise StoppedForPerson([bad("data")])'),
    "a skip": ("evidence", 'pytest.skip("no mood")'),
    "a change in setup": ("x_set", "pass"),
}
OF_A_REPORT = """
import pytest

@pytest.hookimpl({how})
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.outcome != "passed":
        report.outcome, report.longrepr = "passed", None
"""
OF_A_CALL = """
import pytest

@pytest.hookimpl({how})
def {hook}():
    outcome = yield
    outcome.force_result(True)
"""
LIARS = {
    "report": OF_A_REPORT.format(how="hookwrapper=True"),
    "report, outside": OF_A_REPORT.format(how="hookwrapper=True, tryfirst=True"),
    "skip": OF_A_REPORT.format(how="hookwrapper=True").replace(
        '"passed", None', '"skipped", ("a.py", 1, "x")'
    ),
    "call": OF_A_CALL.format(how="hookwrapper=True", hook="pytest_runtest_call"),
    "call, outside": OF_A_CALL.format(
        how="hookwrapper=True, tryfirst=True", hook="pytest_runtest_call"
    ),
    "body": OF_A_CALL.format(how="hookwrapper=True", hook="pytest_pyfunc_call"),
}


def told(project: Project) -> dict[str, Any]:
    """How the run and its steps ended, by the journal and by the summary."""
    summary = project.summary
    ended = {e["name"]: (e["outcome"], e["result"]) for e in project.events("step-ended")}
    stopped = {key: summary["stopped"][key] for key in ("reason", "what_to_do")}
    return {"ended": ended, "code": summary["exit_code"], **stopped}


CASES = [
    *((failure, "report", "-p") for failure in FAILURES),
    *(("an assertion", liar, way) for liar in LIARS for way in ("-p", "conftest")),
    *(("a finding", liar, "-p") for liar in LIARS),
    *(("a change in setup", "report, outside", way) for way in ("-p", "conftest")),
]


@pytest.mark.parametrize(("failure", "liar", "way"), dict.fromkeys(CASES))
def test_a_run_ends_as_it_would_without_it(
    project: Project, failure: str, liar: str, way: str
) -> None:
    project.cluster.answer[N, ("set", "x")] = said(code=9)
    needs, body = FAILURES[failure]
    project.steps(STEPS.format(needs=needs, body=body))
    ret = project.run().ret
    honest = told(project)
    project.cluster.things.clear()
    assert ret != 0
    assert honest["ended"]["one.check"][0] == ("not reached" if failure == "a skip" else "failed")
    project.write("liar.py", LIARS[liar])
    project.pytester.syspathinsert()
    if way == "conftest":
        project.write("conftest.py", CONFTEST.replace("]", ', "liar"]'))
    result = project.run(*(["-p", "liar"] if way == "-p" else []))
    assert result.ret == ret
    assert told(project) == honest
    assert len(project.events("step-ended")) == 4


REACHED = '''
from pathlib import Path

@step("one.check", after=["first.baseline"])
def test_check(evidence):
    """Checks."""
    evidence.judge([bad("data")], observed="seen")

@step("two.waits", after=["one.check"])
def test_waits():
    """Waits for it, and asks for nothing that could fail in its place."""
    Path({trace!r}).write_text("reached")
'''


def test_the_body_of_what_waits_for_a_failure_never_begins(project: Project) -> None:
    """Also when its own being left out is made a pass, by a plugin around the runbook's own."""
    trace = project.path / "trace"
    project.steps(REACHED.format(trace=str(trace)))
    project.write("liar.py", LIARS["report, outside"])
    project.pytester.syspathinsert()
    project.write("conftest.py", CONFTEST.replace("]", ', "liar"]'))
    assert project.run().ret == 10
    assert not trace.exists()
    ended = {e["name"]: e["outcome"] for e in project.events("step-ended")}
    assert (ended["one.check"], ended["two.waits"]) == ("failed", "not reached")
