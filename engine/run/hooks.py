"""What the runbook makes of pytest-html's report: verdict, findings, rows, steps in its words.

The file stays pytest-html's: it draws the table, sorts and filters it, and its options hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.report.details import step_details
from engine.report.html import render_summary, render_table_head, shown_on_a_page
from engine.report.table import LABELS, Row, cells_of, head_cells, row_of
from engine.report.table_groups import folded, plain_rows
from engine.run.ending import Ended

ENDED = pytest.StashKey[Ended]()
"""How the run ended; there once it has."""


_DATA = pytest.StashKey[Any]()
"""What pytest-html collects for its page; it hands that over with the title."""


def pytest_html_report_title(report: Any) -> None:
    report.title = "NetEye cluster upgrade runbook"
    report.config.stash[_DATA] = report
    for result, label in LABELS.items():
        report.outcomes[result]["label"] = label


def pytest_html_results_table_header(cells: list[str]) -> None:
    cells[:] = head_cells()


def pytest_html_results_summary(
    prefix: list[str], summary: list[str], postfix: list[str], session: pytest.Session
) -> None:
    """The first screen; and when all rows are there, idle steps in a row become one line."""
    ended = session.config.stash.get(ENDED, None)
    if ended is None:
        return
    prefix.append(render_summary(ended.summary, ended.made_anew))
    # ours come after pytest-html's own, the operator's after ours
    given = [Path(path).read_text("utf-8") for path in session.config.getoption("css")]
    page = session.config.stash[_DATA]
    title = "Report of a run: NetEye cluster {cluster}, {source} to {target}"
    page.title = shown_on_a_page(title.format_map(ended.summary))
    steps = ended.summary["steps"]
    rows = folded(page.data["tests"], steps)
    page.set_data("tests", rows)
    shown = plain_rows(rows, steps, str(ended.summary["run_id"]))
    postfix.append(render_table_head(given, shown))


def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """The step in our words; pytest-html escapes neither ids nor parameters."""
    step = getattr(report, "runbook_told", None)
    intent = getattr(report, "runbook_intent", "")
    # a file that can't be collected, say, or what failed after a step's end
    name = getattr(report, "runbook_step", report.nodeid)
    row = row_of(step, intent) if step is not None else Row(report.outcome, name)
    cells[:] = cells_of(row, cells[0])


def pytest_html_results_table_html(report: pytest.TestReport, data: list[str]) -> None:
    """A step's evidence; before it why it did not pass."""
    if hasattr(report, "runbook_events"):
        why = "" if report.outcome == "passed" else _why(report)
        data[:] = [step_details(report.runbook_events, why)]


def _why(report: pytest.TestReport) -> str:
    said = report.longrepr
    return said[2] if isinstance(said, tuple) else str(said)
