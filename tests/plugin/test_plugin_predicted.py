"""A rehearsal's prediction beside what then happens, seen from outside: live, in plan and end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.model.finding import Severities, Severity
from engine.model.release import Stage
from engine.report.evidence_files import read_unaltered
from tests.evidence.schemas import problems_of_run
from tests.evidence.sealed import new_key
from tests.plugin.kit import INVENTORY, RELEASE, Project, Saver
from tests.plugin.several_nights import PAUSES, STAGES, steps_of
from tests.rejudge.again import judged

pytest_plugins = "pytester"

STEPS = """
@step("second.change", after=["first.baseline"])
def test_change(x_set, look, evidence):
    "x is set."
    evidence.judge([bad("neteye02.neteyelocal", code="odd-thing")], observed="seen")
    evidence.remember("conflicts-1", files={"neteye02.neteyelocal": ["/etc/a.rpmnew"]})

"""
MORE = """
@step("second.more", after=["second.change"])
def test_more(y_set, evidence):
    "y is set."

"""
CLOSED = """
@step("third.closed", after=["second.change"])
def test_closed(runbook_session, evidence):
    "The attempt is closed."
    if not runbook_session.look.memory.closed:
        runbook_session.close_attempt()
    evidence.note("closed")

"""
STATEMENT = "rehearsal.json"


@pytest.fixture(autouse=True)
def _weights(project: Project) -> None:
    table = {**RELEASE.severities.table, "not-as-predicted": Severity.WARN}
    weights = Severities(table=table, never_acceptable=RELEASE.severities.never_acceptable)
    project.release = replace(RELEASE, severities=weights)


def green(project: Project) -> None:
    key = new_key(project.path)
    project.write("inventory.ini", f"{INVENTORY}runbook_signing_key = {key}\n")
    project.steps(STEPS + CLOSED)
    assert project.run().ret == 0


@pytest.fixture
def rehearsed(project: Project, saver: Saver) -> Path:
    """The statement of a green rehearsal; the cluster is as before it."""
    saver.begun(project, green)
    directory = project.latest
    # another cluster, with other nodes of the same roles
    project.cluster.things.clear()
    remove_records(project.path / "on-n")
    project.write("prod.ini", f"{INVENTORY}runbook_rehearsal = {directory / STATEMENT}\n")
    return directory / STATEMENT


def remove_records(place: Path) -> None:
    import shutil

    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()


def run(project: Project, *options: str) -> pytest.RunResult:
    return project.run("--inventory", "prod.ini", *options)


def deviations(project: Project) -> list[tuple[str, str, str, str]]:
    told = project.events("deviation")
    return [(e["kind"], e["how"], e["of"], e["what"]) for e in told]


def warned(project: Project) -> list[dict[str, Any]]:
    return [f for f in project.summary["findings"] if f["code"] == "not-as-predicted"]


def test_the_same_upgrade_differs_in_nothing(project: Project, rehearsed: Path) -> None:
    result = run(project)
    assert result.ret == 0
    assert deviations(project) == []
    assert warned(project) == []
    told = project.summary["predicted"]
    assert (told["run"], told["differ"], told["to_come"]) == (rehearsed.parent.name, 0, 0)
    assert told["same"] == 3
    result.stdout.fnmatch_lines([f"predicted by {rehearsed.parent.name}: 3 as predicted, 0 *"])
    assert "DEVIATION" not in result.stdout.str()
    page = (project.latest / "evidence.html").read_text()
    assert '<section id="predicted">' in page
    assert "Nothing of another kind came." in page
    assert problems_of_run(project.latest) == []
    read_unaltered(project.latest)


def test_what_nobody_predicted_is_told_as_it_happens_and_the_run_goes_on(
    project: Project, rehearsed: Path
) -> None:
    finding = 'bad("neteye03.neteyelocal", code="odd-thing")'
    project.steps(STEPS.replace("evidence.judge([", f"evidence.judge([{finding}, ") + MORE + CLOSED)
    result = run(project)
    assert result.ret == 0
    assert deviations(project) == [
        ("finding", "not predicted", "second.change", "odd-thing"),
        ("change", "not predicted", "second.more", "set y"),
    ]
    result.stdout.fnmatch_lines(
        [
            "*second.change*",
            "FIRST DEVIATION from the rehearsal: second.change: finding not predicted: odd-thing"
            " on operative 3 (neteye03.neteyelocal)",
            "*second.more*",
            "NOT AS PREDICTED: second.more: change not predicted: set y on operative 1*",
            "predicted by *first deviation: second.change: finding not predicted: odd-thing*",
        ]
    )
    weights = [(f["subject"], f["severity"]) for f in warned(project)]
    assert weights == [("second.change", "warn"), ("second.more", "warn")]
    page = (project.latest / "evidence.html").read_text()
    assert '<section id="predicted" data-count="2">' in page
    assert "change in second.more: set y" in page
    assert "not as predicted" in (project.latest / "live.html").read_text()
    assert problems_of_run(project.latest) == []
    assert judged(project).is_same


def test_a_planned_stop_that_does_not_come_and_another_one(
    project: Project, rehearsed: Path
) -> None:
    project.steps(STEPS.replace("/etc/a.rpmnew", "/etc/b.rpmnew") + CLOSED)
    assert run(project).ret == 0
    assert deviations(project) == [
        ("stop", "did not come", "second.change", "/etc/a.rpmnew"),
        ("stop", "not predicted", "second.change", "/etc/b.rpmnew"),
    ]


def test_a_finding_that_does_not_come_is_told_and_warns_of_nothing(
    project: Project, rehearsed: Path
) -> None:
    project.steps(STEPS.replace('bad("neteye02.neteyelocal", code="odd-thing")', "") + CLOSED)
    result = run(project)
    assert deviations(project) == [("finding", "did not come", "second.change", "odd-thing")]
    assert warned(project) == []
    assert "DEVIATION" not in result.stdout.str()
    assert project.summary["predicted"]["differ"] == 1


def test_a_run_that_was_stopped_and_goes_on_is_compared_as_one_upgrade(
    project: Project, rehearsed: Path
) -> None:
    blocked = '\n@step("second.wait", after=["second.change"])\ndef test_wait(evidence):\n'
    blocked += '    "Waits."\n    assert evidence.judge([bad("n1")], observed="seen")\n\n'
    closed = CLOSED.replace("second.change", "second.wait")
    project.steps(STEPS + blocked + closed)
    assert run(project).ret == 1
    assert deviations(project) == [("finding", "not predicted", "second.wait", "bad-thing")]
    assert run(project, "--accept", "bad-thing@n1=it is known", "--by", "A. Rossi").ret == 0
    assert deviations(project) == []
    told = project.summary["predicted"]
    assert (told["same"], told["differ"], told["to_come"]) == (3, 1, 0)
    assert told["first"] == "second.wait: finding not predicted: bad-thing"


ASKS = (
    STEPS
    + """
