"""What is said at a stop leads one way: again, to accepting what was seen, or to support."""

from __future__ import annotations

from tests.engine.kit import lost_connection
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import N, Project

pytest_plugins = "pytester"

STEPS = '''
from engine.model.finding import Way

@step("a.b")
def test_a(evidence):
    """Judges."""
    again = bad("n1", remedy="Mend it, then run again.")
    stop = bad("n2", remedy="Stop here and call support.", way=Way.SUPPORT)
    taken = bad("n3's", remedy="Look, then accept it.", way=Way.ACCEPT)
    upgrade = bad("n4", remedy="Run the upgrade.", way=Way.UPGRADE)
    evidence.judge([{found}], observed="seen")
'''
ONCE = '''
from tests.plugin.kit import z_set_once

@step("second.once", after=["first.baseline"])
def test_once(z_set_once):
    """z is set."""
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


def test_where_the_upgrade_itself_is_to_go_on_its_command_is_printed(project: Project) -> None:
    project.steps(STEPS.format(found="upgrade").replace('"a.b"', '"a.b", scope="both"'))
    assert project.run().ret == 10
    result = project.run("--restore")
    text = "\n".join(result.outlines)
    assert f"next, then: {project.summary['commands']['upgrade']}\n" in text
    assert "--restore" not in project.summary["commands"]["upgrade"]


def test_what_a_person_has_to_settle_is_in_the_next_command(project: Project) -> None:
    project.steps(ONCE)
    project.cluster.answer[N, ("set", "z")] = lost_connection(N)
    result = project.run()
    assert result.ret == 12, result.outlines
    assert problems_of_run(project.latest) == []
    again = project.summary["commands"]["again"]
    line = f"next, then: {again} --settle 'second.once=done|repeat' --reason TEXT --by NAME"
    assert line in result.outlines
