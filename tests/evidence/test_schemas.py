"""What runs leave is as the published schemas have it, and the schemas can be refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from engine.model.change import Move
from tests.engine import kit
from tests.engine.kit import N
from tests.evidence.schemas import SCHEMAS, problems, problems_of_run, validator
from tests.plugin.kit import CHANGE, CLOSING, FINDING, Project

pytest_plugins = "pytester"
JOURNAL_PAGE = SCHEMAS.parent / "journal.md"


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_a_schema_is_one(path: Path) -> None:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == path.name


RUNS: dict[str, Callable[[Project], tuple[str, ...]]] = {
    "done": lambda p: p.steps(CHANGE + CLOSING) or (),
    "a plan": lambda p: p.steps(CHANGE + CLOSING + FINDING.format(name="one")) or ("--plan",),
    "blocked": lambda p: p.steps(FINDING.format(name="one") + CLOSING) or (),
    "accepted": lambda p: (
        p.steps(FINDING.format(name="one") + CLOSING)
        or ("--accept", "bad-thing=it is known", "--by", "A. Rossi")
    ),
    "a failed assertion": lambda p: (
        p.steps('@step("a.b")\ndef test_a(look):\n    "Doc."\n    assert 1 == 2\n') or ()
    ),
}


@pytest.mark.parametrize("run", RUNS)
def test_what_a_run_leaves_is_as_the_schemas_have_it(project: Project, run: str) -> None:
    project.run(*RUNS[run](project))
    assert problems_of_run(project.latest) == []


def test_something_else_is_refused(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    project.run()
    summary = project.summary
    assert problems("summary", {**summary, "outcome": "fine"})
    assert problems("summary", {**summary, "more": 1})
    assert problems("summary", {k: v for k, v in summary.items() if k != "guide"})
    summary["findings"] = [{"code": "x"}]
    assert problems("summary", summary)
    line = json.loads((project.latest / "journal.jsonl").read_text().split("\n")[0])
    assert problems("journal", {**line, "event": "something"})
    assert problems("journal", {k: v for k, v in line.items() if k != "operator"})
    assert problems("journal", {**line, "prev": "short"})


def test_every_event_has_its_shape_and_its_line_in_the_architecture() -> None:
    known = set(validator("journal").schema["properties"]["event"]["enum"])
    table = JOURNAL_PAGE.read_text().partition("| event | further fields |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", table, re.M)
    assert {name for cell in cells for name in re.findall(r"`([a-z-]+)`", cell)} == known


def test_an_events_own_fields_are_asked_for() -> None:
    line = {**kit.intent(), "prev": "0" * 64, "time": "2026-11-02T00:00:01.000Z"}
    assert problems("journal", line) == []
    assert problems("journal", {k: v for k, v in line.items() if k != "command"})
    moves = Move(("web",), "", N, "the proof").as_data()
    assert problems("journal", {**line, "moves": moves}) == []
    assert problems("journal", {**line, "moves": {**moves, "more": ""}})
