"""How a run ends: exit code, outcome, what was done and what was not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from engine.queries.pacemaker import STATUS
from engine.records import RecordsWriter
from engine.survey import REACHABLE
from engine.transport.scripted import said
from tests.engine.kit import lost_connection, unreachable
from tests.plugin.kit import NODES, SECOND, THIRD, N, Project

pytest_plugins = "pytester"

CHANGE = '''
@step("second.change", after=["first.baseline"])
def test_change(x_set, look, evidence):
    """x is set."""
    assert look.ask("neteye01.neteyelocal", HAS("x"))
'''
FINDING = '''
@step("{name}.finding")
def test_{name}(evidence):
    """Judges."""
    evidence.judge([bad("{name} subject")], observed="seen")
'''
CLOSING = '''
@step("closing.state")
def test_closing(evidence):
    """Always."""
    evidence.note("the state is told")
'''


def assert_ended(project: Project, result: pytest.RunResult, code: int, outcome: str) -> None:
    """Exit code, summary and the console's last words say the same."""
    result.stdout.fnmatch_lines([f"outcome: {outcome}, exit code {code}", "report: *report.html"])
    assert result.ret == code
    summary = project.summary
    assert (summary["outcome"], summary["exit_code"]) == (outcome, code)
    assert project.events("run-ended")[0]["exit_code"] == code
    assert project.cluster.closed == 1


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
    assert finding["accepted"] == {"by": "A. Rossi", "reason": "known"}
    result.stdout.fnmatch_lines(["*accepted [[]bad-thing[]]*"])


def test_an_acceptance_that_nothing_needed_is_noted(project: Project) -> None:
    project.steps(CHANGE)
    assert_ended(project, project.run("--accept", "bad-thing=x", "--by", "A"), 0, "done")
    assert any("bad-thing was not needed" in note["text"] for note in project.events("note"))


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


def test_an_action_may_stop_for_a_person(project: Project) -> None:
    project.steps('''
from engine.actions import action

@action(guide=["G01"])
def asks_a_person(look):
    """Can't decide."""
    raise StoppedForPerson([bad("which file"), bad("which value")])
    yield

@step("one.a")
def test_one(asks_a_person):
    """Stops."""
''')
    result = project.run()
    assert_ended(project, result, 11, "stopped")
    result.stdout.fnmatch_lines(["stopped: which file: *; which value: *", "what to do: Make it*"])
    assert project.cluster.changes == []


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
    result.stdout.fnmatch_lines(["*held by another run (who B. Bianchi, host another)*"])
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


SIGNALLED = '''
@step("second.signal", after=["first.baseline"])
def test_signal(x_set, evidence):
    """A signal comes."""
    os.kill(os.getpid(), signal.{name})
    evidence.note("not reached")

@step("third.change")
def test_other(y_set):
    """y is set."""
'''


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_in_an_orderly_way(project: Project, name: str) -> None:
    project.steps(SIGNALLED.format(name=name))
    assert_ended(project, project.run(), 2, "interrupted")
    assert project.cluster.changes == [("set", "x")]
    assert (project.cluster.root / "lock").read_text().splitlines()[1] == "free"
    assert (project.latest / "report.html").exists()


def test_the_first_event_decides_the_code(project: Project) -> None:
    project.steps(FINDING.format(name="one") + SIGNALLED.format(name="SIGTERM"))
    assert_ended(project, project.run(), 10, "blocked")


def test_a_question_without_an_answer_blocks_wherever_it_is_asked(project: Project) -> None:
    project.cluster.answer[SECOND, ("has", "x")] = unreachable(SECOND)
    project.steps(f'''
@step("one.ask")
def test_one(look):
    """Asks."""
    look.ask("{SECOND}", HAS("x"))

@step("one.ask_all")
def test_all(look, evidence):
    """Asks all."""
    evidence.answered(look.ask_all({list(NODES)!r}, HAS("x")))
''')
    assert_ended(project, project.run(), 10, "blocked")
    for finding in project.summary["findings"]:
        assert (finding["code"], finding["subject"]) == ("question-unanswered", SECOND)
    assert project.outcomes()["one.ask"] == project.outcomes()["one.ask_all"] == "failed"


@pytest.mark.parametrize("nodes", [[N], list(NODES)])
def test_without_n_there_is_no_lock_and_no_change(project: Project, nodes: list[str]) -> None:
    for node in nodes:
        project.cluster.answer[node, REACHABLE.argv] = unreachable(node)
    project.steps(CHANGE)
    result = project.run()
    assert result.ret != 0
    assert project.cluster.changes == []
    assert project.cluster.scripts == []


