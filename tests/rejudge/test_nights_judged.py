"""Runs of several nights judged again: one that ends as asked, one that renews the baseline."""

from __future__ import annotations

from dataclasses import replace

from engine.rejudge.compare import State
from tests.plugin.kit import RELEASE, Project
from tests.plugin.several_nights import PAUSES, STAGES, steps_of
from tests.rejudge.again import differences, judged, states

pytest_plugins = "pytester"

RENEWING = '''
from engine.attempt.baseline import RENEWED, as_renewed


@step("update.renewed", after=["first.baseline"], guide=["G01"])
def test_renewed(look, evidence):
    """The baseline is renewed once."""
    if RENEWED not in look.memory.facts and not os.environ.get("FIRST_NIGHT"):
        evidence.remember(RENEWED, values={"placement": "now"})
        look.baseline = as_renewed(look.baseline, look.memory.facts)
    evidence.fulfilled("G01", "looked at")


@step("update.judged", after=["update.renewed"])
def test_judged(look, evidence):
    """What counts is the renewed one."""
    placement = look.baseline.get("placement")
    evidence.judge([bad("placement", "odd-thing", observed=f"{placement}")], observed="seen")
'''


def test_a_run_that_ends_as_asked_is_judged_as_it_was(project: Project) -> None:
    project.release = replace(RELEASE, stages=STAGES, pauses=PAUSES, no_return="upgrade.run")
    project.steps(steps_of())
    assert project.run("--until", "update").ret == 0
    again = judged(project)
    assert differences(again) == []
    assert "upgrade.run" not in states(again)
    assert again.is_same


def test_what_ended_the_night_is_judged_too(project: Project) -> None:
    project.release = replace(RELEASE, stages=STAGES, pauses=PAUSES, no_return="upgrade.run")
    end = """
@step("closing.back", after=["upgrade.run"], ends_night=True)
def test_back(y_set, look):
    '''Something is given back.'''
    assert look.ask("neteye01.neteyelocal", HAS("y"))


"""
    project.steps(steps_of().replace('@step("closing.attempt"', f'{end}@step("closing.attempt"'))
    assert project.run("--until", "update").ret == 0
    again = judged(project)
    assert differences(again) == []
    assert states(again)["closing.back"] is State.WHOLE
    assert again.is_same


def test_a_renewed_baseline_counts_for_the_steps_after_it_and_for_later_runs(
    project: Project,
) -> None:
    project.steps(RENEWING)
    project.monkeypatch.setenv("FIRST_NIGHT", "yes")
    project.run()
    project.monkeypatch.delenv("FIRST_NIGHT")
    for _ in ("the run that renews it", "the one after"):
        project.run()
        told = project.events("finding")[-1]
        assert told["observed"] == "now"
        again = judged(project)
        assert states(again)["update.judged"] is State.WHOLE
        assert differences(again) == []
