"""An error ends a step's body: what comes after was not looked at, whatever was accepted."""

from __future__ import annotations

from typing import Any

import pytest

from engine.attempt.records import LockLost, RecordsWriter
from engine.errors import RunbookError
from engine.model.answer import Lost, LostKind
from tests.engine.kit import unreachable
from tests.plugin.kit import CHANGE, N, Project, assert_ended

pytest_plugins = "pytester"

VERIFY = '''
@step("second.change", after=["first.baseline"])
def test_change(x_set, evidence):
    """x is set."""
    evidence.note("x")

@step("third.verify", after=["second.change"], guide=["G02"])
def test_verify(look, evidence):
    """What the change was for is looked at."""
    there = look.ask("neteye01.neteyelocal", HAS("verified"))
    evidence.judge([] if there else [bad("the data")], observed="data compared")

@step("fourth.change", after=["first.baseline"])
def test_other(y_set):
    """y is set."""
'''
ACCEPTED = ("--accept", f"question-unanswered@{N}=it hangs at times", "--by", "A. Rossi")


def test_an_accepted_question_does_not_make_the_rest_of_a_step_done(project: Project) -> None:
    project.cluster.answer[N, ("has", "verified")] = unreachable(N)
    project.steps(VERIFY)
    result = project.run(*ACCEPTED)
    assert_ended(project, result, 11, "stopped")
    result.stdout.fnmatch_lines(["STOPPED *accepted, but this step can't go on without an answer*"])
    assert project.outcomes()["third.verify"] == "failed"
    assert project.cluster.changes == [("set", "x")]


def test_what_nobody_answered_is_open_when_it_is_accepted(project: Project) -> None:
    project.cluster.answer[N, ("has", "verified")] = unreachable(N)
    project.steps(f'''
@step("second.all", guide=["G02"])
def test_all(look, evidence):
    """Asks all, and judges those who answered."""
    asked = look.ask_all(["{N}"], HAS("verified"))
    evidence.answered(asked)
    evidence.judge([], observed="no data is bad")
''')
    assert project.run(*ACCEPTED).ret == 0
    row = next(row for row in project.summary["guide"] if row["id"] == "G02")
    assert row["state"] == "open"
    assert "no answer to 'has verified'" in row["reason"]


def failing(monkeypatch: pytest.MonkeyPatch, error: RunbookError) -> None:
    def fail(self: RecordsWriter, attempt: str, baseline: Any, key: Any) -> None:
        raise error

    monkeypatch.setattr(RecordsWriter, "open_attempt", fail)


@pytest.mark.parametrize(
    ("error", "code", "outcome"),
    [
        (LockLost("the cluster was taken over"), 13, "locked"),
        (Lost(N, "cut", LostKind.CONNECTION_LOST), 1, "failed"),
        (RunbookError("No space left on device"), 1, "failed"),
    ],
)
def test_a_baseline_that_n_does_not_take_ends_the_run(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    error: RunbookError,
    code: int,
    outcome: str,
) -> None:
    """Without the attempt on N no change is made, whatever was accepted."""
    failing(monkeypatch, error)
    project.steps(CHANGE)
    assert_ended(project, project.run(*ACCEPTED), code, outcome)
    assert project.outcomes()["first.baseline"] == "failed"
    assert project.cluster.changes == []


def test_a_failed_assert_on_findings_is_told_by_the_findings_alone(project: Project) -> None:
    project.steps('''
@step("one.check")
def test_check(evidence):
    """Judges."""
    assert evidence.judge([bad("data")], observed="seen")
''')
    result = project.run()
    assert_ended(project, result, 10, "blocked")
    result.stdout.fnmatch_lines(["*failed  *data is bad*"])
    step = next(step for step in project.summary["steps"] if step["name"] == "one.check")
    assert step["reason"].startswith("[bad-thing] data: data is bad")
    written = (project.latest / "report.html").read_text() + result.stdout.str()
    assert "evidence.judge" not in written
    assert "AssertionError" not in written


def test_a_failed_assert_without_a_finding_stops_the_run(project: Project) -> None:
    project.steps('''
@step("one.check")
def test_check(evidence):
    """Asserts."""
    assert evidence.judge([], observed="seen")
    left = ["x"]
    assert not left, "x is left"

@step("two.change")
def test_change(x_set):
    """x is set; it waits for nothing."""
''')
    result = project.run()
    assert_ended(project, result, 1, "failed")
    result.stdout.fnmatch_lines(["*x is left*"])
    assert project.cluster.changes == []


@pytest.mark.parametrize("how", ["assert findings", "raise KeyError('x')", "pass"])
def test_findings_stop_the_run_whatever_ends_the_body(project: Project, how: str) -> None:
    project.steps(f'''
@step("one.check")
def test_check(evidence):
    """Judges."""
    findings = evidence.judge([bad("data")], observed="seen")
    {how}

@step("two.change")
def test_change(x_set):
    """x is set; it waits for nothing."""
''')
    assert_ended(project, project.run(), 10, "blocked")
    assert project.cluster.changes == []
