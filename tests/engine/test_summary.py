"""summary.json: the contract's form, from the journal's events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.evidence import as_data, unanswered
from engine.model.finding import Acceptance, Severity
from engine.rows import Row, RowState
from engine.summary import SCHEMA, build_summary, write_summary
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
ROW = Row("G01", "the first duty", RowState.FULFILLED, ("a.b[1]",), "seen")


def found(code: str = "disk-space", **changes: Any) -> dict[str, Any]:
    return event("finding", step="a.b", **as_data(kit.finding(code, **changes)))


def built(*events: dict[str, Any]) -> dict[str, Any]:
    return build_summary(header={"run_id": "r"}, events=events, rows=[ROW])


def test_the_contracts_form() -> None:
    summary = built(event("step-ended", step="a.b[1]", **STEP), found())
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
    assert finding["accepted"] == {"by": "A. Rossi", "reason": "known"}


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
