"""The statement of a green rehearsal: written by the run, read back, refused when altered."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ParseError
from engine.parse.signed import parse_statement
from engine.prove.statement import NAME, read_statement
from engine.record.material import runbook_hash
from engine.verify import VALID, canonical, verify
from tests.evidence.schemas import problems_of_run
from tests.evidence.sealed import new_key
from tests.plugin.kit import CHANGE, CLOSING, FINDING, INVENTORY, Project

pytest_plugins = "pytester"

CLOSED = """
@step("third.closed", after=["second.change"])
def test_closed(runbook_session, evidence):
    "The attempt is closed."
    evidence.remember("rehearsed", scenario="guide", about="every path")
    runbook_session.close_attempt()
    evidence.note("closed")

"""


@pytest.fixture
def signed(project: Project, tmp_path: Path) -> Path:
    """The statement of a run that closed its attempt."""
    key = new_key(tmp_path)
    project.write("inventory.ini", f"{INVENTORY}runbook_signing_key = {key}\n")
    project.steps(CHANGE + CLOSED + CLOSING)
    assert project.run().ret == 0
    return project.latest / NAME


def test_it_says_what_was_rehearsed(signed: Path) -> None:
    seen = read_statement(signed)
    assert seen.problem == ""
    assert seen.statement is not None
    assert seen.statement.run == signed.parent.name
    assert seen.statement.runbook == runbook_hash()
    assert (seen.statement.source, seen.statement.target) == ("4.25", "4.26")
    assert seen.statement.nodes == {"operative": 3}
    assert (seen.statement.environment, seen.statement.scenario) == ("staging", "guide: every path")
    assert seen.statement.key.startswith("SHA256:")
    assert signed.stat().st_mode & 0o777 == 0o600
    assert problems_of_run(signed.parent) == []


def test_it_is_part_of_the_sealed_evidence(signed: Path) -> None:
    assert "rehearsal.json" in (signed.parent / "manifest.json").read_text()
    assert verify(signed.parent).code != 1
    signed.write_text("{}")
    assert verify(signed.parent).code != VALID


def test_without_a_key_it_is_not_signed(project: Project) -> None:
    project.steps(CHANGE + CLOSED + CLOSING)
    project.run()
    seen = read_statement(project.latest / NAME)
    assert seen.statement is not None
    assert seen.statement.key == ""


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_only_a_green_rehearsal_writes_one(project: Project, environment: str) -> None:
    if environment == "production":
        project.write("inventory.ini", INVENTORY.replace("staging", "production"))
        project.steps(CHANGE + CLOSED + CLOSING)
    else:
        project.steps(CHANGE + CLOSED + FINDING.format(name="one") + CLOSING)
    project.run()
    assert not (project.latest / NAME).exists()


def test_a_run_with_nothing_left_to_do_has_rehearsed_nothing(project: Project) -> None:
    close = "    runbook_session.close_attempt()\n"
    once = f"    if not runbook_session.look.memory.closed:\n    {close}"
    project.steps(CHANGE + CLOSED.replace(close, once) + CLOSING)
    project.run()
    assert (project.latest / NAME).exists()
    project.cluster.version = "4.26"
    project.run()
    assert project.summary["outcome"] == "done"
    assert not (project.latest / NAME).exists()


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "date": lambda c: c.update(finished="2099-01-01T00:00:00.000Z"),
    "runbook": lambda c: c.update(runbook="0" * 64),
    "nodes": lambda c: c["nodes"].update(operative=16),
    "key": lambda c: c.update(key="SHA256:other"),
    "signature": lambda c: c.update(signature=""),
}


def test_one_without_a_scenario_and_a_key_is_read(signed: Path) -> None:
    content = {**json.loads(signed.read_text()), "scenario": "", "key": "", "signature": ""}
    read = parse_statement(json.dumps(content), NAME)
    assert (read.content.scenario, read.content.key, read.signature) == ("", "", "")


@pytest.mark.parametrize("change", CHANGES)
def test_an_altered_one_is_none(signed: Path, change: str) -> None:
    content = json.loads(signed.read_text())
    CHANGES[change](content)
    signed.write_bytes(canonical(content))
    seen = read_statement(signed)
    assert seen.statement is None
    assert seen.problem


@pytest.mark.parametrize("text", ["", "[]", "{}", "no json", "[" * 100_000])
def test_anything_else_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / NAME
    path.write_text(text)
    assert "can't be read" in read_statement(path).problem
    with pytest.raises(ParseError):
        parse_statement(text, NAME)


def test_none_is_named_or_there() -> None:
    assert read_statement(None).problem == "no rehearsal is named"
    assert "can't be read" in read_statement(Path("/no/such")).problem


def test_a_pipe_is_no_statement_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    seen = read_statement(tmp_path / NAME)
    assert seen.statement is None
    assert seen.problem.endswith("can't be read: it is a pipe, expected a file")


@pytest.mark.parametrize("text", ["[" * 500 + "]" * 500, '"\\ud800"'])
def test_json_that_can_not_be_written_again_is_no_statement(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert "is no JSON" in read_statement(tmp_path / NAME).problem
