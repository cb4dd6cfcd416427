"""Acceptances: for the attempt, with an end, never for a plan beyond itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.kit import unreachable
from tests.plugin.kit import FINDING, SECOND, N, Project

pytest_plugins = "pytester"

STEPS = (
    FINDING.format(name="one")
    + '''
@step("second.change", after=["first.baseline", "one.finding"])
def test_change(y_set):
    """y is set."""
'''
)
CLOSED = (
    STEPS
    + '''
@step("closing.attempt", after=["second.change"])
def test_closing(runbook_session, look, evidence):
    """The attempt is closed."""
    if not look.memory.closed:
        runbook_session.close_attempt()
    evidence.note("closed")
'''
)
LOOKS = f"""
@step("one.look", after=["first.baseline"], each="node", nodes="all")
def test_look(node, evidence):
    '''The node needs nothing.'''
    evidence.not_needed(f"nothing to do on {{node}}")
    if node == "{SECOND}":
        assert evidence.judge([bad("one subject")], observed="looked")
"""
ACCEPT = ("--accept", "bad-thing@one subject=known", "--by", "A. Rossi")


def accepted(project: Project) -> dict[str, Any]:
    (finding,) = project.summary["findings"]
    data: dict[str, Any] = finding["accepted"]
    return data


def stopped_half_way(project: Project, steps: str = STEPS) -> str:
    """A first run of an attempt, with an acceptance, that could not make its change: its id."""
    project.steps(steps)
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    assert project.run(*ACCEPT).ret == 1
    del project.cluster.answer[N, ("set", "y")]
    return project.latest.name


def test_what_was_accepted_holds_for_later_runs_of_the_attempt(project: Project) -> None:
    first = stopped_half_way(project)
    (event,) = project.events("accepted")
    assert (event["code"], event["subject"], event["by"]) == (
        "bad-thing",
        "one subject",
        "A. Rossi",
    )
    result = project.run()
    assert result.ret == 0, result.outlines
    assert accepted(project)["run"] == first
    assert project.events("accepted") == []
    day = accepted(project)["given"][:10]
    result.stdout.fnmatch_lines([f"*accepted*bad-thing*by A. Rossi on {day} in run {first}: known"])


def test_the_step_that_goes_on_with_an_acceptance_says_so(project: Project) -> None:
    project.steps(STEPS)
    result = project.run(*ACCEPT)
    result.stdout.fnmatch_lines(["*one.finding*", "*done*accepted*bad-thing*by A. Rossi*known*"])


def test_of_steps_that_share_a_line_the_one_that_goes_on_with_an_acceptance_says_so(
    project: Project,
) -> None:
    project.steps(LOOKS)
    result = project.run(*ACCEPT)
    assert result.ret == 0, result.outlines
    told = [line for line in result.outlines if "one.look" in line]
    assert len(told) > 1
    (line,) = (line for line in told if f"one.look[{SECOND}]: not needed" in line)
    assert "accepted [bad-thing] one subject by A. Rossi" in line


def test_it_holds_for_the_finding_that_was_accepted_and_no_other(project: Project) -> None:
    stopped_half_way(project)
    project.steps(STEPS + FINDING.format(name="two"))
    assert project.run().ret == 1  # it blocks after a change of this run
    by_subject = {f["subject"]: f["accepted"] for f in project.summary["findings"]}
    assert by_subject["one subject"]
    assert by_subject["two subject"] is None


def test_without_a_subject_it_holds_for_the_code(project: Project) -> None:
    project.steps(STEPS + FINDING.format(name="two"))
    assert project.run("--accept", "bad-thing=known", "--by", "A").ret == 0
    assert all(finding["accepted"] for finding in project.summary["findings"])
    assert len(project.events("accepted")) == 1


BLOCKED = """
@step("zero.finding")
def test_zero(evidence):
    \"\"\"Judges, before the attempt is opened.\"\"\"
    evidence.judge([bad("one subject"), bad("another")], observed="seen")

@step("zero.baseline", after=["zero.finding"])
def test_opening(runbook_session):
    \"\"\"The attempt is opened.\"\"\"
    runbook_session.open_attempt({"fencing": True})
