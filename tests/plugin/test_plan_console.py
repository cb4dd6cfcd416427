"""A plan on the console: its sum first, then what acts or blocks; the rest is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.model.release import Stage
from tests.plugin.kit import RELEASE, Project
from tests.plugin.plans import steps_of, words_of

pytest_plugins = "pytester"

MANY = "".join(
    f'''
@step("first.check{number}", asks=True)
def test_check_{number}(evidence):
    """Asks."""
    evidence.judge([], observed="number {number} is as it should be")
'''
    for number in range(12)
)
STEPS = f'''{MANY}
@step("second.change", after=["first.baseline", "first.check1"])
def test_change(x_set, look):
    """x is set."""

@step("third.check", after=["second.change"])
def test_after(look, evidence):
    """Looks."""
'''
HIDDEN = ("first.check3", "third.check", "number 3 is as it should be")


def told(result: pytest.RunResult) -> list[str]:
    """From the plan's first line to its last."""
    lines = result.outlines
    first = next(number for number, line in enumerate(lines) if line.startswith("PLAN:"))
    return lines[first : lines.index("outcome: planned, exit code 0")]


def test_it_shows_what_acts_and_counts_the_rest(project: Project) -> None:
    project.steps(STEPS)
    result = project.run("--plan")
    assert result.ret == 0
    text = words_of(result)
    assert "WILL RUN second.change neteye01 set x" in text
    counted = "2 only looking, 12 satisfied"
    assert f"not shown: 14 of 15 steps ({counted}); --plan=all shows them" in text
    assert [word for word in HIDDEN if word in text] == []
    # one of ten shows that it goes on
    assert "asked and judged: 10 checks, the last is first.check9" in text


def test_it_shows_everything_when_asked_to(project: Project) -> None:
    project.steps(STEPS)
    result = project.run("--plan=all")
    assert result.ret == 0
    assert project.summary["mode"] == "plan"
    assert project.cluster.changes == []
    text = words_of(result)
    assert [word for word in HIDDEN if word not in text] == []
    assert "not shown" not in text


def test_files_have_every_step_whatever_is_shown(project: Project) -> None:
    project.steps(STEPS)
    assert project.run("--plan").ret == 0
    short = steps_of(project)
    page = (project.latest / "report.html").read_text()
    assert project.run("--plan=all").ret == 0
    assert steps_of(project) == short
    assert len(short) == 15
    assert [word for word in HIDDEN if word not in page] == []


@pytest.mark.parametrize(
    ("stages", "how_long"),
    [((), ""), ((Stage("all of it", ("first", "second"), 30, 15),), " in about 1 h 15 min")],
    ids=["nothing announced", "announced"],
)
def test_its_first_line_says_what_happens_and_how_long(
    project: Project, stages: tuple[Stage, ...], how_long: str
) -> None:
    project.steps(STEPS)
    project.release = replace(RELEASE, stages=stages, estimate_base=30, estimate_per_node=15)
    lines = told(project.run("--plan"))
    assert lines[0] == f"PLAN: nothing blocks. 1 step would change the cluster{how_long}."
    project.cluster.things.add("x")
    lines = told(project.run("--plan"))
    assert lines[0] == "PLAN: nothing blocks, and there is nothing to change."


def test_it_fits_eighty_columns(project: Project) -> None:
    project.monkeypatch.setenv("COLUMNS", "80")
    project.steps(
        STEPS
        + '''
@step("fourth.check", asks=True)
def test_fourth(evidence):
    """Judges."""
    evidence.judge([bad("a disk " * 12), bad("a clock")], observed="seen " * 60)
'''
    )
    for words in (("--plan",), ("--plan=all",)):
        result = project.run(*words)
        assert result.ret == 10
        whole = [line for line in result.outlines if len(line) > 80]
        # what is pasted stays whole, and so do paths
        kept = ("  accept ", "next, then: ", "head of its journal: ", "evidence", "run ")
        assert [line for line in whole if not line.startswith(kept) and "/" not in line] == []
        assert any(line.startswith("  accept    --accept") for line in whole)


@pytest.mark.parametrize("word", ["--plan=al", "--plan=", "--plan=runbook"])
def test_another_word_is_a_mistake(project: Project, word: str) -> None:
    project.steps(STEPS)
    result = project.run(word)
    assert result.ret == 4
    assert not (project.pytester.path / "reports").exists()


def test_the_option_takes_no_folder_for_its_value(project: Project) -> None:
    project.steps(STEPS)
    project.monkeypatch.setenv("PYTEST_ADDOPTS", "--plan")
    assert project.run().ret == 0
    assert project.summary["mode"] == "plan"
