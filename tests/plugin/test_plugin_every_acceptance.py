"""What the table of findings calls acceptable goes on when it is accepted: every code of it.

The severities are the runbook's own, the weighing is the engine's. A code is found in all places
there are: judged by a step, raised at its end, and in the midst of an action's changes. That no
action of the runbook stops for an acceptable code is held by `drive` in tests/actions/ocs_nodes.py,
wherever one is driven; the runbook's own steps are driven in tests/actions/test_steps_accepted.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.act.actions import action
from engine.act.driving import Action
from engine.ask.look import Look
from engine.model.change import Change, Doubt
from engine.model.finding import Severity
from runbook.to_4_26.severities import SEVERITIES
from tests.plugin.kit import RELEASE, N, Project, bad

pytest_plugins = "pytester"

BLOCKING = sorted(code for code, weight in SEVERITIES.table.items() if weight is Severity.BLOCK)
ACCEPTABLE = [code for code in BLOCKING if code not in SEVERITIES.never_acceptable]
NEVER = sorted(SEVERITIES.never_acceptable)

JUDGED = """
@step("judged.{code}", after=["first.baseline"])
def test_judged_{name}(evidence):
    '''It judges.'''
    evidence.judge([bad("it", code="{code}")], observed="seen")

@step("behind.{code}", after=["judged.{code}"])
def test_behind_{name}(evidence):
    '''It waits for that.'''
    evidence.note("gone on")
"""
RAISED = """
@step("raised.{code}", after=["first.baseline"])
def test_raised_{name}():
    '''It ends by what it has found, as upgrade.window does.'''
    raise StoppedForPerson([bad("it", code="{code}")])

@step("behind.{code}", after=["raised.{code}"])
def test_behind_{name}(evidence):
    '''It waits for that.'''
    evidence.note("gone on")
"""
DOUBTED = """
@step("doubted.changes", after=["first.baseline"])
def test_doubted({action}):
    '''Its action doubts between two changes.'''
"""


def _steps(template: str, codes: list[str], **more: str) -> str:
    names = {code: code.replace("-", "_") for code in codes}
    return "".join(template.format(code=code, name=names[code], **more) for code in codes)


def _accepting(codes: list[str]) -> Iterator[str]:
    for code in codes:
        yield from ("--accept", f"{code}=known")
    yield from ("--by", "A. Rossi")


@pytest.fixture
def real(project: Project) -> Project:
    project.release = replace(RELEASE, severities=SEVERITIES)
    return project


@pytest.mark.parametrize("template", [JUDGED, RAISED], ids=["judged", "raised"])
def test_each_goes_on_behind_the_step_that_finds_it(real: Project, template: str) -> None:
    real.steps(_steps(template, ACCEPTABLE))
    assert real.run(*_accepting(ACCEPTABLE)).ret == 0
    outcomes = real.outcomes()
    assert {code: outcomes[f"behind.{code}"] for code in ACCEPTABLE} == dict.fromkeys(
        ACCEPTABLE, "done"
    )


def test_each_stops_there_when_nobody_accepts_it(real: Project) -> None:
    real.steps(_steps(JUDGED, [*BLOCKING, *sorted(SEVERITIES.never_acceptable - set(BLOCKING))]))
    assert real.run().ret == 10
    outcomes = real.outcomes()
    assert {name for name, said in outcomes.items() if name.startswith("behind.")} == {
        name for name, said in outcomes.items() if said == "not reached"
    }


DOUBTS: list[str] = []
"""The codes that the action below doubts by."""


@action()
def doubting(look: Look) -> Action:
    """A change, and after each doubt of the step's own code another one."""
    yield Change("set first", N, ("set", "first"), deadline=10.0)
    for code in DOUBTS:
        yield Doubt((bad("it", code=code),))
        yield Change(f"set after-{code}", N, ("set", f"after-{code}"), deadline=10.0)
    return "all"


def _doubting(project: Project, monkeypatch: pytest.MonkeyPatch, codes: list[str]) -> None:
    monkeypatch.setattr(f"{__name__}.DOUBTS", codes)
    project.steps(f"from {__name__} import doubting\n" + DOUBTED.format(action="doubting"))


def test_each_goes_on_within_an_action_that_doubts(
    real: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _doubting(real, monkeypatch, ACCEPTABLE)
    assert real.run(*_accepting(ACCEPTABLE)).ret == 0
    assert real.cluster.things == {"first", *(f"after-{code}" for code in ACCEPTABLE)}
    told = {event["code"] for event in real.events("finding") if event["accepted"]}
    assert told == set(ACCEPTABLE)


def test_an_action_stops_for_a_person_at_its_doubt(
    real: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    _doubting(real, monkeypatch, ["ocs-httpd-complains"])
    assert real.run().ret == 11
    assert real.cluster.things == {"first"}
    assert real.run("--plan").ret == 0  # its first change is shown; the doubt comes behind it


@action()
def doubting_first(look: Look) -> Action:
    """A doubt before anything is changed."""
    yield Doubt((bad("it", code="ocs-credentials-other"),))
    yield Change("set after", N, ("set", "after"), deadline=10.0)
    return "made"


def test_a_plan_tells_what_an_action_doubts_before_its_first_change(real: Project) -> None:
    codes = ["ocs-credentials-other"]
    real.steps(f"from {__name__} import doubting_first\n" + DOUBTED.format(action="doubting_first"))
    assert real.run("--plan").ret == 10
    assert {finding["code"] for finding in real.summary["findings"]} == set(codes)
    result = real.run("--plan", *_accepting(codes))
    assert result.ret == 0
    assert "set after" in result.stdout.str()
    assert real.cluster.things == set()


@pytest.mark.parametrize("code", NEVER)
def test_what_nobody_can_accept_is_refused_at_once(real: Project, code: str) -> None:
    real.steps("")
    result = real.run("--accept", f"{code}=x", "--by", "A")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*--accept {code}: this finding can't be accepted by anybody*"])
    assert real.is_untouched
