"""summary.json: the contract's form, from the journal's events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.act import detached
from engine.model.finding import Acceptance, Severity
from engine.record.evidence import as_data, unanswered
from engine.report.summary import SCHEMA, summary_of, write_summary
from tests.engine import kit
from tests.engine.kit import event

STEP = {
    "name": "a.b[1]",
    "node": None,
    "outcome": "done",
    "guide": ["G01"],
    "started": "2026-11-02T00:00:00.000Z",
    "seconds": 1.5,
    "reason": "seen",
}
STARTED = event(
    "run-started",
    cluster="c",
    environment="staging",
    mode="execute",
    source="4.25",
    target="4.26",
    operator="A. Rossi",
    started="2026-11-02T00:00:00.000Z",
    guide={"G01": "the first duty"},
    commands={"again": "pytest runbook"},
)
STEPS = event(
    "steps",
    steps=[
        {"name": name, "of": name.split("[")[0], "node": None, "guide": ["G01"], "nodeid": name}
        for name in ("a.b[1]", "c.d")
    ],
)
ROW = event("row", step="a.b[1]", row="G01", state="fulfilled", reason="seen")


def found(code: str = "disk-space", **changes: Any) -> dict[str, Any]:
    return event("finding", step="a.b", **as_data(kit.finding(code, **changes)))


def built(*events: dict[str, Any]) -> dict[str, Any]:
    return summary_of([STARTED, *events])


def test_the_contracts_form() -> None:
    begun = event("step-started", step="a.b[1]")
    summary = built(begun, event("step-ended", step="a.b[1]", **STEP), ROW, found())
    assert summary["schema"] == SCHEMA
    assert summary["run_id"] == "r"
    assert summary["steps"] == [STEP]
    (row,) = summary["guide"]
    assert {"id", "state", "steps", "reason"} <= set(row)
    assert (row["state"], row["steps"]) == ("fulfilled", ["a.b[1]"])
    (finding,) = summary["findings"]
    assert set(finding) == {
        *("code", "severity", "subject", "observed", "expected", "remedy", "guide", "accepted"),
    }


def test_a_finding_seen_again_is_listed_once_with_its_last_weight() -> None:
    plain = kit.finding()
    taken = plain.weighed(Severity.BLOCK, Acceptance("disk-space", None, "known", "A. Rossi"))
    events = [event("finding", step="a.b", **as_data(one)) for one in (plain, taken)]
    (finding,) = built(*events)["findings"]
    assert (finding["accepted"]["by"], finding["accepted"]["reason"]) == ("A. Rossi", "known")


def test_findings_come_in_the_order_they_were_seen() -> None:
    codes = ["z-last", "a-first", "m-middle"]
    assert [f["code"] for f in built(*map(found, codes))["findings"]] == codes


def test_two_findings_of_one_code_and_subject_are_both_listed() -> None:
    two = [unanswered(kit.SECOND, question, "deadline") for question in ("clock", "memory")]
    events = [event("finding", step="a.b", **as_data(one)) for one in two]
    assert len(built(*events)["findings"]) == 2


def test_it_is_written_whole_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text("a former, longer text" * 100)
    write_summary(path, built(found(observed="Ω <b>")))
    assert json.loads(path.read_text())["findings"][0]["observed"] == "Ω <b>"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_what_can_not_be_written_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write_summary(path, {"good": 1})
    with pytest.raises(TypeError):
        write_summary(path, {"bad": object()})
    assert json.loads(path.read_text()) == {"good": 1}


def ended(seconds: float, outcome: str = "done", code: int = 0) -> dict[str, Any]:
    return event("run-ended", seconds, outcome=outcome, exit_code=code)


def stopped(seconds: float = 5) -> dict[str, Any]:
    said = {"reason": "x is bad", "what_to_do": "Mend x."}
    return event("stopped", seconds, outcome="blocked", exit_code=10, **said)


def test_the_end_is_what_the_run_said_last() -> None:
    summary = built(stopped(), ended(3723, "blocked", 10), event("notified", 4000))
    assert (summary["outcome"], summary["exit_code"]) == ("blocked", 10)
    assert summary["stopped"] == {
        "reason": "x is bad",
        "what_to_do": "Mend x.",
        "way": "again",
        "accept": [],
        "settle": "",
    }
    assert summary["finished"].startswith("2026-11-02T01:02:03")
    assert summary["taken"] == "1:02:03"


def test_of_two_last_words_the_last_one_counts() -> None:
    """The disk was full at the first one, and that stopped the run."""
    failed = {**stopped(3724), "outcome": "failed", "exit_code": 1}
    summary = built(ended(3723), failed, ended(3725, "failed", 1), event("notified", 4000))
    assert (summary["outcome"], summary["exit_code"]) == ("failed", 1)
    assert summary["stopped"] == {
        "reason": "x is bad",
        "what_to_do": "Mend x.",
        "way": "again",
        "accept": [],
        "settle": "",
    }
    assert summary["taken"] == "1:02:05"


def test_without_a_last_word_it_was_interrupted() -> None:
    begun = event("step-started", 3, step="a.b[1]")
    summary = built(STEPS, begun, event("note", 9, step="a.b[1]", text="x"))
    assert (summary["outcome"], summary["exit_code"]) == ("interrupted", 2)
    reason = summary["stopped"]["reason"]
    assert "last event: note at 2026-11-02T00:00:09" in reason
    assert "step under way: a.b[1]; change under way: none" in reason
    assert [(s["name"], s["outcome"], s["seconds"]) for s in summary["steps"]] == [
        ("a.b[1]", "interrupted", 6.0),
        ("c.d", "not reached", 0.0),
    ]


def test_what_stopped_it_keeps_its_code_without_a_last_word() -> None:
    summary = built(STEPS, stopped())
    assert summary["exit_code"] == 10
    assert summary["stopped"]["reason"].startswith("x is bad; afterwards the run ended without a")


def test_rows_wait_for_all_steps_that_serve_them() -> None:
    (row,) = built(STEPS, ROW)["guide"]
    assert (row["state"], row["reason"]) == ("open", "not yet: c.d")


def test_the_ledger_counts_the_whole_attempt() -> None:
    opens = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    earlier = [{**STARTED, "run": "e", "operator": "B. Bianchi"}, kit.intent(opens=opens)]
    summary = summary_of([STARTED], earlier)
    assert [entry["former"] for entry in summary["ledger"]] == ["enabled"]
    assert summary["operator"] == "B. Bianchi, A. Rossi"


def test_changes_without_an_end_on_record() -> None:
    long = kit.intent("upgrade.run[1]", detached="upgrade-1", what="neteye upgrade")
    found_at = event("position", position="updated", active=kit.N, attempt="the-attempt")
    seen = event("command-seen", key="upgrade.run[1]#1", state="running", status=None)
    (change,) = built(found_at, long, seen)["under_way"]
    assert (change["what"], change["node"], change["state"]) == ("neteye upgrade", kit.N, "running")
    base = detached.directory("the-attempt", "upgrade-1")
    assert change["log"] == f"{base}/nohup.out"
    assert built(found_at, long, kit.result("upgrade.run[1]"))["under_way"] == []


def test_a_journal_of_before_is_read_as_far_as_it_goes() -> None:
    old = {k: v for k, v in STARTED.items() if k not in ("started", "guide", "commands")}
    begun = event("step-started", step="a.b[1]")
    summary = summary_of([old, begun, event("step-ended", step="a.b[1]", **STEP), ROW, ended(9)])
    assert summary["steps"] == [STEP]
    assert [(row["id"], row["state"]) for row in summary["guide"]] == [("G01", "fulfilled")]
    assert summary["started"] == old["time"]
