"""Each step of a plan gets one verdict, and what is not known is not claimed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.engine.kit import lost_connection
from tests.plugin.kit import SECOND, N, Project
from tests.plugin.plans import PRELUDE, plan_of, steps_of, words_of

pytest_plugins = "pytester"


def test_what_needs_an_answer_of_then_is_not_claimed(project: Project) -> None:
    project.steps('''
@step("second.change", after=["first.baseline"])
def test_change(x_set):
    """x is set."""

@step("third.change", after=["second.change"])
def test_other(y_set):
    """y is set, when it is not there then."""

@step("fourth.check", after=["third.change"])
def test_check(look):
    """Judges."""
''')
    assert project.run("--plan").ret == 0
    steps = steps_of(project)
    assert steps["second.change"]["verdict"] == "WILL RUN"
    assert steps["third.change"]["verdict"] == "AFTER"
    assert steps["third.change"]["after"] == "second.change"
    assert steps["third.change"]["reason"] == "depends on has y"
    assert (steps["fourth.check"]["verdict"], steps["fourth.check"]["after"]) == (
        "AFTER",
        "second.change",
    )


def test_what_is_there_is_satisfied_and_what_is_asked_is_too(project: Project) -> None:
    project.steps('''
@step("first.check", asks=True, guide=["G01"])
def test_asks(evidence):
    """Asks."""
    evidence.judge([], observed="three of three")

@step("second.change", after=["first.baseline"])
def test_change(x_set):
    """x is set."""

@step("third.check", after=["second.change"])
def test_check(look):
    """Looks later."""
''')
    project.cluster.things.add("x")
    assert project.run("--plan").ret == 0
    steps = steps_of(project)
    assert steps["first.check"]["reason"] == "three of three"
    assert steps["second.change"]["verdict"] == "SATISFIED"
    assert steps["second.change"]["reason"] == "x is there"
    # nothing changes before it, so it does not come AFTER anything; it is not claimed to be good
    assert steps["third.check"]["verdict"] == "WILL RUN"
    assert steps["third.check"]["commands"] == []


def test_everything_behind_a_blocked_step_is_blocked_by_its_findings(project: Project) -> None:
    project.steps('''
@step("first.check", asks=True)
def test_asks(evidence):
    """Asks."""
    evidence.judge([bad("a disk")], observed="seen")

@step("first.other", asks=True)
def test_asks_too(evidence):
    """Asks."""
    evidence.judge([bad("a clock")], observed="seen")

@step("second.change", after=["first.check"])
def test_change(x_set):
    """x is set."""

@step("third.change", after=["second.change", "first.other"])
def test_other(y_set):
    """y is set."""

@step("closing.state")
def test_state():
    """Waits for nobody."""
''')
    result = project.run("--plan")
    assert result.ret == 10
    steps = steps_of(project)
    for name, waits_for, subjects in (
        ("first.check", [], ["a disk"]),
        ("second.change", ["first.check"], ["a disk"]),
        ("third.change", ["first.check", "first.other"], ["a disk", "a clock"]),
    ):
        assert steps[name]["verdict"] == "BLOCKED"
        assert steps[name]["waits_for"] == waits_for
        assert [f["subject"] for f in steps[name]["findings"]] == subjects
        assert steps[name]["commands"] == []
    assert steps["closing.state"]["verdict"] == "WILL RUN"
    result.stdout.fnmatch_lines(
        [
            "PLAN: BLOCKED at first.check, first.other by bad-thing. *",
            "*BLOCKS*bad-thing? a disk",
            "*BLOCKS*bad-thing? a clock",
            "*2 waiting for those that block*",
            "outcome: blocked, exit code 10",
        ]
    )
    assert plan_of(project)["material"]["blocking"] == [
        ["bad-thing", "a clock"],
        ["bad-thing", "a disk"],
    ]


def test_accepting_shows_what_would_follow(project: Project) -> None:
    project.steps('''
@step("first.check", asks=True)
def test_asks(evidence):
    """Asks."""
    evidence.judge([bad("a disk")], observed="seen")

@step("second.change", after=["first.check"])
def test_change(x_set):
    """x is set."""
''')
    accept = ("--accept", "bad-thing@a disk=it is enough", "--by", "A. Rossi")
    result = project.run("--plan", *accept)
    assert result.ret == 0
    assert steps_of(project)["second.change"]["verdict"] == "WILL RUN"
    (said,) = re.findall(r"accepted \[bad-thing\] a disk: .* verdict", words_of(result))
    assert "A. Rossi" in said
    assert "it is enough" in said
    (acceptance,) = plan_of(project)["material"]["acceptances"]
    assert acceptance["by"] == "A. Rossi"


def test_what_only_a_person_can_decide_is_manual(project: Project) -> None:
    project.steps(
        PRELUDE
        + '''
@action()
def asked_first(look):
    raise StoppedForPerson([bad("a file")])
    yield

@step("second.change", after=["first.baseline"])
def test_change(asked_first):
    """A person decides."""

@step("third.change", after=["second.change"])
def test_other(y_set):
    """y is set."""
'''
    )
    result = project.run("--plan")
    assert result.ret == 10
    steps = steps_of(project)
    assert steps["second.change"]["verdict"] == "MANUAL"
    assert steps["third.change"]["verdict"] == "BLOCKED"
    assert steps["third.change"]["findings"] == [{"code": "bad-thing", "subject": "a file"}]
    assert project.summary["outcome"] == "blocked"
    result.stdout.fnmatch_lines(["MANUAL*second.change*a person decides: ?bad-thing? a file"])


def test_an_action_that_can_not_go_on_is_manual_too(project: Project) -> None:
    project.steps(
        PRELUDE
        + '''
from engine.errors import RunbookError

@action()
def odd(look):
    raise RunbookError("the thing is odd, expected even; look at it")
    yield

@step("second.change", after=["first.baseline"])
def test_change(odd):
    """It is odd."""
'''
    )
    assert project.run("--plan").ret == 10
    seen = steps_of(project)["second.change"]
    assert seen["verdict"] == "MANUAL"
    assert "expected even" in seen["reason"]


ONCE = '''
@step("second.once", after=["first.baseline"])
def test_once(z_set_once):
    """z is set, once."""
'''


def test_an_unknown_outcome_waits_for_a_persons_word(project: Project) -> None:
    project.steps(ONCE)
    project.cluster.answer[N, ("set", "z")] = lost_connection(N)
    assert project.run().ret == 12
    del project.cluster.answer[N, ("set", "z")]
    result = project.run("--plan")
    assert result.ret == 10
    seen = steps_of(project)["second.once"]
    assert (seen["verdict"], seen["findings"][0]["code"]) == ("MANUAL", "outcome-unknown")
    result.stdout.fnmatch_lines(["*--settle 'second.once=done|repeat' --reason TEXT --by NAME.*"])
    # its effect is there: the run would adopt it, whoever saw it end
    project.cluster.things.add("z")
    assert project.run("--plan").ret == 0
    assert steps_of(project)["second.once"]["verdict"] == "SATISFIED"


LEDGER = '''
from engine.model.change import Temporary

@action()
def gone_to_standby(look):
    yield Change("take", N, ("set", "x"), 9.0, may_fail=True, detached="take-1",
                 opens=(Temporary("standby", SECOND, "active"),
                        Temporary("fencing", "cluster", "enabled")))

@action()
def back_again(look):
    if not look.cluster_status().standby_nodes:
        return Nothing("no node is in standby")
    yield Change("give back", N, ("set", "y"), 9.0, closes=(("standby", SECOND),))

@action()
def fenced_again(look):
    if look.cluster_status().options.stonith_enabled:
        return Nothing("fencing is on")
    if not (look.baseline or {}).get("fencing"):
        return Nothing("fencing was off before")
    yield Change("fence", N, ("set", "f"), 9.0, closes=(("fencing", "cluster"),))

@action()
def taken_again(look):
    done = [r for r in look.memory.detached("take") if r.result and r.result.get("code") == 0]
    if done:
        return Nothing("taken")
    yield Change("take", N, ("set", "x"), 9.0)

@action()
def moved(look):
    if look.cluster_status().resource("mariadb"):
        return Nothing("it is there")
    yield Change("move", N, ("set", "m"), 9.0)

@step("second.back", after=["first.baseline"])
def test_early(back_again):
    """Nothing to give back yet."""

@step("third.take", after=["second.back"])
def test_take(gone_to_standby):
    """The vendor's command takes what it is known to take."""

