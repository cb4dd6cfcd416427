"""Signals, silent nodes, damaged records, errors of our own: a run ends in an orderly way."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.attempt.records import RecordsWriter
from engine.queries.identity import WHO
from engine.queries.pacemaker import STATUS
from tests.engine.kit import unreachable
from tests.plugin.kit import (
    CHANGE,
    CLOSING,
    FINDING,
    NODES,
    SECOND,
    THIRD,
    N,
    Project,
    assert_ended,
)

pytest_plugins = "pytester"


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
        project.cluster.answer[node, WHO.argv] = unreachable(node)
    project.steps(CHANGE)
    result = project.run()
    assert result.ret != 0
    assert project.cluster.changes == []
    assert project.cluster.scripts == []


def test_an_unreachable_other_node_is_not_asked_again_and_again(project: Project) -> None:
    project.cluster.answer[THIRD, WHO.argv] = unreachable(THIRD)
    project.steps(CLOSING)
    assert project.run().ret == 0
    assert [argv for node, argv in project.cluster.asked if node == THIRD] == [WHO.argv]


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
    result.stdout.fnmatch_lines(["*records of an earlier run can't be read*no JSON event*"])


def test_unreadable_records_are_no_usage_error(project: Project) -> None:
    damaged_records(project)
    assert project.run().ret == 10
    (finding,) = project.summary["findings"]
    assert (finding["code"], finding["subject"]) == ("records-unreadable", N)


def test_an_error_of_the_engine_is_no_usage_error(project: Project) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("an error of the program")

    project.steps(CHANGE)
    project.monkeypatch.setattr("engine.run.stepping.StepUnderWay.end", broken)
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


def test_who_wants_to_know_is_told_at_begin_stop_and_end(project: Project) -> None:
    project.steps(FINDING.format(name="one"))
    text = (project.path / "inventory.ini").read_text()
    project.write("inventory.ini", f"{text}{NOTIFY}\n")
    assert project.run().ret == 10
    occasions = (project.path / "occasions").read_text().split()
    assert [one for one in occasions if one != "phase"] == ["begun", "stop", "end"]
    told = [json.loads(line) for line in (project.path / "told").read_text().splitlines()]
    (stop,) = [one for one in told if one["occasion"] == "stop"]
    seen = "one.finding found bad-thing (one subject)"
    assert stop["text"] == f"{seen}\nwhat to do: Make it good, then."
    assert (stop["exit_code"], stop["what_to_do"]) == (10, "Make it good, then.")
    assert (stop["phase"], stop["step"]) == ("one", "one.finding")


def test_who_wants_to_know_is_told_no_password(project: Project) -> None:
    project.steps('''
@step("one.question", after=["first.baseline"])
def test_question():
    """Asks a person."""
    raise StoppedForPerson([bad(observed="it says password = Hunter2x")])
''')
    text = (project.path / "inventory.ini").read_text()
    project.write("inventory.ini", f"{text}{NOTIFY}\n")
    assert project.run().ret == 11
    assert "it says password = ********" in (project.path / "told").read_text()


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
    told = project.events("notified")[0]
    assert problem in told["problem"]
    assert told["program"] == command.split()[0]


def test_a_notification_that_takes_too_long_is_told_without_its_command(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token may stand in it."""
    monkeypatch.setattr("engine.run.notify.DEADLINE", 0.0)
    project.steps(CLOSING)
    text = (project.path / "inventory.ini").read_text()
    command = "sh -c 'cat; exec cat /dev/zero > /dev/null' -- Tok3nOfTheirs"
    project.write("inventory.ini", f"{text}runbook_notify_command = {command}\n")
    assert_ended(project, project.run(), 0, "done")
    assert "without an answer" in project.events("notified")[0]["problem"]
    for path in (p for p in project.latest.rglob("*") if p.is_file()):
        assert "Tok3nOfTheirs" not in path.read_text(), path


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
from engine.act.actions import action
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
        project.cluster.answer[N, WHO.argv] = unreachable(N)
    assert project.run().ret != 0
    assert project.cluster.changes == []
    assert project.outcomes().get("a.b") in ("not reached", "failed")