@step("second.wait", after=["second.change"])
def test_wait(evidence):
    "A file is merged."
    assert evidence.judge([bad("neteye02.neteyelocal")], observed="seen")

"""
    + CLOSED.replace("second.change", "second.wait")
)
DECIDED = ("--accept", "bad-thing=merged by hand", "--by", "A. Rossi")


def question(project: Project) -> str:
    """The row of the page, without its tags."""
    page = (project.latest / "evidence.html").read_text()
    section = page.partition('<section id="predicted"')[2].partition("</section>")[0]
    found = re.findall("<tr.*?</tr>", section)
    rows = [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in found]
    return next((row for row in rows if "question for a person in second.wait" in row), "")


@pytest.fixture
def _asks(project: Project) -> None:
    project.release = replace(project.release, questions=frozenset({"bad-thing"}))


@pytest.mark.usefixtures("_asks")
def test_a_question_that_was_predicted_and_comes(project: Project) -> None:
    key = new_key(project.path)
    project.write("inventory.ini", f"{INVENTORY}runbook_signing_key = {key}\n")
    project.steps(ASKS)
    assert project.run().ret == 1  # it asks
    assert project.run(*DECIDED).ret == 0
    named = f"{INVENTORY}runbook_rehearsal = {project.latest / STATEMENT}\n"
    project.write("prod.ini", named)
    project.cluster.things.clear()
    remove_records(project.path / "on-n")
    assert run(project).ret == 1
    assert deviations(project) == []
    assert question(project).endswith("operative 2 operative 2 (neteye02.neteyelocal)")
    assert run(project, *DECIDED).ret == 0
    assert deviations(project) == []
    assert project.summary["predicted"]["differ"] == 0
    assert question(project).endswith("operative 2 operative 2 (neteye02.neteyelocal)")


@pytest.mark.usefixtures("_asks")
def test_a_question_that_nobody_predicted(project: Project, rehearsed: Path) -> None:
    project.steps(ASKS)
    result = run(project)
    result.stdout.fnmatch_lines(
        [
            "FIRST DEVIATION from the rehearsal: second.wait: question for a person not predicted:"
            " bad-thing on operative 2 (neteye02.neteyelocal)"
        ]
    )
    assert question(project).endswith("- operative 2 (neteye02.neteyelocal) not predicted")


BACK = """
@step("closing.back", after=["upgrade.run"], ends_night=True)
def test_back(z_set_once, evidence):
    "What the night has taken is given back."
    evidence.note("given back")


