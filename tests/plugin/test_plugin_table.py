"""The table of report.html: our outcomes in place of pytest's, and its own options in force."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.kit import CLOSING, Project
from tests.plugin.pages import blob, page

pytest_plugins = "pytester"

STEPS = """
@step("up.run", after=["first.baseline"], each="round")
def test_run(round_number, evidence):
    \"\"\"A round is run.\"\"\"
    evidence.note("ran") if round_number == 1 else evidence.not_needed("not this one", guide=())

@step("up.files", after=["up.run[{round}]"], each="round,node")
def test_files(round_number, node, evidence):
    \"\"\"Files of a node.\"\"\"
    if round_number > 1 or node.startswith("neteye02"):
        evidence.not_needed("no file", guide=())

@step("v.set", after=["first.baseline"])
def test_set(x_set, evidence):
    \"\"\"x is set.\"\"\"

@step("v.set_before", after=["v.set"])
def test_set_before(x_set, evidence):
    \"\"\"x is set once more.\"\"\"

@step("v.odd", after=["first.baseline"])
def test_odd(evidence):
    \"\"\"Is about <nothing> here.\"\"\"
    evidence.not_applicable("no such thing", guide=())

@step("v.wrong", after=["first.baseline"])
def test_wrong(evidence):
    \"\"\"Goes wrong.\"\"\"
    assert evidence.judge([bad()], observed="x", guide=())

@step("w.late", after=["v.wrong"])
def test_late(evidence):
    \"\"\"Waits.\"\"\"

@step("w.later", after=["v.wrong"])
def test_later(evidence):
    \"\"\"Waits too.\"\"\"
"""


def cells(project: Project) -> list[tuple[str, ...]]:
    """Outcome, step, intent and node of each row, as they are read."""
    found = []
    for rows in page(project.latest).values():
        for row in rows:
            texts = {
                name: re.sub(r"<[^>]*>", "", text)
                for name, text in re.findall(
                    r'<td class="col-(\w+)[^>]*>(.*?)</td>', "".join(row["resultsTableRow"])
                )
            }
            found.append(tuple(texts[name] for name in ("outcome", "step", "intent", "node")))
    return found


def test_a_row_says_what_became_of_its_step(
    project: Project, rebuild: Callable[[Path], str]
) -> None:
    project.steps(STEPS + CLOSING)
    assert project.run().ret == 1
    expected = [
        ("done", "first.baseline", "The attempt is opened.", ""),
        ("done", "up.run[1]", "A round is run.", ""),
        ("done", "up.files[1][neteye01.neteyelocal]", "Files of a node.", "neteye01.neteyelocal"),
        ("not needed", "up.files[1][neteye02.neteyelocal]", "Files of a node.",
         "neteye02.neteyelocal"),
        ("done", "up.files[1][neteye03.neteyelocal]", "Files of a node.", "neteye03.neteyelocal"),
        ("not needed", "rounds 2 to 5", "16 steps, not needed: up.run, up.files", ""),
        ("done", "v.set", "x is set.", ""),
        ("nothing to do", "v.set_before", "x is set once more.", ""),
        ("not applicable", "v.odd", "Is about &lt;nothing&gt; here.", ""),
        ("failed", "v.wrong", "Goes wrong.", ""),
        ("not reached", "w, 2 steps", "2 steps, not reached: w.late, w.later; it waits for v.wrong,"
         " which was not done", ""),
        ("done", "closing.state", "Always.", ""),
    ]  # fmt: skip
    assert cells(project) == expected
    before = page(project.latest)
    rebuild(project.latest)
    assert page(project.latest) == before


def test_a_step_that_did_nothing_does_not_look_like_one_that_did(project: Project) -> None:
    project.steps(STEPS)
    project.run()
    looks = {
        re.sub(r"<[^>]*>", "", text): look
        for rows in page(project.latest).values()
        for row in rows
        for look, text in re.findall(
            r'<td class="col-outcome ([\w-]*)"[^>]*>(.*?)</td>', "".join(row["resultsTableRow"])
        )
    }
    assert looks == {
        "done": "is-done",
        "failed": "is-bad",
        "not reached": "is-left",
        **dict.fromkeys(("not needed", "nothing to do", "not applicable"), "is-idle"),
    }


def test_an_interrupted_step_is_told_as_such(project: Project) -> None:
    project.steps('''
@step("a.b")
def test_a(evidence):
    """Is cut short."""
    os.kill(os.getpid(), signal.SIGTERM)
''')
    assert project.run().ret == 2
    assert ("interrupted", "a.b", "Is cut short.", "") in cells(project)


OPTIONS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any], str], bool]]] = {
    "as it is": ((), lambda data, _: data["renderCollapsed"] == ["passed", "skipped"]),
    "collapsed": (
        ("-o", "render_collapsed=all"),
        lambda data, _: data["renderCollapsed"] == ["all"],
    ),
    "sorted": (
        ("-o", "initial_sort=duration"),
        lambda data, _: data["initialSort"] == "duration",
    ),
    "the operator's style": (
        ("--css=mine.css",),
        lambda _, html: html.rindex("h1 { color: teal }") > html.rindex("#results-table td"),
    ),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_of_pytest_html_hold(project: Project, case: str) -> None:
    options, holds = OPTIONS[case]
    project.write("mine.css", "h1 { color: teal }")
    project.steps(STEPS)
    project.run(*options)
    html = (project.latest / "report.html").read_text()
    assert holds(blob(project.latest), html)


def test_the_filters_have_our_words_and_count_every_step(project: Project) -> None:
    project.steps(STEPS)
    project.run()
    html = (project.latest / "report.html").read_text()
    counted = dict(re.findall(r'<span class="(\w+)">(\d+ [^<,]*)', html))
    assert counted["passed"] == "24 ended well"
    assert counted["skipped"] == "2 not reached"
    assert counted["failed"] == "1 failed"


def test_a_row_of_the_guide_leads_to_its_step(project: Project) -> None:
    project.steps(STEPS)
    project.run()
    html = (project.latest / "report.html").read_text()
    assert '<a href="#step-first.baseline">first.baseline</a>' in html
    anchors = [row["testId"] for rows in page(project.latest).values() for row in rows]
    assert anchors.count("step-first.baseline") == 1
