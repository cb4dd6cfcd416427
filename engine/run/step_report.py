"""A step as pytest-html and junit show it: the same from the run itself and from its journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, cast

import pytest

from engine.model.event import Event
from engine.record.redact import Redactor

Result = Literal["passed", "failed", "skipped"]
Phase = Literal["setup", "call", "teardown"]


def put_right(
    report: pytest.TestReport,
    item: pytest.Item,
    call: pytest.CallInfo[None],
    ended_by: BaseException | None,
) -> None:
    """Let the report say how the step ended: a plugin may have made a pass of a failure.

    `ended_by` is what ended the step's body, as far as nobody has decided that it may go on.
    """
    if call.excinfo is None and call.when == "call" and ended_by is not None:
        call.excinfo = pytest.ExceptionInfo.from_exception(ended_by)
    if call.excinfo is None or report.outcome == "failed":
        return
    seen = pytest.TestReport.from_item_and_call(item, call)
    if seen.outcome != report.outcome:
        report.outcome, report.longrepr = seen.outcome, seen.longrepr


def redact(report: pytest.TestReport, redactor: Redactor) -> None:
    """What a step failed with goes to report.html and junit.xml: masked like everything else."""
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        message = crash.message if crash is not None else report.longreprtext
        message = message.removeprefix("Failed: ")  # the class of pytest.fail says nothing here
        report.runbook_message = redactor.clean_output(message)  # type: ignore[attr-defined]
        report.longrepr = redactor.clean_output(report.longreprtext)
    report.sections = [(name, redactor.clean_output(text)) for name, text in report.sections]


def is_telling(report: pytest.TestReport) -> bool:
    """The one phase that says how the step ended."""
    return report.when == "call" or (report.when == "setup" and report.outcome != "passed")


def details_of(report: pytest.TestReport, reason: str) -> dict[str, Any]:
    """What `step-ended` keeps of pytest's own view; the longer text only when it says more."""
    told: dict[str, Any] = {"when": report.when, "result": report.outcome}
    if report.outcome == "failed" and report.longreprtext.strip() != reason.strip():
        told["details"] = report.longreprtext
    return told


def tell(
    report: pytest.TestReport,
    step: Mapping[str, Any],
    ended: Mapping[str, Any],
    events: Iterable[Event],
    intent: str,
) -> None:
    """Give pytest's report of a step the texts that its events have, and nothing else.

    `step` is an entry of the summary, or a `step-ended` event; `ended` that event, {} without one.
    """
    told: Any = report
    told.runbook_step = step["name"]
    told.runbook_events = events
    told.runbook_told = step
    told.runbook_intent = intent
    report.sections = []
    if report.outcome == "skipped":
        report.longrepr = (report.nodeid.partition("::")[0], 0, f"Skipped: {step['reason']}")
    elif report.outcome == "failed":
        report.longrepr = ended.get("details") or step["reason"]


def replayed(
    step: Mapping[str, Any],
    ended: Mapping[str, Any],
    events: Iterable[Event],
    planned: Mapping[str, Any],
) -> Iterator[pytest.TestReport]:
    """The reports pytest would have made of a step, from the summary's entry and its events.

    `ended` is its `step-ended`, {} without one; `planned` what was collected of it, {} when the
    journal ends before that.
    """
    nodeid = str(planned.get("nodeid", f"runbook::{step['name']}"))
    result = cast(Result, ended.get("result") or _RESULTS.get(step["outcome"], "passed"))
    when = cast(Phase, ended.get("when") or ("setup" if result == "skipped" else "call"))
    if when == "call":
        yield _report(nodeid, "setup", "passed")
    telling = _report(nodeid, when, result, step)
    tell(telling, step, ended, events, str(planned.get("intent", "")))
    yield telling
    yield _report(nodeid, "teardown", "passed")


_RESULTS: dict[str, Result] = {
    "failed": "failed",
    "interrupted": "failed",
    "not reached": "skipped",
}


def _report(
    nodeid: str, when: Phase, result: Result, step: Mapping[str, Any] | None = None
) -> pytest.TestReport:
    file, _, name = nodeid.partition("::")
    seconds = step["seconds"] if step else 0.0
    started = step["started"] if step else None
    start = datetime.fromisoformat(started).timestamp() if started else 0.0
    return pytest.TestReport(
        nodeid=nodeid,
        location=(file, 0, name),
        keywords={},
        outcome=result,
        longrepr=None,
        when=when,
        duration=seconds,
        start=start,
        stop=start + seconds,
    )