def test_an_unreachable_other_node_is_not_asked_again_and_again(project: Project) -> None:
    project.cluster.answer[THIRD, REACHABLE.argv] = unreachable(THIRD)
    project.steps(CLOSING)
    assert project.run().ret == 0
    assert [argv for node, argv in project.cluster.asked if node == THIRD] == [REACHABLE.argv]


def damaged_records(project: Project) -> None:
    """Records of an earlier run that nobody can read any more."""
    project.steps(CHANGE)
    assert project.run().ret == 0
    (journal,) = project.cluster.root.glob("attempts/*/journal/*.jsonl")
    journal.write_text("no journal at all\n" + journal.read_text())
    project.cluster.things.clear()


def test_records_that_cannot_be_read_stop_before_anything(project: Project) -> None:
    damaged_records(project)
    result = project.run()
    assert result.ret != 0
    assert project.cluster.changes == [("set", "x")]
    result.stdout.fnmatch_lines(["*records of an earlier run on neteye01* can't be read*"])


def test_unreadable_records_are_no_usage_error(project: Project) -> None:
    damaged_records(project)
    assert project.run().ret == 1


def test_an_error_of_the_engine_is_no_usage_error(project: Project) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("an error of the program")

    project.steps(CHANGE)
    project.monkeypatch.setattr("engine.session.Session.end_step", broken)
    assert_ended(project, project.run(), 1, "failed")


def test_interrupted_before_the_first_step(project: Project) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    project.cluster.answer[N, STATUS.argv] = interrupt
    project.steps(CHANGE)
    assert project.run().ret == 2
    assert project.summary["outcome"] == "interrupted"
    assert project.cluster.changes == []


def test_connections_are_closed_whenever_it_ends(project: Project) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    project.cluster.answer[N, STATUS.argv] = interrupt
    project.steps(CHANGE)
    project.run()
    assert project.cluster.closed == 1


# the command runs without a shell of its own; who wants one says so
NOTIFY = """runbook_notify_command = sh -c 'cat >> told; echo $RUNBOOK_OCCASION >> occasions'"""


def test_who_wants_to_know_is_told_at_stop_and_end(project: Project) -> None:
    project.steps(FINDING.format(name="one"))
    text = (project.path / "inventory.ini").read_text()
    project.write("inventory.ini", f"{text}{NOTIFY}\n")
    assert project.run().ret == 10
    assert (project.path / "occasions").read_text() == "stop\nend\n"
    assert "one.finding found bad-thing" in (project.path / "told").read_text()


@pytest.mark.parametrize(
    ("command", "problem"),
    [("sh -c 'exit 7'", "exit code 7"), ("/no/such/command", "No such file")],
)
def test_a_notification_that_fails_never_fails_the_run(
    project: Project, command: str, problem: str
) -> None:
    project.steps(CLOSING)
    text = (project.path / "inventory.ini").read_text()
    project.write("inventory.ini", f"{text}runbook_notify_command = {command}\n")
    assert_ended(project, project.run(), 0, "done")
    assert problem in project.events("notified")[0]["problem"]


BROKEN: dict[str, Callable[[Project], None]] = {
    "a step": lambda p: p.steps("import nothing_of_this_name\n"),
    "a fixture": lambda p: p.steps('@step("a.b")\ndef test_a(no_such_fixture):\n    "Doc."\n'),
    "no step": lambda p: p.write("runbook/test_10.py", "").touch(),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_or_empty_runbook_never_ends_in_0(project: Project, what: str) -> None:
    BROKEN[what](project)
    result = project.run()
    assert result.ret not in (0, 5), result.outlines
    assert project.cluster.changes == []


BLIND = '''
from engine.actions import action
from engine.model.change import Change

@action()
def blind(look):
    """Asks nothing beforehand."""
    yield Change("set x", "neteye01.neteyelocal", ("set", "x"), 5.0)

@step("a.b")
def test_a(blind):
    """Acts without a question."""
'''


@pytest.mark.parametrize("why", ["N is unreachable", "the lock is held"])
def test_a_change_that_could_not_be_made_is_not_done(project: Project, why: str) -> None:
    project.steps(BLIND, baseline=False)
    if why == "the lock is held":
        RecordsWriter(project.cluster, N, {"who": "B. Bianchi"}).acquire()
    else:
        project.cluster.answer[N, REACHABLE.argv] = unreachable(N)
    assert project.run().ret != 0
    assert project.cluster.changes == []
    assert project.outcomes().get("a.b") in (None, "failed")