@step("third.again", after=["third.take"])
def test_again(taken_again):
    """Once more, when it has not worked."""

@step("third.moved", after=["third.take"])
def test_moved(moved):
    """What else the command does to the cluster is not known."""
'''
BACK = '''
@step("fourth.back", after=["third.take"])
def test_back(back_again_too):
    """What was taken is given back."""

@step("fourth.fencing", after=["fourth.back"])
def test_fencing(fenced_again):
    """Fencing as it was."""

@action()
def back_again_too(look):
    if not look.cluster_status().standby_nodes:
        return Nothing("no node is in standby")
    yield Change("give back", N, ("set", "y"), 9.0, closes=(("standby", SECOND),))

@step("fifth.back", after=["fourth.back"])
def test_late(back_again_last):
    """Nothing is left then."""

@action()
def back_again_last(look):
    if not look.cluster_status().standby_nodes:
        return Nothing("no node is in standby")
    yield Change("give back", N, ("set", "y"), 9.0)
'''


def test_the_ledger_of_the_changes_ahead_is_known(project: Project) -> None:
    project.steps(PRELUDE + LEDGER + BACK)
    assert project.run("--plan").ret == 0
    steps = steps_of(project)
    verdicts = {name: step["verdict"] for name, step in steps.items()}
    assert verdicts == {
        "first.baseline": "WILL RUN",
        "second.back": "SATISFIED",
        "third.take": "WILL RUN",
        "third.again": "AFTER",
        "third.moved": "AFTER",
        "fourth.back": "WILL RUN",
        "fourth.fencing": "WILL RUN",
        "fifth.back": "SATISFIED",
    }
    assert steps["third.again"]["reason"] == "depends on how 'take' ends"
    assert steps["third.moved"]["reason"] == "depends on the cluster's resource"
    (command,) = steps["third.take"]["commands"]
    assert command["opens"] == [f"standby of {SECOND}", "fencing of cluster"]


DECLARED = '''
def all_of_it(look):
    if look.ask(N, HAS("w")):
        return Nothing("w is there")
    return Foreseen(tuple(Change(f"w{i}", N, ("set", f"w{i}"), 9.0) for i in (1, 2)), "and so on")

