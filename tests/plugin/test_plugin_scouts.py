"""A plan goes through its steps ahead of their turn: that is faster, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from engine.run import scouting
from tests.engine.kit import lost_connection
from tests.engine.scripted import said
from tests.plugin.kit import CLOSING, SECOND, N, Project

pytest_plugins = "pytester"

STEPS = '''
from engine.model.query import LocalQuery, Query, of_text

LONG = Query("a long text", ("long",), of_text(len))


@step("first.ask", asks=True, guide=["G01"])
def test_ask(look, evidence):
    """Asks all, and remembers."""
    seen = look.ask_all([N, SECOND], HAS("x"))
    evidence.answered(seen)
    evidence.remember("seen", nodes=sorted(seen.values))
    assert evidence.judge([], observed=f"x on {sorted(seen.values)}")


@step("first.again", asks=True)
def test_again(look, evidence):
    """Asks the same, waits, and asks again."""
    first = look.ask(N, HAS("x"))
    look.wait(0.05)
    assert look.ask(N, HAS("x")) == first
    look.cluster_status()
    look.cluster_status()
    evidence.note(f"a text of {look.ask(N, LONG)}")


@step("first.lost", asks=True)
def test_lost(look, evidence):
    """A question without an answer."""
    look.ask(SECOND, HAS("lost"))


@step("first.here", asks=True)
def test_here(look, evidence):
    """The controller is asked in its turn, and what comes behind it too."""
    told = look.here(LocalQuery("here", "here", lambda: 7, str, int))
    evidence.note(f"{told} here, x is there: {look.ask(N, HAS('x'))}")


@step("first.facts", asks=True)
def test_facts(look, evidence):
    """Goes by what an earlier step has remembered, which its scout can't know."""
    for node in look.memory.facts["seen"]["nodes"]:
        look.ask(node, HAS("by a fact"))
    assert evidence.judge([bad("a subject")], observed="seen")


@step("first.broken", asks=True)
def test_broken(look, evidence):
    """Is wrong itself."""
    look.ask(N, HAS("broken"))
    raise ValueError("broken")


@step("second.change", after=["first.baseline"])
def test_change(x_set, look, evidence):
    """x is set."""


@step("third.change", after=["second.change"])
def test_other(y_set, look, evidence):
    """y is set, if it is not there then."""
'''


def steps(project: Project) -> None:
    names = f'N, SECOND = "{N}", "{SECOND}"\n'
    project.steps(names + STEPS + CLOSING)
    project.cluster.answer[N, ("long",)] = said("x" * 5000)
    project.cluster.answer[SECOND, ("has", "lost")] = lost_connection(SECOND)


def told(project: Project) -> list[dict[str, Any]]:
    """The plan's events but for times, and for names of files that are counted."""
    left_out = {"details", "time", "prev", "run", "answered", "seconds", "started"}
    kinds = ("observation", "finding", "row", "fact", "note", "step-started", "step-ended")
    events = [event for kind in kinds for event in project.events(kind)]
    return [
        {name: value for name, value in event.items() if name not in left_out}
        for event in sorted(events, key=lambda event: event["seq"])
    ]


def test_the_plan_is_the_same_as_one_that_asks_in_its_turns(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(project)
    with monkeypatch.context() as patched:
        patched.setattr(scouting, "_are_wanted", lambda session: False)
        usual = project.run("--plan")
    asked, events = list(project.cluster.asked), told(project)
    project.cluster.asked.clear()
    scouted = project.run("--plan")
    assert scouted.ret == usual.ret == 10

    def order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of one question to several nodes the answers come in any order."""
        return sorted(found, key=lambda e: (e["step"], e["event"], str(e)))

    def plain(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return order([{k: v for k, v in e.items() if k not in ("seq", "output")} for e in found])

    assert plain(told(project)) == plain(events)
    outputs = {e["output"]["text"] for e in events if e["event"] == "observation"}
    assert {e["output"]["text"] for e in told(project) if e["event"] == "observation"} == outputs
    # each question once; after a wait once more, and where a scout could not know of it
    now = project.cluster.asked
    assert len(now) < len(asked)
    assert now.count((N, ("has", "x"))) < asked.count((N, ("has", "x")))
    assert now.count((N, ("long",))) == 1
    assert set(now) == set(asked)


def test_each_answer_has_its_own_time(project: Project) -> None:
    steps(project)
    project.run("--plan")
    observed = project.events("observation")
    mine = [e for e in observed if e["step"] == "first.again"]
    assert mine
    assert all(e["answered"] <= e["time"] for e in mine)
    (begun,) = (e for e in project.events("step-started") if e["step"] == "first.facts")
    by_a_fact = [e for e in observed if e["question"] == "has by a fact"]
    assert by_a_fact
    assert all("answered" not in e and e["time"] >= begun["time"] for e in by_a_fact)


def test_a_scout_leaves_nothing_but_its_answers(project: Project) -> None:
    """It judges, remembers and stops as the step does; none of it is on record twice."""
    steps(project)
    project.run("--plan")
    findings = [(e["step"], e["code"]) for e in project.events("finding")]
    assert findings == [("first.lost", "question-unanswered"), ("first.facts", "bad-thing")]
    assert [e["name"] for e in project.events("fact")].count("seen") == 1
    assert len(project.events("stopped")) == 1
    assert len(list((project.latest / "outputs").iterdir())) == len(
        {e["output"]["file"] for e in project.events("observation") if "file" in e["output"]}
        | {e["whole"]["file"] for e in project.events("observation") if "whole" in e}
    )


UPGRADE = '''
@step("early.ask", asks=True)
def test_early(look, evidence):
    """x is not there yet."""
    assert not any(look.ask_all([N, SECOND], HAS("x")).values.values())


