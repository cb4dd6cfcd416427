"""How a run ends: exit code, outcome, what was done and what was not."""

from __future__ import annotations

import json
import os

from engine.attempt.records import RecordsWriter
from tests.engine.kit import lost_connection
from tests.engine.scripted import said
from tests.plugin.kit import CHANGE, CLOSING, FINDING, N, Project, assert_ended

pytest_plugins = "pytester"


def test_green(project: Project) -> None:
    project.steps('''
@step("second.change", after=["first.baseline"], guide=["G01", "G02"])
def test_change(x_set, look, evidence):
    """x is set."""
    evidence.judge([], observed="x is set", guide=["G01"])
    assert look.ask("neteye01.neteyelocal", HAS("x"))
''')
    assert_ended(project, project.run(), 0, "done")
    assert project.outcomes() == {"first.baseline": "done", "second.change": "done"}
    assert [row["state"] for row in project.summary["guide"]] == ["fulfilled", "fulfilled"]
    assert project.cluster.changes == [("set", "x")]


def test_findings_before_any_change_block_and_all_are_shown(project: Project) -> None:
    project.steps(
        FINDING.format(name="one")
        + FINDING.format(name="two")
        + CHANGE.replace('"first.baseline"', '"first.baseline", "one.finding"')
    )
    result = project.run()
    assert_ended(project, result, 10, "blocked")
    result.stdout.fnmatch_lines(
        [
            "*BLOCKS [[]bad-thing[]] one subject: one subject is bad; expected good. Make it*",
            "*BLOCKS [[]bad-thing[]] two subject: two subject is bad*",
        ]
    )
    subjects = [finding["subject"] for finding in project.summary["findings"]]
    assert subjects == ["one subject", "two subject"]
    assert project.cluster.changes == []


def test_findings_after_a_change_are_a_failure(project: Project) -> None:
    project.steps(CHANGE + FINDING.format(name="third"))
    assert_ended(project, project.run(), 1, "failed")
    assert project.cluster.changes == [("set", "x")]


def test_no_change_is_made_after_a_finding_even_without_a_dependency(project: Project) -> None:
    project.steps(FINDING.format(name="one") + CHANGE)
    assert_ended(project, project.run(), 10, "blocked")
    assert project.cluster.changes == []
    assert project.outcomes()["second.change"] == "failed"


def test_findings_count_although_the_step_asserts_nothing(project: Project) -> None:
    project.steps('''
@step("a.b")
def test_a(evidence):
    """Swallows."""
    try:
        evidence.judge([bad()], observed="seen")
    finally:
        return
''')
    assert_ended(project, project.run(), 10, "blocked")


def test_a_warning_is_shown_and_does_not_stop(project: Project) -> None:
    project.steps('''
@step("a.b")
def test_a(evidence):
    """Warns."""
    evidence.judge([bad(code="odd-thing")], observed="seen")
''')
    assert_ended(project, project.run(), 0, "done")
    (finding,) = project.summary["findings"]
    assert finding["severity"] == "warn"


def test_an_accepted_finding_does_not_stop_and_is_reported(project: Project) -> None:
    project.steps(FINDING.format(name="one") + CHANGE)
    result = project.run("--accept", "bad-thing@one subject=known", "--by", "A. Rossi")
    assert_ended(project, result, 0, "done")
    (finding,) = project.summary["findings"]
    run = project.summary
    assert finding["accepted"] == {
        "by": "A. Rossi",
        "reason": "known",
        "until": None,
        "run": run["run_id"],
        "given": run["started"],
    }
    result.stdout.fnmatch_lines(["*accepted [[]bad-thing[]]*"])


def test_an_acceptance_that_nothing_needed_is_a_warning(project: Project) -> None:
    project.steps(CHANGE)
    assert_ended(project, project.run("--accept", "bad-thing=x", "--by", "A"), 0, "done")
    (warning,) = project.events("warning")
    assert "the acceptance of bad-thing by A was not needed" in warning["text"]


def test_a_step_whose_dependency_failed_does_not_run_its_action(project: Project) -> None:
    project.steps(
        '''
@step("one.assert")
def test_one():
    """Fails."""
    assert 1 == 2, "one is not two"
'''
        + CHANGE.replace('"first.baseline"', '"one.assert"')
        + CLOSING
    )
    assert_ended(project, project.run(), 1, "failed")
    assert project.outcomes() == {
        "first.baseline": "done",
        "one.assert": "failed",
        "second.change": "not reached",
        "closing.state": "done",
    }
    assert project.cluster.changes == []
    (reason,) = [s["reason"] for s in project.summary["steps"] if s["outcome"] == "not reached"]
    assert reason == "it waits for one.assert, which was not done"


def test_what_waits_for_a_step_not_reached_is_not_reached(project: Project) -> None:
    project.steps('''
@step("one.a")
def test_one():
    """Fails."""
    raise ValueError("an error of the program")

@step("one.b", after=["one.a"])
def test_two():
    """Waits."""

@step("one.c", after=["one.b"])
def test_three(x_set):
    """Waits for what waits."""
''')
    assert_ended(project, project.run(), 1, "failed")
    assert project.outcomes()["one.c"] == "not reached"
    assert project.cluster.changes == []


