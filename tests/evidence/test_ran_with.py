"""What the runs ran with, on the auditor's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.report.audit.page import render
from engine.report.audit.ran_with import Fact, ran_with_of
from tests.evidence import journals
from tests.evidence.browser import Browser
from tests.evidence.looking import PHONE, TOO_WIDE, Look

WITH: dict[str, Any] = {
    "implementation": "CPython",
    "process": "python -m pytest runbook",
    "arguments": "runbook",
    "variables": {"PYTHONPATH": "/opt/more"},
    "plugins": [
        {"package": "pytest", "version": "9.2.0", "record": "a" * 64, "modules": []},
        {"file": "/opt/more/liar.py", "sha256": "b" * 64, "modules": ["liar"]},
    ],
    "foreign": ["/opt/more"],
}


def started(run: str = "one", **fields: Any) -> dict[str, Any]:
    return {**journals.started(python="3.11.7", **fields), "run": run}


def test_each_fact_is_told_once() -> None:
    found = ran_with_of([started("one", ran_with=WITH), started("two", ran_with=WITH)])
    assert found.facts == (
        Fact("Python", "3.11.7 (CPython)"),
        Fact("plugin", "pytest 9.2.0", f"RECORD {'a' * 64}"),
        Fact("plugin", "liar: /opt/more/liar.py", "b" * 64),
        Fact("process", "python -m pytest runbook"),
        Fact("variable", "PYTHONPATH=/opt/more"),
        Fact("foreign place to import from", "/opt/more"),
    )
    assert found.in_short() == (
        "Python 3.11.7 (CPython); packages or files with plugins of pytest: 2; variables: 1;"
        " foreign places to import from: 1"
    )


def test_what_is_foreign_is_told() -> None:
    unpinned = {"package": "x", "version": "1", "record": "", "pinned": "", "modules": ["x"]}
    beside = {
        "plugins": [unpinned],
        "foreign": [],
        "packages": [{"package": "pymysql", "version": "", "pinned": "1.2.4"}],
        "startup": [{"file": "/e/x.pth", "sha256": "c" * 64, "of": ""}],
        "compiled": {"compared": True, "unlike": ["conftest.py"]},
        "edited": [{"file": "pytest.ini", "sha256": "d" * 64, "released": "e" * 64}],
    }
    found = ran_with_of([started(ran_with={**WITH, "variables": {}, **beside})])
    assert found.facts[1:] == (
        Fact("plugin", "x 1, not as pinned", "without a RECORD"),
        Fact("package beside the pinned set", "pymysql not installed, pinned is 1.2.4"),
        Fact("process", "python -m pytest runbook"),
        Fact("start-up file", "/e/x.pth: of nobody known", "c" * 64),
        Fact("compiled modules", "compared with the text beside them"),
        Fact("compiled modules", "conftest.py: not of its text"),
        Fact("file not as released", "pytest.ini", "d" * 64),
    )


def test_what_not_all_runs_had_names_those_that_had_it() -> None:
    other = {**WITH, "foreign": [], "process": "python start.py"}
    found = ran_with_of([started("one", ran_with=WITH), started("two", ran_with=other)])
    (foreign,) = (one for one in found.facts if one.kind.startswith("foreign"))
    assert foreign.runs == ("one",)
    # pytest was called by something else
    assert Fact("arguments of pytest", "runbook", runs=("two",)) in found.facts


def test_an_older_runbook_recorded_none() -> None:
    assert ran_with_of([started()]).facts == ()
    both = ran_with_of([started("one"), started("two", ran_with=WITH)])
    assert both.unrecorded == ("one",)
    assert both.facts[0].runs == ("two",)
    assert 'id="ran-with"' not in render(journals.whole(), [])


def test_the_page_tells_it_in_a_fold() -> None:
    events = journals.whole()
    events[0] |= {"python": "3.11.7", "ran_with": {**WITH, "foreign": ["<b>/opt"]}}
    section = render(events, []).partition('id="ran-with">')[2].partition("</details>")[0]
    assert section.startswith("<summary>Ran with Python 3.11.7 (CPython);")
    assert "&lt;b&gt;/opt" in section
    assert "a" * 64 in section


def test_on_a_phone_the_open_fold_is_no_wider_than_the_screen(
    browser: Browser, tmp_path: Path
) -> None:
    events = journals.whole()
    events[0] |= {"python": "3.11.7", "ran_with": WITH, "runbook": "7" * 64}
    page = Look(render(events, []), browser, tmp_path)
    assert not page.ask(TOO_WIDE, width=PHONE, opened=True)["scrolls"]