@step("early.again", asks=True)
def test_early_again(look, evidence):
    """Asks the same, and something of its own."""
    assert not look.ask(N, HAS("x"))
    evidence.note(f"z is there: {look.ask(N, HAS('z'))}")


@step("early.twice", asks=True)
def test_early_twice(look, evidence):
    """Asks more often than its scout did."""
    if evidence.step == "early.twice" and look.source.__class__.__name__ == "Scouting":
        look.ask(N, HAS("x"))
        look.ask(N, HAS("x"))


@step("second.change", after=["first.baseline"])
def test_change(x_set, look, evidence):
    """x is set."""


@step("third.look", asks=True)
def test_third(look, evidence):
    """x is there now."""
    assert look.ask(N, HAS("x"))


@step("third.mixed")
def test_mixed(y_set, look, evidence):
    """y is set in a phase that has a step which only asks."""
    assert look.ask(N, HAS("x"))


@step("fourth.look", asks=True)
def test_fourth(look, evidence):
    """y is there, too."""
    assert look.ask(N, HAS("x"))
    assert look.ask(N, HAS("y"))
'''


def test_an_upgrade_asks_ahead_what_a_phase_asks_and_anew_what_may_have_changed(
    project: Project,
) -> None:
    project.steps(f'N, SECOND = "{N}", "{SECOND}"\n' + UPGRADE + CLOSING)
    result = project.run()
    assert result.ret == 0, result.outlines
    observed = [e for e in project.events("observation") if e["question"].startswith("has")]
    early = [e for e in observed if e["step"].startswith("early")]
    assert len(early) == 4
    assert all(e["answered"] <= e["time"] for e in early)
    begun = {e["step"]: e["time"] for e in project.events("step-started")}
    again = [e for e in early if e["step"] == "early.again"]
    assert all(e["answered"] < begun["early.again"] for e in again), "before its turn"
    # early.ask and early.again share an answer; early.twice leaves two that nobody may take later
    (changed,) = (e["time"] for e in project.events("result") if e["step"] == "second.change")
    late = [e for e in observed if e["step"].split(".")[0] in ("third", "fourth")]
    assert [e["step"] for e in late if e["question"] == "has x"] == [
        *("third.look", "third.mixed", "fourth.look"),
    ]
    assert all(e.get("answered", e["time"]) > changed for e in late)
    assert all("answered" not in e for e in late if e["step"].startswith("third"))
    assert all("answered" in e for e in late if e["step"] == "fourth.look")