@action(planned=all_of_it, despite=("second",), expected="set w")
def w_set(look):
    raise AssertionError("a plan asks the declaration")
    yield

@step("second.change", after=["first.baseline"])
def test_change(x_set):
    """x is set."""

@step("third.change", after=["second.change"])
def test_other(w_set):
    """w is set."""
'''


def test_an_action_declares_all_of_its_changes(project: Project) -> None:
    project.steps(PRELUDE + DECLARED)
    result = project.run("--plan")
    assert result.ret == 0
    seen = steps_of(project)["third.change"]
    assert seen["verdict"] == "WILL RUN"
    assert [c["command"] for c in seen["commands"]] == ["set w1", "set w2"]
    assert seen["notes"] == ["by what is there now, before second.change"]
    result.stdout.fnmatch_lines(["*third.change*set w1", "*set w2", "*(and so on)"])
    project.cluster.things.add("w")
    project.run("--plan")
    assert steps_of(project)["third.change"]["verdict"] == "SATISFIED"


def test_a_declaration_is_not_asked_behind_other_changes(project: Project) -> None:
    other = DECLARED.replace('despite=("second",)', 'despite=("update",)').replace(
        'raise AssertionError("a plan asks the declaration")', 'look.ask(N, HAS("w"))'
    )
    project.steps(PRELUDE + other)
    assert project.run("--plan").ret == 0
    seen = steps_of(project)["third.change"]
    assert (seen["verdict"], seen["expected"]) == ("AFTER", "set w")


@pytest.mark.parametrize(
    ("told", "verdict"),
    [('Bookkeeping("it is written", N)', "WILL RUN"), ('Nothing("written")', "SATISFIED")],
)
def test_bookkeeping_says_so(project: Project, told: str, verdict: str) -> None:
    project.steps(
        PRELUDE
        + f'''
@step("second.books", after=["first.baseline"])
@planned_by(lambda look, evidence: {told})
def test_books(look):
    """Writes."""
    raise AssertionError("a plan does not run this")
'''
    )
    assert project.run("--plan").ret == 0
    seen: dict[str, Any] = steps_of(project)["second.books"]
    assert seen["verdict"] == verdict
    assert seen["books_on"] == (N if verdict == "WILL RUN" else None)
