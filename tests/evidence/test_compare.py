"""Two runs side by side: what differs is named, what does not is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.report.compare import compare, lines_of
from engine.report.summary import summary_of
from engine.verify import digest
from tests.evidence import journals
from tests.plugin.kit import CHANGE, CLOSING, FINDING, Project

pytest_plugins = "pytester"


def summary(**fields: Any) -> dict[str, Any]:
    return {**summary_of(journals.whole()), **fields}


def step(name: str, seconds: float = 1.0, outcome: str = "done", node: str | None = None) -> Any:
    return {"name": name, "node": node, "seconds": seconds, "outcome": outcome}


def notes(one: list[Any], other: list[Any]) -> dict[str, str]:
    found = compare(summary(steps=one), summary(steps=other))
    return {line.name: line.note for line in found.steps}


def test_a_run_is_the_same_as_itself() -> None:
    lines = lines_of(compare(summary(), summary()))
    for said in ("steps: every step the same", "findings: the same", "rows of the guide: the same"):
        assert any(line.startswith(said) for line in lines), lines


def test_what_differs_is_named() -> None:
    assert notes(
        [step("a"), step("b", 10), step("c", 100), step("only")],
        [step("a", outcome="failed"), step("b", 30), step("c", 20), step("new")],
    ) == {
        "a": "another outcome",
        "b": "took longer in the second",
        "c": "took longer in the first",
        "only": "only in one",
        "new": "only in one",
    }


def test_a_second_more_is_no_difference() -> None:
    assert notes([step("a", 0.1)], [step("a", 1.2)]) == {"a": ""}
    assert notes([step("a", 100)], [step("a", 110)]) == {"a": ""}


def test_nodes_of_other_names_are_compared_by_their_place() -> None:
    one = [step("a[n1]", node="n1"), step("a[n2]", node="n2")]
    other = [step("a[x]", node="x"), step("a[y]", node="y", outcome="failed")]
    assert notes(one, other) == {"a[node 1]": "", "a[node 2]": "another outcome"}


def test_findings_are_counted_by_code_and_weight() -> None:
    finding = {"code": "c", "severity": "warn", "accepted": None}
    found = compare(summary(findings=[finding]), summary(findings=[finding, finding]))
    (line,) = found.findings
    assert (line.name, line.one, line.other) == ("c", "1 warn", "2 warn")


def test_rows_with_another_state_are_named() -> None:
    rows = [{"id": "G01", "state": "open"}]
    (line,) = compare(summary(guide=rows), summary(guide=[{**rows[0], "state": "failed"}])).rows
    assert (line.one, line.other) == ("open", "failed")


def test_from_the_command_line(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.steps(CHANGE + CLOSING)
    project.run()
    first = project.latest
    project.steps(CHANGE + CLOSING + FINDING.format(name="one"))
    project.run()
    capsys.readouterr()
    assert cli.main(["compare", str(first), str(project.latest)]) == 0
    said = capsys.readouterr().out
    assert "one.finding" in said
    assert "only in one" in said
    assert "bad-thing" in said
    assert cli.main(["compare", str(first), str(tmp_path)]) == 4


def test_what_was_altered_is_not_compared(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.steps(CHANGE + CLOSING)
    project.run()
    first, raw = project.latest, (project.latest / "journal.jsonl").read_bytes()
    capsys.readouterr()
    assert cli.main(["compare", str(first), str(first)]) == 0
    assert digest(raw.splitlines()[-1]) in capsys.readouterr().out
    (first / "journal.jsonl").write_bytes(raw.replace(b'"outcome": "done"', b'"outcome": "none"'))
    assert cli.main(["compare", str(first), str(first)]) == 4
    given = capsys.readouterr()
    assert given.out == ""
    assert f"{first}: NOT VALID: journal.jsonl: line " in given.err
    assert "name another run" in given.err