def test_a_failed_change_stops_and_checks_go_on(project: Project) -> None:
    project.cluster.answer[N, ("set", "x")] = said(code=4, stderr="x can not be set")
    project.steps(
        CHANGE
        + '''
@step("third.change", after=["first.baseline"])
def test_other(y_set):
    """y is set."""
'''
        + CLOSING
    )
    result = project.run()
    assert_ended(project, result, 1, "failed")
    result.stdout.fnmatch_lines(["*set x on * failed with exit code 4: x can not be set"])
    assert project.cluster.changes == [("set", "x")]
    assert project.outcomes()["closing.state"] == "done"


TEARDOWN = '''
@pytest.fixture
def broken():
    """Can't be given back."""
    yield
    raise RuntimeError("it is still there")

@step("second.change", after=["first.baseline"])
def test_change(x_set, broken, evidence):
    """x is set."""
    evidence.note("x")
'''


def test_what_fails_after_its_step_was_done_never_ends_in_0(project: Project) -> None:
    project.steps(TEARDOWN)
    result = project.run()
    assert_ended(project, result, 1, "failed")
    assert project.outcomes()["second.change"] == "done"
    result.stdout.fnmatch_lines(["failed: second.change: its teardown failed: *it is still there*"])


def test_a_plan_is_judged_by_what_blocks_alone(project: Project) -> None:
    project.steps(TEARDOWN)
    assert_ended(project, project.run("--plan"), 0, "planned")


ASKING = '''
from engine.act.actions import action

@action(guide=["G01"])
def asks_a_person(look):
    """Can't decide."""
    raise StoppedForPerson([bad("which file"), bad("which value")])
    yield

@step("one.a")
def test_one(asks_a_person):
    """Stops."""
'''


def test_an_action_may_stop_for_a_person(project: Project) -> None:
    project.steps(ASKING)
    result = project.run()
    assert_ended(project, result, 11, "stopped")
    result.stdout.fnmatch_lines(["stopped: which file: *; which value: *", "what to do: Make it*"])
    assert project.cluster.changes == []


def test_an_acceptance_is_no_answer_to_what_an_action_asks(project: Project) -> None:
    project.steps(ASKING)
    result = project.run("--accept", "bad-thing=known", "--by", "A. Rossi")
    assert_ended(project, result, 11, "stopped")
    result.stdout.fnmatch_lines(["stopped: which file: *can't go on without an answer*"])


UNKNOWN = '''
@step("second.once", after=["first.baseline"])
def test_once(z_set_once, look, evidence):
    """z is set, by a command that must not be run twice."""
    evidence.note("after the action")

@step("third.change", after=["first.baseline"])
def test_other(y_set):
    """y is set."""
'''


def test_an_unknown_outcome_is_12_until_a_person_has_settled_it(project: Project) -> None:
    project.steps(UNKNOWN)
    project.cluster.answer[N, ("set", "z")] = lost_connection(N)
    assert_ended(project, project.run(), 12, "unknown")
    once = [("set", "z")]
    assert project.cluster.changes == once

    again = project.run()
    assert again.ret == 12
    again.stdout.fnmatch_lines(["*--settle 'second.once=done|repeat' --reason TEXT --by NAME*"])
    assert project.cluster.changes == once

    del project.cluster.answer[N, ("set", "z")]
    settle = ("--settle", "second.once=repeat", "--reason", "it is not there", "--by", "A. Rossi")
    assert project.run(*settle).ret == 0
    assert project.cluster.changes == [*once, *once, ("set", "y")]
    assert project.events("settled")[0]["by"] == "A. Rossi"


def test_an_unknown_change_whose_effect_is_there_is_adopted(project: Project) -> None:
    project.steps(UNKNOWN)
    project.cluster.answer[N, ("set", "z")] = lost_connection(N)
    assert project.run().ret == 12
    project.cluster.things.add("z")
    assert project.run().ret == 0
    assert any(event.get("adopted") for event in project.events("result"))
    assert project.cluster.changes == [("set", "z"), ("set", "y")]


def test_a_held_lock_is_13_and_nothing_is_changed(project: Project) -> None:
    project.steps(CHANGE)
    RecordsWriter(project.cluster, N, {"who": "B. Bianchi", "host": "another"}).acquire()
    result = project.run()
    assert_ended(project, result, 13, "locked")
    result.stdout.fnmatch_lines(["*held by another run (who B. Bianchi, host another; *)*"])
    assert project.cluster.changes == []
    assert not (project.cluster.root / "attempt").exists()
    assert (project.cluster.root / "lock").read_text().startswith("1\nheld\n")


def test_the_lock_of_a_process_of_this_machine_that_is_gone_is_taken_over(
    project: Project,
) -> None:
    project.steps(
        CHANGE
        + '''
@step("third.look")
def test_look(evidence):
    """Keeps the lock as it is while it is held."""
    with open("on-n/lock") as lock, open("held", "w") as held:
        held.write(lock.read())
    evidence.note("kept")
'''
    )
    assert project.run().ret == 0
    holder = json.loads((project.path / "held").read_text().splitlines()[2])
    assert holder["pid"] == str(os.getpid())
    RecordsWriter(project.cluster, N, {**holder, "pid": str(2**22 + 1)}).acquire()
    assert project.run().ret == 0
    assert any("taken over" in note["text"] for note in project.events("note"))

    RecordsWriter(project.cluster, N, {**holder, "boot": "another start"}).acquire()
    assert project.run().ret == 13
