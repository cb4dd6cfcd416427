"""Of every code it is decided what is left when all is done: a task, or nothing, and since when."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.judge.weighing import Judge
from engine.model.finding import Acceptance, Lasting, Severity
from engine.record.evidence import as_data
from engine.report.audit.found import findings_of
from engine.report.open_points import open_points_of
from engine.report.summary import summary_of
from runbook.cluster import severities
from runbook.to_4_26 import severities as of_version
from runbook.to_4_26.release import RELEASE
from tests.engine import kit
from tests.engine.kit import event
from tests.evidence.fivenodes import items
from tests.evidence.journals import started, step

TABLE = RELEASE.severities
CODES = sorted(set(TABLE.table) | TABLE.never_acceptable)
WARNINGS = sorted(code for code in CODES if TABLE.of(code) is Severity.WARN)
DECIDED = {
    **{code: "task" for each in (severities, of_version) for code in each._TASKS},
    **{code: "settled" for each in (severities, of_version) for code in each._SETTLED},
    **{code: "nothing" for each in (severities, of_version) for code in each._PASSING},
}
FOLLOWING = Path(__file__).parents[2] / "docs" / "findings.md"


def lasting(code: str) -> Lasting:
    return TABLE.lasting.get(code, Lasting())


def test_of_each_warning_one_thing_is_decided() -> None:
    assert sorted(DECIDED) == WARNINGS
    sizes = [
        len(table)
        for each in (severities, of_version)
        for table in (each._TASKS, each._SETTLED, each._PASSING)
    ]
    assert sum(sizes) == len(WARNINGS), "a code is in two of the tables"


def test_the_steps_that_look_again_are_steps() -> None:
    known = {item.mark.name for item in items()}
    named = {name for one in TABLE.lasting.values() for name in one.settled_by}
    assert named <= known


@pytest.mark.parametrize("code", CODES)
def test_what_is_left_of_a_finding_is_as_decided(code: str) -> None:
    """What blocks was accepted, else the run would have stopped at it and said so."""
    given = (Acceptance(code, None, "seen", "A. Rossi"),)
    (weighed,) = Judge(TABLE, given).weigh([kit.finding(code)])
    found = event("finding", 6, step="closing.some", **as_data(weighed))
    before = [started(guide={}), kit.intent(), kit.result(reason=""), found]

    def left(*after: object) -> tuple[int, bool]:
        events = [*before, *after]
        (listed,) = findings_of(events, str(events[0]["run"]))
        return len(open_points_of(summary_of(events), events)), listed["stands"]

    decided = DECIDED.get(code, "nothing")
    # a reboot is told by the row of its own, with what the vendor's log says of it
    assert left() == (int(decided == "task"), True)
    for name in lasting(code).settled_by:
        assert left(*step(name, 7, 8)) == (0, False), name
    assert bool(lasting(code).settled_by) or decided != "settled"
    if TABLE.of(code) is Severity.BLOCK:
        assert lasting(code) == Lasting(), "the stop tells it, or whoever accepted it"


def test_the_page_of_the_findings_names_the_tasks() -> None:
    text = FOLLOWING.read_text()
    paragraph = text.partition("is left as an **open point**")[2].partition("\n\n")[0]
    tasks = {code for code, word in DECIDED.items() if word == "task"}
    assert set(re.findall(r"`([a-z-]+)`", paragraph)) == tasks


def test_what_was_seen_on_the_way_without_weight_stands_until_the_next_change() -> None:
    note = as_data(kit.finding(severity=Severity.INFO))
    seen = [started(guide={}), event("finding", 3, step="preflight.some", **note)]
    run = str(seen[0]["run"])
    (before,) = findings_of(seen, run)
    assert before["stands"]
    (after,) = findings_of([*seen, kit.intent(), kit.result(reason="")], run)
    assert (after["stands"], after["kind"]) == (False, "earlier")
    assert after["gone"] == "seen on the way, before later changes; it was given no weight"
