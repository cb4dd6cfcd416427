"""Whatever a node writes, nothing of it acts in the browser of who reads the evidence.

Seen in a real one: no script of a node runs, no request leaves. A control page shows that it
would have been seen.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.report.audit.page import render
from tests.engine.scripted import said
from tests.evidence import journals
from tests.evidence.browser import Browser, Listener, listening
from tests.evidence.hostile import STRIKING, STRUCK, everywhere, payloads, together
from tests.plugin.kit import N, Project

pytest_plugins = "pytester"

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as heard:
        yield heard


def is_struck(dom: str) -> bool:
    """Whether a script has set the attribute of the page's root."""
    root = re.search(r"<html[^>]*>", dom)
    assert root is not None
    return STRUCK in root[0]


def assert_harmless(dom: str, listener: Listener) -> None:
    """Nothing was asked for, nothing has run, and the payloads are there: as text."""
    assert listener.paths == []
    assert not is_struck(dom)
    shown = html.unescape(re.sub(r"<[^>]*>", "", dom))
    assert f"<script src='{listener.url}/loaded'>" in shown
    assert "{{7*7}}" in shown


def test_the_control_page_is_seen_to_act(
    browser: Browser, listener: Listener, tmp_path: Path
) -> None:
    control = tmp_path / "control.html"
    texts = [text for name, text in payloads(listener.url).items() if name in STRIKING]
    control.write_text(f"<!DOCTYPE html><html><body>{''.join(texts)}</body></html>")
    assert is_struck(browser.open(control))
    assert listener.heard >= STRIKING


@pytest.mark.parametrize("policy", ["with its policy", "without its policy"])
def test_the_auditors_page(
    browser: Browser, listener: Listener, tmp_path: Path, policy: str
) -> None:
    """Escaping alone is enough; the page's own policy is a second wall."""
    text = together(listener.url)
    page = render([everywhere(event, text) for event in journals.whole()], [])
    if policy == "without its policy":
        page, count = POLICY.subn("", page)
        assert count == 1
    path = tmp_path / "evidence.html"
    path.write_bytes(page.encode("utf-8", "backslashreplace"))
    assert_harmless(browser.open(path), listener)
    opened = tmp_path / "opened.html"
    opened.write_text(path.read_text().replace("<details", "<details open"))
    assert_harmless(browser.open(opened), listener)


STEPS = '''
from engine.model.query import Query
from engine.model.query import of_text
TEXT = {text!r}
SAYS = Query("what it says" + TEXT, ("has", "says"), lambda answer: answer.text)


@step("second.change", after=["first.baseline"])
def test_change(look, evidence):
    """Doc."""
    look.ask("{node}", SAYS)
    evidence.attach("name" + TEXT, TEXT)
    evidence.list("list" + TEXT[:60], ("cell" + TEXT, "b"), [(TEXT, TEXT), ("=1", "@SUM(1)")])
    evidence.note(TEXT)


@step("third.finding", after=["first.baseline"])
def test_finding(evidence):
    """Doc."""
    evidence.judge([bad("s" + TEXT, observed=TEXT, expected=TEXT, remedy=TEXT)], observed=TEXT)


@step("fourth.error", after=["first.baseline"])
def test_error(evidence):
    """Doc."""
    raise RuntimeError(TEXT)
'''


def test_the_engineers_report_and_the_console(
    browser: Browser, listener: Listener, project: Project
) -> None:
    """pytest-html's own script runs; nothing that a node, an error or a finding said does."""
    text = together(listener.url)
    raw = text.encode() + b"\xff\xfe not UTF-8"
    project.cluster.answer[N, ("has", "says")] = said(raw.decode("latin-1"))
    project.steps(STEPS.format(text=text, node=N))
    result = project.run()
    assert result.ret == 10, result.outlines[-20:]
    for query in ("", "?collapsed="):  # as it opens, and with every row opened
        dom = browser.open(project.latest / "report.html", query)
        assert 'class="runbook"' in dom
        assert_harmless(dom, listener)
    assert_harmless(browser.open(project.latest / "evidence.html"), listener)
    for path in (project.latest / "outputs").glob("*.txt"):  # a list it would save, not show
        browser.open(path)
    browser.open(project.latest / "junit.xml")
    assert listener.paths == []
    shown = result.stdout.str() + result.stderr.str()
    assert "HYPERLINK" in shown
    assert [char for char in set(shown) if not char.isprintable() and char not in "\n\t"] == []


def test_cells_of_lists_are_no_formulas(listener: Listener, project: Project) -> None:
    project.cluster.answer[N, ("has", "says")] = said()
    project.steps(STEPS.format(text=together(listener.url), node=N))
    project.run()
    (table,) = (project.latest / "outputs").glob("*.csv")
    assert not re.search(r'(?m)(^|,)"?[=+@-]', table.read_text())