@step("closing.attempt", after=["closing.back"])
"""


def test_an_upgrade_of_two_nights_is_compared_as_one(project: Project) -> None:
    project.release = replace(project.release, pauses=PAUSES, stages=STAGES)
    key = new_key(project.path)
    project.write("inventory.ini", f"{INVENTORY}runbook_signing_key = {key}\n")
    project.steps(steps_of().replace('@step("closing.attempt", after=["upgrade.run"])', BACK))
    assert project.run().ret == 0
    named = f"{INVENTORY}runbook_rehearsal = {project.latest / STATEMENT}\n"
    project.write("prod.ini", named)
    project.cluster.things.clear()
    remove_records(project.path / "on-n")
    assert run(project, "--until", "update").ret == 0
    first = project.summary["predicted"]
    assert (first["same"], first["differ"], first["to_come"]) == (2, 0, 1)
    project.cluster.things.discard("z")  # another night takes it again
    assert run(project).ret == 0
    assert deviations(project) == []
    told = project.summary["predicted"]
    assert (told["same"], told["differ"], told["to_come"]) == (3, 0, 0)


def test_what_an_earlier_run_did_not_tell_is_told_at_the_start(
    project: Project, rehearsed: Path
) -> None:
    waiting = '\n@step("second.wait", after=["second.change"])\ndef test_wait(evidence):\n'
    waiting += '    "Waits."\n    assert evidence.judge([bad("n1")], observed="seen")\n\n'
    project.steps(STEPS + MORE + waiting + CLOSED.replace("second.change", "second.wait"))
    assert project.run().ret == 1  # it goes by no rehearsal
    assert run(project).ret == 10
    told = project.events("deviation")
    assert [(one["step"], one["of"], one["kind"]) for one in told] == [
        ("", "second.more", "change"),
        ("", "second.wait", "finding"),
    ]
    assert judged(project).is_same


def test_a_plan_has_it_beside_what_it_says_itself(project: Project, rehearsed: Path) -> None:
    project.cluster.things.add("x")
    result = run(project, "--plan")
    result.stdout.fnmatch_lines(
        [
            f"predicted by the rehearsal {rehearsed.parent.name}, and what",
            "  planned stop in second.change: /etc/a.rpmnew: operative 2; the plan: not*",
            "  NOT AS PREDICTED: change in second.change: set x: did not come*",
        ]
    )
    plan = json.loads((project.latest / "plan.json").read_text())
    (differs,) = plan["predicted"]["differences"]
    assert (differs["what"], differs["how"]) == ("change in second.change: set x", "did not come")
    assert problems_of_run(project.latest) == []


def test_in_a_plan_a_step_that_acts_and_was_predicted_to_is_as_predicted(
    project: Project, rehearsed: Path
) -> None:
    project.steps(STEPS.replace("x_set, look", "z_set_once, look") + MORE + CLOSED)
    run(project, "--plan")
    told = json.loads((project.latest / "plan.json").read_text())["predicted"]
    assert (told["differences"], told["same"]) == ([], 1)


def test_a_plan_has_the_shares_of_the_time_beside_the_announced_ones(project: Project) -> None:
    stages = (Stage("before", ("first",), 15, 0), Stage("upgrade", ("second", "third"), 45, 0))
    project.release = replace(project.release, stages=stages, estimate_base=60, estimate_per_node=0)
    green(project)
    content = json.loads((project.latest / STATEMENT).read_text())
    content["predicted"]["times"] = {"first": 100, "second": 500, "third": 400}
    alone = project.write("alone.json", json.dumps(content | {"key": "", "signature": ""}))
    project.write("prod.ini", f"{INVENTORY}runbook_rehearsal = {alone}\n")
    project.cluster.things.clear()
    remove_records(project.path / "on-n")
    result = run(project, "--plan")
    said = "its time: before 10.0 % (announced 25.0 %); upgrade 90.0 % (announced 75.0 %)"
    assert said in " ".join(result.stdout.str().split())


ASKING = """
@step("first.quick", asks=True)
def test_quick(look, evidence):
    "Nothing is wrong."
    evidence.note("looked")


@step("first.slow", asks=True)
def test_slow(look, evidence):
    "Something is odd."
    look.ask("neteye01.neteyelocal", HAS("x"))
    evidence.judge([bad("neteye03.neteyelocal", code="odd-thing")], observed="seen")

