"""report.html in a browser: readable, no wider than a phone, and pytest-html's table at work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.browser import Browser
from tests.evidence.looking import PHONE, WIDE, Look
from tests.plugin.kit import Project

pytest_plugins = "pytester"

STEPS = '''
@step("up.run", after=["first.baseline"], each="round")
def test_run(round_number, evidence):
    """A round is run."""
    evidence.note("ran") if round_number == 1 else evidence.not_needed("not this one", guide=())

@step("v.asks", after=["first.baseline"], each="node")
def test_asks(node, look, evidence):
    """Every node is asked for something whose name is long, and answers at length."""
    look.ask(node, HAS("a-thing-with-a-name-as-long-as-a-path/" * 4))
    evidence.attach("what it said", "/var/lib/neteye/" + "x" * 300)

@step("v.wrong", after=["first.baseline"])
def test_wrong(evidence):
    """Goes wrong."""
    evidence.open("G01", "the agents are followed up by then")
    long = "/neteye/shared/httpd/conf.d/" + "a" * 120
    assert evidence.judge([bad(), bad("odd", "odd-thing", observed=long)], observed="x", guide=())

@step("w.late", after=["v.wrong"])
def test_late(evidence):
    """Waits."""
'''
EVERY_ROW_OPENED = "?collapsed="


@pytest.fixture
def page(project: Project) -> str:
    project.steps(STEPS)
    assert project.run().ret == 10
    return (project.latest / "report.html").read_text()


READ = """
document.querySelectorAll("details").forEach(one => { one.open = true });
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const numbers = colour => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = colour => numbers(colour).slice(0, 3).map(part => part / 255)
  .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
  .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
const below = one => {
  const colour = one ? getComputedStyle(one).backgroundColor : "Canvas";
  return numbers(colour)[3] ? colour : below(one.parentElement);
};
const ratio = one => {
  const two = [light(getComputedStyle(one).color), light(below(one))].sort((a, b) => b - a);
  return (two[0] + .05) / (two[1] + .05);
};
const shown = [...document.querySelectorAll("body *")].filter(one =>
  one.offsetHeight && [...one.childNodes].some(part => part.nodeType == 3 && part.data.trim()));
return {
  read: shown.length,
  pale: shown.filter(one => ratio(one) < 4.5).map(one => one.outerHTML.slice(0, 120)),
  wide: shown.filter(one => one.getBoundingClientRect().right > innerWidth + 1)
    .map(one => one.outerHTML.slice(0, 120)),
  scrolls: document.documentElement.scrollWidth > document.documentElement.clientWidth,
};
"""


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_of_it_is_readable_and_fits(
    browser: Browser, page: str, tmp_path: Path, width: int, dark: bool
) -> None:
    look = Look(page, browser, tmp_path, EVERY_ROW_OPENED)
    seen = look.ask(READ, width=width, dark=dark)
    assert seen.pop("read") > 100
    assert seen == {"pale": [], "wide": [], "scrolls": False}


def test_what_is_pale_or_too_wide_would_be_seen(
    browser: Browser, page: str, tmp_path: Path
) -> None:
    """pytest-html's own style is both."""
    bare = re.sub(r'<meta name="viewport".*?</style>', "", page, count=1, flags=re.DOTALL)
    seen = Look(bare, browser, tmp_path).ask(READ, width=PHONE)
    assert len(seen["pale"]) > 10
    assert seen["scrolls"]


ROWS = """
const rows = () => [...document.querySelectorAll("td.col-outcome")]
  .filter(one => one.offsetHeight).map(one => one.innerText.trim());
const opened = () => [...document.querySelectorAll("tr.extras-row")]
  .filter(one => one.offsetHeight).map(one => one.closest("tbody").id);
"""
WORKS: dict[str, tuple[str, Any]] = {
    "it opens at what failed": ("return opened()", ["step-v.wrong"]),
    "sorted by outcome": (
        "document.querySelector('th.col-outcome').click(); return rows().slice(0, 3)",
        ["failed", "not reached", "done"],
    ),
    "filtered": (
        "document.querySelector('input[data-test-result=passed]').click(); return rows()",
        ["failed", "not reached"],
    ),
    "without what had nothing to do": (
        "document.getElementById('show-idle').click(); return rows().includes('not needed')",
        False,
    ),
    "by the keyboard": (
        """
        const step = document.querySelector("#fold-up\\\\.run-2 .col-step"); step.focus();
        step.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
        return [opened(), document.activeElement.innerText];
        """,
        [["fold-up.run-2", "step-v.wrong"], "rounds 2 to 5"],
    ),
    "its language and landmark": (
        "return [document.documentElement.lang, document.querySelectorAll('main').length]",
        ["en", 1],
    ),
}


def test_without_script_every_row_is_there_and_nothing_that_needs_one(
    browser: Browser, page: str, tmp_path: Path
) -> None:
    rows = """
    const shown = one => [...document.querySelectorAll(one)].filter(e => e.checkVisibility());
    return [shown("#plain-table tbody tr").map(e => [...e.cells].filter(c => c.checkVisibility())
              .slice(0, 2).map(c => c.innerText).join(": ")),
            shown("button, input, .summary__reload__button, #environment-header").length,
            shown("#plain-table a").length];
    """
    lines, asking, links = Look(page, browser, tmp_path).ask(rows, scripts=False)
    assert "failed: v.wrong" in lines
    assert "not needed: rounds 2 to 5" in lines
    assert (asking, links) == (0, len(lines))


@pytest.mark.parametrize("case", WORKS)
def test_the_table_works(browser: Browser, page: str, tmp_path: Path, case: str) -> None:
    script, expected = WORKS[case]
    assert Look(page, browser, tmp_path).ask(ROWS + script) == expected
