"""What the runbook adds to pytest-html's report: verdict, guide rows, findings, step evidence."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from engine.report.console import clock
from engine.report.html import render_summary, step_details
from engine.run.ending import Ended

ENDED = pytest.StashKey[Ended]()
"""How the run ended; there once it has."""


def pytest_html_report_title(report: Any) -> None:
    report.title = "NetEye cluster upgrade runbook"


def pytest_html_results_summary(
    prefix: list[str], summary: list[str], postfix: list[str], session: pytest.Session
) -> None:
    ended = session.config.stash.get(ENDED, None)
    if ended is not None:
        prefix.append(render_summary(ended.summary))


def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """The step's own name and time; pytest-html escapes neither ids nor parameters."""
    name, seconds = (getattr(report, f"runbook_{key}", None) for key in ("step", "seconds"))
    if name is not None and len(cells) > 1:
        cells[1] = f'<td class="col-testId">{escape(name)}</td>'
    if seconds is not None and len(cells) > 2:
        cells[2] = f'<td class="col-duration">{clock(seconds)}</td>'


def pytest_html_results_table_html(report: pytest.TestReport, data: list[str]) -> None:
    """A step's evidence; before it why it did not pass."""
    if not hasattr(report, "runbook_events"):
        return
    events = report.runbook_events
    text = [] if report.outcome == "passed" else [f"<pre>{escape(_why(report))}</pre>"]
    data[:] = [*text, step_details(events)]


def _why(report: pytest.TestReport) -> str:
    said = report.longrepr
    return said[2] if isinstance(said, tuple) else str(said)
