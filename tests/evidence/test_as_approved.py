"""What was approved and what ran: where they differ, the first screen says it in red."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from engine.model.finding import Acceptance, Severity
from engine.record.evidence import as_data
from engine.report.audit.approvals import drift_of, kept_of
from engine.report.audit.front import front_of
from engine.report.audit.index import index_of
from engine.report.audit.page import render
from engine.report.audit.people import people_of
from engine.report.audit.runbooks import sentence
from engine.report.summary import summary_of
from tests.engine import kit
from tests.engine.kit import event
from tests.evidence.journals import started

X, Y = "a" * 64, "b" * 64
KEY = "SHA256:of-b"
FIRST, SECOND = "20261102T000000Z-test-0001", "20261102T010000Z-test-0002"
GIVEN = {
    "by": "b@example.test",
    "name": "B. Bianchi",
    "key": KEY,
    "plan": "f" * 64,
    "given": "2026-11-01T10:00:00.000Z",
    "until": "2026-11-14T00:00:00.000Z",
}
KEPT = {"file": "outputs/0003-b.approval.json.txt", "sha256": "c" * 64}


def of(run: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**one, "run": run} for one in events]


def approved(*given: dict[str, Any], **fields: Any) -> dict[str, Any]:
    fields = {"given": [*given] or [GIVEN], **fields}
    return event("fact", 5, step="preflight.governance", name="approvals", **fields)


def attempt(*more: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """Approved in the first run; the second one, of which `fields` are told, closes it."""
    return [
        *of(FIRST, started(settings={"runbook_x": "1"}), approved()),
        *of(FIRST, event("run-ended", 9, outcome="interrupted", exit_code=2)),
        *of(SECOND, started(10, **{"settings": {"runbook_x": "1"}, **fields}), *more),
        *of(SECOND, event("attempt-closed", 20, step="c", attempt=FIRST, by="done")),
        *of(SECOND, event("run-ended", 21, outcome="done", exit_code=0)),
    ]


def cell(events: list[dict[str, Any]]) -> Any:
    return {f.label: f for f in front_of(summary_of(events), events).facts}["Approval"]


def page(events: list[dict[str, Any]]) -> str:
    own = [one for one in events if one["run"] == SECOND]
    return unescape(render(own, [one for one in events if one["run"] == FIRST]))


def test_what_ran_as_approved_is_green() -> None:
    assert drift_of(attempt()) == []
    assert (cell(attempt()).state, cell(attempt()).is_missing) == ("kept", False)
    assert "Not as approved" not in page(attempt())


DRIFT: dict[str, tuple[list[dict[str, Any]], str]] = {
    "another runbook closes": (
        attempt(runbook=Y),
        f"run 2, which closed the attempt, was runbook {Y[:16]}, approved was {X[:16]}",
    ),
    "another setting": (
        attempt(settings={"runbook_x": "2"}),
        "run 2, which closed the attempt, had runbook_x 2, approved was 1",
    ),
    "a setting that was not there": (
        attempt(settings={"runbook_x": "1", "runbook_y": "yes"}),
        "run 2, which closed the attempt, had runbook_y yes, approved was not given",
    ),
    "a risk accepted since": (
        attempt(event("accepted", 11, code="runbook-changed", subject="b" * 12, by="A. Rossi",
                      reason="meant", until=None, given=None)),
        f"runbook-changed {'b' * 12} was accepted since, by A. Rossi",
    ),
    "the approver logs in": (
        attempt(event("login", 11, node="n", user="root", become=False, key=KEY, key_name="k",
                      method="publickey", from_agent=False, host_key="SHA256:h")),
        "B. Bianchi (b@example.test), who approved it, had a part in run 2",
    ),
    "the approver signs the evidence": (
        attempt(event("signer", 11, key=KEY, why="")),
        "B. Bianchi (b@example.test), who approved it, had a part in run 2",
    ),
    "the approver gives the command": (
        attempt(operator="B. Bianchi"),
        "B. Bianchi (b@example.test), who approved it, had a part in run 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DRIFT)
def test_what_went_another_way_is_in_red_on_the_first_screen(what: str) -> None:
    events, said = DRIFT[what]
    assert drift_of(events) == [said]
    fact = cell(events)
    assert (fact.value, fact.state) == ("signed by b@example.test; not as approved", "left")
    assert said in fact.more
    head = page(events).partition("</header>")[0]
    red = '<strong class="missing">signed by b@example.test; not as approved</strong>'
    assert red in head
    assert said in head
    assert f"<li>{said}</li>" in page(events).partition('<section id="approvals"')[2]
    answer = {one.question: one for one in index_of(summary_of(events), events)}["Approval"]
    assert answer.missing == said


def test_a_runbook_changed_on_the_way_counts_though_the_first_one_closes() -> None:
    third = "20261102T020000Z-test-0003"
    events = attempt(runbook=Y)
    closed = [one for one in events if one["event"] == "attempt-closed"]
    events = [one for one in events if one not in closed] + of(
        third, started(30, settings={"runbook_x": "1"}), *closed
    )
    assert drift_of(events) == [f"run 2 was runbook {Y[:16]}, approved was {X[:16]}"]


def test_fewer_than_were_asked_for_is_no_green_word() -> None:
    """One of two has approved, and the operator accepted that the other has not."""
    missing = kit.finding("approvals-missing", "inventory", observed="1 valid approvals, by b@x")
    word = Acceptance("approvals-missing", None, "it is late", "A. Rossi")
    taken = as_data(missing.weighed(Severity.BLOCK, word))
    events = attempt()
    events[2:2] = of(FIRST, event("finding", 6, step="preflight.governance", **taken))
    said = "1 valid approvals, by b@x: that more are missing was accepted by A. Rossi"
    assert drift_of(events) == [said]
    assert cell(events).is_missing
    told = as_data(missing.weighed(Severity.INFO))
    events[2] = {**events[2], **told}
    assert drift_of(events) == []


def test_without_an_approval_nothing_is_held_to_it() -> None:
    events = [one for one in attempt(runbook=Y) if one["event"] != "fact"]
    assert drift_of(events) == []
    events = [{**one, "given": []} if one["event"] == "fact" else one for one in attempt(runbook=Y)]
    assert drift_of(events) == []


def test_a_plan_that_was_approved_before_is_no_part_of_what_ran() -> None:
    """The run that counted them begins what is compared."""
    before = of("20261101T000000Z-test-0000", started(-10, runbook=Y))
    assert drift_of([*before, *attempt()]) == []


# which runbook each run was


def test_each_run_has_its_runbook() -> None:
    people = people_of(attempt(runbook=Y), ())
    assert [(one.runbook, one.is_other_runbook) for one in people.operators] == [
        (X[:16], False),
        (Y[:16], True),
    ]
    text = page(attempt(runbook=Y)).partition('<section id="people">')[2]
    assert f'class="hash">{Y[:16]} <strong class="missing">another</strong>' in text
    head = page(attempt(runbook=Y)).partition("</header>")[0]
    assert f"{X} (run 1)" in head
    assert f"{Y} (run 2)" in head


def test_the_record_of_the_deployment_tells_of_all_of_them() -> None:
    begun = [one for one in attempt(runbook=Y) if one["event"] == "run-started"]
    changed = f"2 runbooks, changed on the way: {X[:16]} (run 1), then {Y[:16]} (run 2)"
    assert sentence(begun) == changed
    assert sentence(begun[:1]) == f"runbook {X[:16]}"
    events = attempt(runbook=Y)
    answer = {one.question: one for one in index_of(summary_of(events), events)}
    assert changed in answer["Deployment record"].answer


# where the files are


def test_the_section_says_where_the_files_lie_in_this_directory() -> None:
    fact = approved({**GIVEN, **KEPT}, approvers={**KEPT, "file": "outputs/0004-approvers.txt"})
    events = of(FIRST, started(), fact)
    assert kept_of(events, FIRST) == [KEPT["file"], "outputs/0004-approvers.txt"]
    there = [f"outputs/{FIRST}/0003-b.approval.json.txt", f"outputs/{FIRST}/0004-approvers.txt"]
    assert kept_of(events, SECOND) == there
    text = unescape(render(events, [])).partition('<section id="approvals"')[2]
    assert KEPT["file"] in text


def test_of_an_older_runbook_they_are_not_kept() -> None:
    assert kept_of(attempt(), SECOND) == []
    assert "Their files are not kept (older runbook)" in page(attempt())
