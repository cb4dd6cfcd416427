"""Recorded answers read back: as they were, or it is said why they can't be had."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judge.approvals import Operator
from engine.model.approval import Approval, SeenApproval, SeenStatement, Statement
from engine.prove.approved import approvals_here
from engine.prove.statement import statement_here
from engine.queries.rows import read_rows, write_rows
from engine.record.outputs import EXCERPT, SECRET, Outputs
from engine.rejudge.look import RecordedLook
from engine.rejudge.record import Record
from engine.report.answers import Diverged, NotRecorded, answer_of, rows_of, text_of
from tests.engine import kit
from tests.rejudge.again import evidence_of

NOW = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)


def observed(output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    plain = {"question": "what", "code": 0, "seconds": 0.1, "time": NOW.isoformat()}
    return {**plain, "output": output, **fields}


@pytest.mark.parametrize(
    ("text", "said", "errors"),
    [("plain\n", "plain\n", ""), ("out\n[stderr] err", "out", "err"), ("\n[stderr] e", "", "e")],
)
def test_an_answer_has_its_two_outputs(tmp_path: Path, text: str, said: str, errors: str) -> None:
    answer = answer_of(observed({"text": text}, code=3), tmp_path)
    assert (answer.code, answer.text, answer.errors) == (3, said, errors)


def test_of_a_secret_answer_only_the_exit_code_can_be_had(tmp_path: Path) -> None:
    answer = answer_of(observed({"text": SECRET}, code=44), tmp_path)
    assert answer.code == 44
    for name in ("text", "errors", "stdout", "stderr", "seconds"):
        with pytest.raises(NotRecorded, match="secret answers: what"):
            getattr(answer, name)


def test_a_long_text_comes_from_its_file_and_is_compared(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    text = "x" * (EXCERPT + 1)
    output = Outputs(tmp_path / "outputs", lambda said: said).describe("long", text)
    assert text_of(output, tmp_path, "what") == text
    (tmp_path / output["file"]).write_text("y" * len(text))
    with pytest.raises(NotRecorded, match="is not what the journal says"):
        text_of(output, tmp_path, "what")
    (tmp_path / output["file"]).unlink()
    with pytest.raises(NotRecorded, match="can't be read"):
        text_of(output, tmp_path, "what")


def test_a_file_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (tmp_path / "run").mkdir()
    output = {"text": "", "file": "../secret", "sha256": hashlib.sha256(b"s").hexdigest()}
    with pytest.raises(NotRecorded, match="not in the run's directory"):
        text_of(output, tmp_path / "run", "what")


VALUES = st.one_of(
    *(st.none(), st.integers(), st.booleans(), st.text(max_size=20), st.binary(max_size=20)),
    *(st.floats(allow_nan=False, allow_infinity=False), st.timedeltas(), st.times()),
    *(st.decimals(allow_nan=False, allow_infinity=False), st.dates(), st.datetimes()),
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b_c", "moment"]), VALUES, min_size=1, max_size=3),
    min_size=1,
    max_size=3,
)


@given(ROWS)
def test_rows_of_the_database_are_read_back_with_their_types(rows: list[dict[str, Any]]) -> None:
    read = read_rows(write_rows(rows))
    assert read == rows
    assert [[type(v) for v in row.values()] for row in read] == [
        [type(v) for v in row.values()] for row in rows
    ]


@pytest.mark.parametrize(
    "text", ["a=********", "a=open('x')", "a=Decimal(open('x'))", "a", "a=1\na=2", "**{}"]
)
def test_rows_that_can_not_be_read_are_no_answer(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotRecorded):
        rows_of(observed({"text": text}, rows=1), tmp_path)


def test_no_row_is_an_answer_also_of_a_secret(tmp_path: Path) -> None:
    assert rows_of(observed({"text": SECRET}, rows=0), tmp_path) == []
    with pytest.raises(NotRecorded, match="secret"):
        rows_of(observed({"text": SECRET}, rows=1), tmp_path)


def test_what_the_controller_has_is_read_back() -> None:
    settings = SimpleNamespace(approvals_from=None, approvers=None, rehearsal=None)
    run = SimpleNamespace(inventory=SimpleNamespace(settings=settings))
    statement = Statement(
        *("r", "c", "staging", "guide", "h", "4.25", "4.26", {"operative": 2}, NOW),
        accepted=[{"code": "c", "subject": "s", "by": "A", "reason": "r"}],
        runbooks=["h"],
        machines={"n": "1"},
    )
    for seen in (
        SeenStatement(statement, by="the operator"),
        SeenStatement(problem="no rehearsal is named"),
    ):
        query = statement_here(run)  # type: ignore[arg-type]
        assert query.parse(query.write(seen)) == seen
    approval = Approval("hash", {"cluster": "c"}, "B. Bianchi", NOW, NOW + timedelta(days=1))
    signed = SeenApproval("b.approval.json", approval, "b@example.test", "SHA256:k")
    found = Operator("root", ("SHA256:o",)), [signed, SeenApproval("c", problem="it can't be read")]
    asked = approvals_here(run)  # type: ignore[arg-type]
    assert asked.parse(asked.write(found)) == found
    older = '{"operator": {"name": "root", "key": "SHA256:o"}, "seen": []}'
    assert asked.parse(older) == (Operator("root", ("SHA256:o",)), [])


def test_deadlines_are_over_when_nothing_more_was_asked(tmp_path: Path) -> None:
    """Whatever is polled ends: with the last look that the run had."""
    own = [
        kit.event("run-started", seq=1),
        kit.event("step-started", seq=2, step="a.b"),
        kit.event("observation", seq=3, step="a.b", node="n", question="q", command="c"),
    ]
    record = Record(evidence_of(tmp_path, own))
    record.go_to("a.b")
    begun = record.timer()
    assert record.timer() == begun
    record.take("n", "q", ("c",))
    assert record.timer() - begun > 1000
    assert record.timer() - record.timer() < 0
    with pytest.raises(Diverged, match="not so often"):
        record.take("n", "q", ("c",))


def test_an_answer_to_another_command_is_none(tmp_path: Path) -> None:
    own = [
        kit.event("run-started", seq=1),
        kit.event("step-started", seq=2, step="a.b"),
        kit.event("observation", seq=3, step="a.b", node="n", question="q", command="c"),
    ]
    record = Record(evidence_of(tmp_path, own))
    record.go_to("a.b")
    with pytest.raises(Diverged, match="another command"):
        record.take("n", "q", ("d",))


@pytest.mark.parametrize("length", [10, 300, 900, 5000])
def test_a_command_is_known_again_as_journals_have_had_it(tmp_path: Path, length: int) -> None:
    """Whole, as an excerpt, cut without a mark, and SQL with its lines folded."""
    script = "sh -c 'begin\n" + "x " * length + "\nend'"
    (tmp_path / "outputs").mkdir()
    told = Outputs(tmp_path / "outputs", str).command("n", script)["command"]
    folded = " ".join(script.split())
    for seq, recorded in enumerate((told, script[:400], folded), start=3):
        own = [
            kit.event("run-started", seq=1),
            kit.event("step-started", seq=2, step="a.b"),
            kit.event("observation", seq=seq, step="a.b", node="n", question="q", command=recorded),
        ]
        record = Record(evidence_of(tmp_path, own))
        record.go_to("a.b")
        look = RecordedLook(kit.make_run(tmp_path / str(seq)), record)
        assert record.take("n", "q", look._as_recorded(script))["command"] == recorded
