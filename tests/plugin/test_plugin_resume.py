"""Running again: what is done is not done twice, what was begun is gone on with."""

from __future__ import annotations

from dataclasses import replace

from engine.report.words import at
from tests.engine.kit import lost_connection, unreachable
from tests.engine.scripted import said
from tests.plugin.kit import RELEASE, N, Project

pytest_plugins = "pytester"

STEPS = '''
@step("second.change", after=["first.baseline"], guide=["G01", "G02"])
def test_change(x_set, look, evidence):
    """x is set."""
    evidence.judge([], observed="x is set", guide=["G01"])
    assert look.ask("neteye01.neteyelocal", HAS("x"))

@step("third.change", after=["second.change"])
def test_other(y_set):
    """y is set."""
'''
CLOSING = '''
@step("closing.attempt", after=["third.change"])
def test_closing(runbook_session, look, evidence):
    """The attempt is closed."""
    if look.memory.closed:
        evidence.not_needed("closed")
        return
    runbook_session.close_attempt()
    evidence.note("closed")
'''
BOTH = [("set", "x"), ("set", "y")]


def test_a_second_run_changes_nothing_and_says_why(project: Project) -> None:
    project.steps(STEPS + CLOSING)
    assert project.run().ret == 0
    project.cluster.version = "4.26"
    result = project.run()
    assert result.ret == 0, result.outlines
    assert project.cluster.changes == BOTH
    assert project.events("intent") == []
    assert project.outcomes()["second.change"] == "nothing to do"
    for step in project.summary["steps"]:
        assert step["reason"], step
    states = [row["state"] for row in project.summary["guide"]]
    assert states == ["fulfilled", "fulfilled"]


def test_an_interrupted_run_is_gone_on_with(project: Project) -> None:
    project.steps(STEPS)
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    assert project.run().ret == 1
    del project.cluster.answer[N, ("set", "y")]
    assert project.run().ret == 0
    # the first try never reached the node, but it was asked
    assert project.cluster.changes == [("set", "x"), ("set", "y"), ("set", "y")]
    assert project.outcomes()["second.change"] == "nothing to do"


def test_all_pages_tell_the_same_time_of_the_point_of_no_return(project: Project) -> None:
    """A run that goes on knows when an earlier one passed it, wherever it stands by now."""
    project.release = replace(RELEASE, no_return="second.change")
    project.steps(STEPS)
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    project.run()
    (passing,) = (one for one in project.events("intent") if one["step"] == "second.change")
    assert {one["passed"] for one in project.events("position")} == {None}
    del project.cluster.answer[N, ("set", "y")]
    project.cluster.things.discard("x")
    assert project.run().ret == 0
    assert [one["step"] for one in project.events("intent")] == ["second.change", "third.change"]
    assert {one["passed"] for one in project.events("position")} == {passing["time"]}
    when = at(passing["time"])
    assert f"passed {when}" in (project.latest / "evidence.html").read_text()
    live = (project.latest / "live.html").read_text()
    assert f"behind, passed at {when} by an earlier run" in live


def test_a_repeatable_change_of_unknown_outcome_is_done_again(project: Project) -> None:
    project.steps(STEPS)
    project.cluster.answer[N, ("set", "y")] = lost_connection(N)
    assert project.run().ret == 12
    del project.cluster.answer[N, ("set", "y")]
    assert project.run().ret == 0
    assert project.cluster.changes == [("set", "x"), ("set", "y"), ("set", "y")]


def test_rows_of_an_earlier_run_count_in_the_report_of_the_attempt(project: Project) -> None:
    project.steps(STEPS)
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    project.run()
    del project.cluster.answer[N, ("set", "y")]
    project.run()
    (row,) = [row for row in project.summary["guide"] if row["id"] == "G02"]
    assert row["state"] == "fulfilled"
    assert "set x on" in row["reason"]


LEDGER = '''
from engine.act.actions import action
from engine.model.change import Change, Nothing, Temporary

@action()
def fencing_off(look):
    """Leaves a temporary change."""
    if look.ask("neteye01.neteyelocal", HAS("x")):
        return Nothing("x is there")
    yield Change("off", "neteye01.neteyelocal", ("set", "x"), 5.0,
                 opens=(Temporary("fencing", "cluster", "enabled"),))

@step("second.off", after=["first.baseline"])
def test_off(fencing_off):
    """Fencing off."""
'''
GIVE_BACK = '''
@action()
def fencing_on(look):
    """Gives it back."""
    yield Change("on", "neteye01.neteyelocal", ("set", "y"), 5.0, closes=(("fencing", "cluster"),))

@step("third.on", after=["second.off"])
def test_on(fencing_on):
    """Fencing on."""
'''


def test_a_run_cannot_be_done_while_a_temporary_change_is_in_place(project: Project) -> None:
    project.steps(LEDGER)
    for _ in range(2):
        result = project.run()
        assert result.ret == 1
        result.stdout.fnmatch_lines(
            [
                "STILL IN PLACE, 1 temporary change:",
                "  fencing of cluster: not seen; * may do it; it was 'enabled' before",
                "*pytest runbook --inventory *inventory.ini --restore",
            ]
        )
        (entry,) = project.summary["ledger"]
        assert (entry["kind"], entry["former"]) == ("fencing", "enabled")
    project.steps(LEDGER + GIVE_BACK)
    assert project.run().ret == 0
    assert project.summary["ledger"] == []


def test_after_a_closed_attempt_nothing_is_changed_any_more(project: Project) -> None:
    project.steps(STEPS + CLOSING)
    assert project.run().ret == 0
    project.cluster.things.clear()
    project.cluster.version = "4.26"
    assert project.run().ret != 0  # the step sees that x is not there
    assert project.cluster.changes == BOTH


def test_a_closed_attempt_and_a_cluster_at_the_start_begin_a_new_one(project: Project) -> None:
    project.steps(STEPS + CLOSING)
    assert project.run().ret == 0
    first = project.summary["attempt"]
    project.cluster.things.clear()
    assert project.run().ret == 0
    assert project.summary["attempt"] not in (None, first)
    assert project.cluster.changes == [*BOTH, *BOTH]
    assert not any((project.latest / "earlier").iterdir())


LEFT = """
from engine.model.finding import Finding

@step("second.change", after=["first.baseline"])
def test_change(x_set, look, evidence):
    '''x is set, and right.'''
    if not evidence.made:
        return
    right = look.ask("neteye01.neteyelocal", HAS("right"))
    found = Finding("x-wrong", "x", "it is wrong", "right", "Mend it, then run again.")
    assert evidence.judge([] if right else [found], observed="looked at")

@step("third.look", after=["first.baseline"])
def test_look(look, evidence):
    '''Another step has made nothing.'''
    assert not evidence.made
"""


def test_what_a_change_left_wrong_is_found_by_each_run_until_it_is_mended(project: Project) -> None:
    project.steps(LEFT)
    for code in (1, 10, 10):  # the later ones have changed nothing themselves
        assert project.run().ret == code
        assert [found["code"] for found in project.events("finding")] == ["x-wrong"]
    assert project.cluster.changes == [("set", "x")]
    project.cluster.answer[N, ("has", "right")] = said()
    assert project.run().ret == 0
    assert project.outcomes()["second.change"] == "nothing to do"