"""


def test_in_a_plan_it_is_told_of_the_step_that_finds_it_not_of_its_scout(
    project: Project, rehearsed: Path
) -> None:
    project.steps(ASKING + STEPS + CLOSED)
    run(project, "--plan")
    told = [(one["step"], one["of"], one["what"]) for one in project.events("deviation")]
    assert told == [("first.slow", "first.slow", "odd-thing")]


def test_another_number_of_nodes_is_said_and_nothing_guessed(
    project: Project, rehearsed: Path
) -> None:
    content = json.loads(rehearsed.read_text())
    content["predicted"]["nodes"] = {"operative": 2}
    content |= {"key": "", "signature": ""}
    alone = project.write("alone.json", json.dumps(content))
    project.write("prod.ini", f"{INVENTORY}runbook_rehearsal = {alone}\n")
    result = run(project)
    assert result.ret == 0
    assert deviations(project) == []
    result.stdout.fnmatch_lines(
        ["*not compared: the rehearsal had 2 operative nodes, this cluster has 3: *"]
    )


def older(content: dict[str, Any]) -> None:
    del content["predicted"]
    content["schema"] = 3


def of_another_upgrade(content: dict[str, Any]) -> None:
    content |= {"source": "4.24", "target": "4.25"}


UNPREDICTED: dict[str, tuple[Callable[[dict[str, Any]], None], str, str]] = {
    "an older one": (
        older,
        "predicts nothing, as an older runbook wrote its statement",
        "it predicts nothing, as an older runbook wrote it; rehearse again",
    ),
    "one of another upgrade": (
        of_another_upgrade,
        "is of an upgrade from 4.24 to 4.25, this one is from 4.25 to 4.26",
        "it predicts an upgrade from 4.24 to 4.25, the run ",
    ),
}


@pytest.mark.parametrize("which", UNPREDICTED)
def test_one_that_predicts_nothing_of_this_upgrade_is_no_prediction(
    project: Project, rehearsed: Path, which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, said, refused = UNPREDICTED[which]
    content = json.loads(rehearsed.read_text())
    spoil(content)
    content |= {"key": "", "signature": ""}
    alone = project.write("alone/rehearsal.json", json.dumps(content))
    project.write("prod.ini", f"{INVENTORY}runbook_rehearsal = {alone}\n")
    assert run(project).ret == 0
    (warning,) = project.summary["warnings"]
    assert warning == (
        f"runbook_rehearsal: the rehearsal {content['run']} {said};"
        " what happens is compared with nothing that was predicted"
    )
    capsys.readouterr()
    assert main(["compare", str(alone), str(project.latest)]) == 4
    assert refused in capsys.readouterr().err
    assert project.events("predicted") == []
    assert project.summary["predicted"] is None
    assert 'id="predicted"' not in (project.latest / "evidence.html").read_text()


def test_compare_names_the_first_deviation_of_a_run_that_went_by_no_rehearsal(
    project: Project, rehearsed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.steps(STEPS.replace("/etc/a.rpmnew", "/etc/b.rpmnew") + MORE + CLOSED)
    assert project.run().ret == 0
    capsys.readouterr()
    for first in (rehearsed, rehearsed.parent):
        assert main(["compare", str(first), str(project.latest)]) == 0
        told = capsys.readouterr().out
        assert "first deviation: second.change: planned stop did not come: /etc/a.rpmnew" in told
        assert f"(UTC) in run {project.latest.name}\n" in told


def test_compare_has_the_view_of_a_statement_and_of_two_runs(
    project: Project, rehearsed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.steps(STEPS + MORE + CLOSED)
    assert run(project).ret == 0
    capsys.readouterr()
    renamed = project.write("of-staging.json", rehearsed.read_text(encoding="utf-8"))
    for first in (rehearsed, renamed, rehearsed.parent):
        assert main(["compare", str(first), str(project.latest)]) == 0
        told = capsys.readouterr().out
        assert f"predicted by {rehearsed.parent.name}: 3 as predicted, 1 otherwise" in told
        assert "change in second.more: set y" in told
        assert "not predicted (WARNS)" in told
    content = json.loads(rehearsed.read_text())
    content["predicted"]["passages"].pop()
    for altered, why in ((json.dumps(content), "signature"), ("{}", "schema")):
        rehearsed.write_text(altered)
        assert main(["compare", str(rehearsed), str(project.latest)]) == 4
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "rehearsal.json: altered since its rehearsal wrote it" in said
        assert why in said
