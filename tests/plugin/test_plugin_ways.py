"""What is said at a stop leads one way: again, to accepting what was seen, or to support."""

from __future__ import annotations

from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import Project

pytest_plugins = "pytester"

STEPS = '''
from engine.model.finding import Way

@step("a.b")
def test_a(evidence):
    """Judges."""
    again = bad("n1", remedy="Mend it, then run again.")
    stop = bad("n2", remedy="Stop here and call support.", way=Way.SUPPORT)
    taken = bad("n3's", remedy="Look, then accept it.", way=Way.ACCEPT)
    evidence.judge([{found}], observed="seen")
'''


def told(project: Project, found: str) -> str:
    project.steps(STEPS.format(found=found))
    result = project.run()
    assert result.ret == 10, result.outlines
    assert problems_of_run(project.latest) == []
    return "\n".join(result.outlines)


def test_who_is_told_to_stop_is_not_told_to_run_again(project: Project) -> None:
    text = told(project, "again, stop")
    assert "What to do: Stop here and call support." in text
    assert "run again" not in text
    assert "BLOCKS [bad-thing] n1: n1 is bad; expected good." in text
    assert "next, then" not in text
    assert f"when support says so: {project.summary['commands']['again']}" in text
    assert project.summary["stopped"]["way"] == "support"
    assert "When support says so:" in (project.latest / "report.html").read_text()


def test_the_next_command_accepts_what_it_would_only_find_again(project: Project) -> None:
    text = told(project, "taken")
    command = "--inventory inventory.ini --accept 'bad-thing@n3'\"'\"'s=REASON' --by NAME"
    assert f"next, then: {project.summary['commands']['again']}" in text
    assert command in text
    assert project.summary["stopped"]["accept"] == ["bad-thing@n3's"]


def test_beside_something_to_mend_both_are_named(project: Project) -> None:
    text = told(project, "again, taken")
    assert "What to do: Mend it, then run again. Look, then accept it." in text
    assert "--accept 'bad-thing@n3'" in text


def test_a_cause_to_mend_needs_the_same_command_only(project: Project) -> None:
    text = told(project, "again")
    assert "--accept" not in text
    assert f"next, then: {project.summary['commands']['again']}" in text.splitlines()
