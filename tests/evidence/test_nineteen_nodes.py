"""The pages of a cluster as large as one can be: sixteen operative nodes, eighteen rounds."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bench.reports import MOST_PAGE
from engine.report.audit.page import render
from engine.report.audit.records import FEWEST, records_of
from tests.engine import kit
from tests.engine.kit import N, event
from tests.evidence import fivenodes, journals
from tests.evidence.browser import Browser
from tests.evidence.fivenodes import NINETEEN
from tests.evidence.journals import lasting
from tests.evidence.looking import HEIGHT, PHONE, SCREEN, TOO_WIDE, Look

OTHERS = NINETEEN.operative[1:]
SHEETS = 25


@pytest.fixture(scope="module")
def page() -> str:
    return render(fivenodes.attempt(NINETEEN), [])


def section(page: str, name: str) -> str:
    return page.partition(f'<section id="{name}"')[2].partition("</section>")[0]


def test_it_is_no_larger_than_any_other(page: str) -> None:
    assert len(page.encode()) <= MOST_PAGE


def test_a_step_that_was_not_needed_is_a_line_with_its_reason_and_no_fold(page: str) -> None:
    """Sixteen rounds with 34 steps each, and nothing to tell of any of them but why."""
    lines = re.findall(r'<li id="[^"]+" class="is-not-needed">(.*?)</li>', page)
    assert len(lines) == 34 * len(NINETEEN.rounds[2:])
    for line in lines:
        assert "<details" not in line
        assert '<span class="intent">the upgrade was done with round 2</span>' in line


def test_the_rounds_that_were_not_needed_are_one_line_in_a_phase(page: str) -> None:
    words = re.findall(r'<span class="words">([^<]*)</span>', section(page, "steps"))
    assert [one for one in words if "rounds 3 to 18" in one] == [
        "rounds 3 to 18 of run, stop",
        "rounds 3 to 18 of credentials, files on 16 nodes",
    ]


def ledger(*more: dict[str, Any]) -> str:
    """Fifteen nodes go into standby, one after the other within a second."""
    upgrade = kit.intent(
        "upgrade.run[1]",
        opens=[{"kind": "standby", "subject": node, "former": "active"} for node in OTHERS],
    )
    upgrade["time"] = event("x", 100)["time"]
    entered = [
        lasting(130 + number / 100, 124, node, "entered") for number, node in enumerate(OTHERS)
    ]
    events = [journals.started(), event("attempt-opened", 10, attempt="r"), upgrade, *entered]
    numbered = [{**one, "run": "r", "seq": n} for n, one in enumerate([*events, *more], 1)]
    return section(render(numbered, []), "ledger")


def test_what_was_so_of_many_nodes_is_told_once_with_the_name_of_each() -> None:
    told = ledger()
    (row,) = re.findall(r'<tr><td data-label="what">standby.*?</tr>', told, re.DOTALL)
    assert re.findall(r'<abbr title="([^"]+)">', row) == list(OTHERS)
    assert "<summary>15 made, 15 still in place</summary>" in told
    assert told.startswith(' data-count="15">'), "as many as the contents say"


def test_a_node_that_was_longer_in_standby_has_its_own_row() -> None:
    closes = [["standby", node] for node in OTHERS[:-1]]
    ended = {**kit.result("upgrade.run[1]", closes=closes), "time": event("x", 290)["time"]}
    left = [lasting(300, 295, node, "left") for node in OTHERS[:-1]]
    told = ledger(*left, ended)
    rows = re.findall(r'<tr><td data-label="what">standby.*?</tr>', told, re.DOTALL)
    assert [len(re.findall("<abbr", row)) for row in rows] == [14, 1]
    assert "169.9 s (164.9 s to 176 s); the longest 170 s (165 s to 176 s)" in rows[0]
    assert "still in place" in rows[1]


def test_changes_leave_room_for_some_questions() -> None:
    """With so many changes the page has fewer questions, and each that it leaves out is counted."""
    changes = [kit.intent("a.b", number) for number in range(1, 2001)]
    asked = [
        journals.asked(number, step=f"a.{number}", question=f"q{number}", output={"text": "x"})
        for number in range(700)
    ]
    numbered = [{**e, "run": "r", "seq": n} for n, e in enumerate([*changes, *asked], 1)]
    records = [one for each in records_of(numbered).values() for one in each]
    assert sum(one.kind == "intent" for one in records) == 2000
    assert sum(one.kind == "observation" for one in records) >= FEWEST


def test_a_question_that_is_its_command_has_it_once() -> None:
    script = "test -e /etc/a || test -L /etc/a"
    told = [
        {**journals.asked(1, step="a.b", question=script), "command": f"sh -c '{script}'"},
        {**journals.asked(2, step="a.b", question="its size"), "command": "stat /etc/a"},
    ]
    (lines,) = records_of({**e, "run": "r", "seq": n} for n, e in enumerate(told, 1)).values()
    assert [one.command.text for one in lines] == ["", "stat /etc/a"]


def test_it_can_be_read_and_printed(page: str, browser: Browser, tmp_path: Any) -> None:
    seen = Look(page, browser, tmp_path)
    assert seen.ask(TOO_WIDE, width=PHONE) == {"scrolls": False, "wide": []}
    assert seen.ask(HEIGHT) <= 15 * SCREEN
    assert seen.pages_on_paper() <= SHEETS
    assert N in page