"""


def test_without_an_attempt_it_is_not_on_record(project: Project) -> None:
    project.steps(BLOCKED, baseline=False)
    assert project.run(*ACCEPT).ret == 10
    assert not (project.cluster.root / "attempt").exists()
    assert project.run("--accept", "bad-thing@another=x", "--by", "A").ret == 10
    assert {f["subject"] for f in project.summary["findings"] if not f["accepted"]} == {
        "one subject"
    }


def test_a_plans_acceptance_holds_for_that_plan_only(project: Project) -> None:
    project.steps(STEPS.replace('"one.finding")', '"one.finding", asks=True)', 1))
    assert project.run("--plan", *ACCEPT).ret == 0
    assert project.events("accepted") == []
    assert project.run("--plan").ret == 10
    assert project.run().ret == 10


def test_a_plan_of_an_open_attempt_honours_what_is_on_record(project: Project) -> None:
    first = stopped_half_way(
        project, STEPS.replace('"one.finding")', '"one.finding", asks=True)', 1)
    )
    assert project.run("--plan").ret == 0
    assert accepted(project)["run"] == first


def test_it_ends_with_the_attempt(project: Project) -> None:
    project.steps(CLOSED)
    assert project.run(*ACCEPT).ret == 0
    assert project.run().ret != 0
    assert accepted(project) is None


def test_one_with_an_end_holds_until_that_day_is_over(project: Project) -> None:
    project.steps(STEPS)
    result = project.run("--accept", "bad-thing=known until 2199-12-31", "--by", "A. Rossi")
    assert result.ret == 0
    assert accepted(project)["until"] == "2199-12-31"
    assert accepted(project)["reason"] == "known"
    result.stdout.fnmatch_lines(["*accepted*until 2199-12-31: known"])


def test_one_that_has_ended_is_as_if_not_given_and_it_says_so(project: Project) -> None:
    project.steps(STEPS)
    result = project.run("--accept", "bad-thing=known until 2020-01-01", "--by", "A. Rossi")
    assert result.ret == 10
    (warning,) = project.summary["warnings"]
    assert "the acceptance of bad-thing by A. Rossi ended with 2020-01-01" in warning
    result.stdout.fnmatch_lines([f"*WARNING: {warning}"])


@pytest.mark.parametrize("day", ["Monday", "31.12.2026", "2026-13-01", "2026-12-31 18:00"])
def test_an_end_that_is_no_day_is_refused(project: Project, day: str) -> None:
    project.steps(STEPS)
    result = project.run("--accept", f"bad-thing=known until {day}", "--by", "A. Rossi")
    assert result.ret == 4
    assert project.is_untouched
    result.stderr.fnmatch_lines([f"*'until {day}' is no end*expected `until YYYY-MM-DD`*"])


def test_one_that_nothing_needed_is_a_warning_on_console_and_in_the_report(
    project: Project,
) -> None:
    project.steps(STEPS)
    given = ("--accept", "bad-thing@nobody=x", "--accept", "bad-thing@one subject=y")
    result = project.run(*given, "--by", "A. Rossi")
    assert result.ret == 0
    (warning,) = project.summary["warnings"]
    assert "bad-thing@nobody by A. Rossi was not needed" in warning
    result.stdout.fnmatch_lines([f"*WARNING: {warning}"])
    assert (
        "bad-thing@nobody by A. Rossi was not needed"
        in (project.latest / "report.html").read_text()
    )


def test_of_the_inventory_it_is_given_once_and_no_warning_later(project: Project) -> None:
    text = (project.path / "inventory.ini").read_text()
    project.write(
        "inventory.ini",
        f"{text}runbook_accept = bad-thing@one subject=known\nrunbook_accepted_by = B. Bianchi\n",
    )
    project.steps(STEPS)
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    assert project.run().ret == 1
    first = project.latest.name
    del project.cluster.answer[N, ("set", "y")]
    assert project.run().ret == 0
    assert accepted(project)["run"] == first
    assert project.events("accepted") == []
    assert project.summary["warnings"] == []


def test_the_acceptance_is_in_the_records_on_n(project: Project) -> None:
    stopped_half_way(project)
    (journal,) = Path(project.cluster.root).glob("attempts/*/journal/*.jsonl")
    kinds = [json.loads(line)["event"] for line in journal.read_text().splitlines()]
    assert "accepted" in kinds
