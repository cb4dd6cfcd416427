"""`--settle`: a person's word is taken where an outcome is unknown, and outlives the run."""

from __future__ import annotations

import pytest

from tests.engine.kit import lost_connection, unreachable
from tests.plugin.kit import FINDING, N, Project, Saver

pytest_plugins = "pytester"

STEPS = '''
@step("second.once", after=["first.baseline"])
def test_once(z_set_once):
    """z is set by a command that must not be run twice."""

@step("third.change", after=["second.once"])
def test_other(y_set):
    """y is set."""
'''
WORD = ("--reason", "seen on the node", "--by", "A. Rossi")
ONCE, OTHER = ("set", "z"), ("set", "y")


def settle(step: str, word: str) -> tuple[str, ...]:
    return ("--settle", f"{step}={word}", *WORD)


def not_heard(project: Project) -> None:
    project.steps(STEPS)
    project.cluster.answer[N, ONCE] = lost_connection(N)
    assert project.run().ret == 12
    del project.cluster.answer[N, ONCE]


@pytest.fixture
def unknown(project: Project, saver: Saver) -> Project:
    """A first run did not hear how the change ended."""
    saver.begun(project, not_heard)
    return project


@pytest.mark.parametrize(
    ("word", "changes"), [("done", [ONCE, OTHER]), ("repeat", [ONCE, ONCE, OTHER])]
)
def test_a_word_lets_the_run_go_on(
    unknown: Project, word: str, changes: list[tuple[str, ...]]
) -> None:
    assert unknown.run(*settle("second.once", word)).ret == 0
    assert unknown.cluster.changes == changes
    (event,) = unknown.events("settled")
    assert (event["step"], event["word"], event["by"]) == ("second.once", word, "A. Rossi")


def test_what_was_settled_as_done_is_on_record_as_such(unknown: Project) -> None:
    assert unknown.run(*settle("second.once", "done")).ret == 0
    told = [e for e in unknown.events("result") if e["key"].startswith("second.once")]
    assert [(e["outcome"], e["reason"]) for e in told] == [
        ("ok", "settled as done by A. Rossi: seen on the node")
    ]
    assert unknown.run().ret == 0
    assert unknown.cluster.changes == [ONCE, OTHER]


def test_a_word_outlives_a_run_that_stopped_before_its_step(unknown: Project) -> None:
    unknown.steps(
        FINDING.format(name="early") + STEPS.replace('["first.baseline"]', '["early.finding"]')
    )
    assert unknown.run(*settle("second.once", "repeat")).ret == 10
    unknown.steps(STEPS)
    assert unknown.run().ret == 0
    assert unknown.cluster.changes == [ONCE, ONCE, OTHER]


def test_a_word_outlives_a_repetition_that_was_never_started(unknown: Project) -> None:
    unknown.cluster.answer[N, ONCE] = unreachable(N)
    assert unknown.run(*settle("second.once", "repeat")).ret == 1
    del unknown.cluster.answer[N, ONCE]
    unknown.cluster.asked.clear()
    assert unknown.run().ret == 0
    assert unknown.cluster.changes == [ONCE, OTHER]


def test_a_word_is_on_n_before_anything_else_happens(unknown: Project) -> None:
    unknown.steps(
        '''
@step("early.kill")
def test_kill(evidence):
    """The run ends without a word."""
    with open("on-n-then", "w") as copy:
        for path in __import__("pathlib").Path("on-n/attempts").glob("*/journal/*"):
            copy.write(path.read_text())
    evidence.note("kept")
'''
        + STEPS
    )
    assert unknown.run(*settle("second.once", "done")).ret == 0
    assert '"event": "settled"' in (unknown.path / "on-n-then").read_text()


REFUSED = {
    "third.change": "*--settle third.change=done: its outcome is not unknown; of unknown outcome:"
    " second.once*",
    "first.baseline": "*its outcome is not unknown; of unknown outcome: second.once*",
}


@pytest.mark.parametrize("step", REFUSED)
def test_a_step_that_is_not_unknown_is_refused(unknown: Project, step: str) -> None:
    on_n = {p: p.read_bytes() for p in unknown.cluster.root.glob("attempts/**/*") if p.is_file()}
    result = unknown.run(*settle(step, "done"))
    assert result.ret == 4
    result.stdout.fnmatch_lines([REFUSED[step]])
    assert unknown.cluster.changes == [ONCE]
    assert unknown.events("settled") == []
    after = {p: p.read_bytes() for p in unknown.cluster.root.glob("attempts/**/*") if p.is_file()}
    assert set(after) >= set(on_n)
    assert all(after[path].startswith(text) for path, text in on_n.items())
    assert (unknown.cluster.root / "lock").read_text().splitlines()[1] == "free"


def test_without_any_unknown_it_says_so(project: Project) -> None:
    project.steps(STEPS)
    result = project.run(*settle("second.once", "done"))
    assert result.ret == 4
    result.stdout.fnmatch_lines(["*its outcome is not unknown; no step is to be settled*"])
    assert project.cluster.changes == []


def test_a_step_that_does_not_exist_is_refused_before_anything_is_asked(project: Project) -> None:
    project.steps(STEPS)
    result = project.run(*settle("second.twice", "done"))
    assert result.ret == 4
    assert project.cluster.asked == []
    result.stderr.fnmatch_lines(["*--settle second.twice: the runbook has no step of this name*"])


def test_a_plan_settles_nothing(project: Project) -> None:
    project.steps(STEPS)
    result = project.run("--plan", *settle("second.once", "done"))
    assert result.ret == 4
    assert project.is_untouched
    result.stderr.fnmatch_lines(["*--settle with --plan: a plan records nothing*"])
