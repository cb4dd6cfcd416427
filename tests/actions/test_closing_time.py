"""The time that the closing step tells is the one that the reports work out from the journal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.record.evidence import Evidence
from engine.report.audit.page import render
from engine.report.change import taken_by
from engine.report.summary import summary_of
from runbook.phases import test_90_closing as closing
from tests.engine import kit
from tests.engine.kit import BEGIN
from tests.evidence import journals

# parts of a second on both sides: the length in between is not that of the times as they are told
FRACTIONS = [(0.9, 600.2), (0.0, 600.0), (0.1, 600.9), (0.6003, 600.5997)]


def told(directory: Path, begin: float, end: float) -> list[dict[str, Any]]:
    """The journal of a change, closed by the step."""
    run = kit.make_run(directory)
    started = journals.started(begin)
    until = BEGIN + timedelta(seconds=end)
    session: Any = SimpleNamespace(
        time_taken=lambda: taken_by([started], until), temporary_states=list
    )
    look: Any = SimpleNamespace(memory=run.memory, release=run.release, inventory=run.inventory)
    closing.test_time(session, look, Evidence(run, "closing.time", ("G15", "G16")))
    rest = [kit.event("attempt-closed", end + 1, attempt=kit.ATTEMPT, by="done")]
    rest.append(kit.event("run-ended", end + 9, outcome="done", exit_code=0))
    mine = {"run": kit.RUN_ID}
    return [event | mine for event in [started, *map(dict, run.journal.events), *rest]]


@pytest.mark.parametrize(("begin", "end"), FRACTIONS)
def test_the_step_and_the_page_tell_the_same_time(tmp_path: Path, begin: float, end: float) -> None:
    events = told(tmp_path, begin, end)
    said = {e["row"]: e["reason"] for e in events if e["event"] == "row"}["G15"]
    taken = summary_of(events)["taken"]
    assert taken == "0:10:00", "as whoever subtracts the times gets it"
    ends = "2026-11-02 00:00:00 to 00:10:00 UTC"
    assert said == f"announced 1:45:00, taken {taken} ({ends})"
    page = render(events, [])
    assert f"<dd>{taken} ({ends})</dd>" in page
    assert f"taken {taken} ({ends})" in page
