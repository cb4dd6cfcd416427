"""--plan asks, judges and shows; it changes nothing, here or there."""

from __future__ import annotations

import pytest

from engine.attempt import remote
from engine.attempt.records import RecordsWriter
from engine.queries.neteye import VERSION
from tests.engine.scripted import said
from tests.plugin.kit import N, Project

pytest_plugins = "pytester"

STEPS = '''
@step("first.check", asks=True, guide=["G01"])
def test_check(look, evidence):
    """Asks beforehand."""
    evidence.judge([], observed=f"x is there: {look.ask('neteye01.neteyelocal', HAS('x'))}")

@step("second.change", after=["first.baseline", "first.check"])
def test_change(x_set, look):
    """x is set."""
    assert look.ask("neteye01.neteyelocal", HAS("x"))

@step("third.check", after=["second.change"])
def test_after(look, evidence):
    """Asks afterwards."""
    assert False, "a plan does not run this"
'''


def test_a_plan_sees_questions_only(project: Project) -> None:
    project.steps(STEPS)
    result = project.run("--plan")
    assert result.ret == 0, result.outlines
    assert project.summary["mode"] == "plan"
    assert project.summary["outcome"] == "planned"
    assert project.cluster.changes == []
    assert set(project.cluster.scripts) <= {remote.READ.strip()}
    # no lock, no attempt, no record: not even their directory
    assert not project.cluster.root.exists()
    assert project.events("intent") == []
    assert project.events("attempt-opened") == []


def test_it_says_what_would_be_done_and_what_not(project: Project) -> None:
    project.steps(STEPS)
    result = project.run("--plan")
    outcomes = project.outcomes()
    assert outcomes["first.check"] == "SATISFIED"
    assert outcomes["second.change"] == "WILL RUN"
    assert outcomes["third.check"] == "AFTER"
    result.stdout.fnmatch_lines(["PLAN: nothing blocks. 1 step would*", "*WILL RUN*set x*"])

    project.cluster.things.add("x")
    project.run("--plan")
    assert project.outcomes()["second.change"] == "SATISFIED"


def test_findings_block_a_plan(project: Project) -> None:
    project.steps('''
@step("first.check", asks=True)
def test_check(evidence):
    """Judges."""
    evidence.judge([bad()], observed="seen")
''')
    assert project.run("--plan").ret == 10
    assert not project.cluster.root.exists()


def test_a_plan_needs_no_lock_and_takes_none(project: Project) -> None:
    project.steps(STEPS)
    RecordsWriter(project.cluster, N, {"who": "B. Bianchi"}).acquire()
    project.cluster.asked.clear()
    lock = (project.cluster.root / "lock").read_text()
    assert project.run("--plan").ret == 0
    assert (project.cluster.root / "lock").read_text() == lock
    assert project.cluster.scripts == [remote.READ.strip()]


def test_a_plan_leaves_an_attempt_as_it_is(project: Project) -> None:
    project.steps(STEPS.replace('assert False, "a plan does not run this"', "pass"))
    assert project.run().ret == 0
    before = {path: path.read_bytes() for path in project.cluster.root.rglob("*") if path.is_file()}
    assert project.run("--plan").ret == 0
    after = {path: path.read_bytes() for path in project.cluster.root.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("text", ["", "garbage", "NetEye release four"])
def test_an_unreadable_version_is_no_crash_of_a_plan(project: Project, text: str) -> None:
    project.steps(STEPS)
    project.cluster.answer[N, VERSION.argv] = said(text)
    assert project.run("--plan").ret == 0


APART = '''
from engine.act.actions import action
from engine.model.change import Change, Temporary

@action()
def silence(look):
    yield Change("silence", "neteye01.neteyelocal", ("set", "quiet"), 9.0, apart=True,
                 opens=(Temporary("downtime", "cluster", "none"),))

@action(expected="set loud")
def noise(look):
    assert ("downtime", "cluster") in look.memory.ledger
    look.ask("neteye01.neteyelocal", HAS("quiet"))
    yield Change("noise", "neteye01.neteyelocal", ("set", "loud"), 9.0, apart=True)

@step("first.silence", after=["first.baseline"])
def test_silence(silence, look):
    """Nobody is told."""

@step("second.change", after=["first.baseline"])
def test_change(x_set, look):
    """x is set."""

@step("third.noise", after=["second.change"])
def test_noise(noise, look):
    """Everybody is told."""
'''


def test_a_change_apart_from_all_others_takes_nothing_of_what_a_plan_knows(
    project: Project,
) -> None:
    project.steps(APART)
    assert project.run("--plan").ret == 0
    outcomes = project.outcomes()
    assert outcomes["first.silence"] == "WILL RUN"
    assert outcomes["second.change"] == "WILL RUN"
    assert outcomes["third.noise"] == "AFTER"
