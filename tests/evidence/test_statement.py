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
from engine.prove.signature import REHEARSAL
from engine.prove.statement import NAME, read_statement
from engine.record.material import runbook_hash
from engine.verify import APPROVAL, VALID, canonical, verify
from tests.evidence.schemas import problems_of_run
from tests.evidence.sealed import new_key
from tests.plugin.kit import CHANGE, CLOSING, FINDING, INVENTORY, Project

pytest_plugins = "pytester"

CLOSED = """
@step("third.closed", after=["second.change"])
def test_closed(runbook_session, evidence):
    "The attempt is closed."
    evidence.remember("rehearsed", scenario="guide", about="every path", base="trixie")
    evidence.remember("machine-ids", ids={"n1": "1" * 32, "n2": ""},
                      releases={"n1": "Debian GNU/Linux 13 (trixie)", "n2": ""})
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
    assert seen.statement.accepted == []
    assert seen.statement.runbooks == [runbook_hash()]
    assert seen.statement.machines == {"n1": "1" * 32}
    assert seen.statement.base == "trixie"
    assert seen.statement.releases == {"n1": "Debian GNU/Linux 13 (trixie)"}
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


def test_it_says_what_was_accepted_and_that_the_runbook_was_changed(project: Project) -> None:
    finding = FINDING.format(name="one").replace("one subject", "n1")
    project.steps(CHANGE + finding + CLOSED.replace("second.change", "one.finding") + CLOSING)
    assert project.run().ret == 1
    project.monkeypatch.setattr("engine.run.start.runbook_hash", lambda step: "b" * 64)
    assert project.run("--accept", "bad-thing@n1=it is known", "--by", "A. Rossi").ret == 0
    seen = read_statement(project.latest / NAME)
    assert seen.statement is not None
    assert seen.statement.accepted == [
        {"code": "bad-thing", "subject": "n1", "by": "A. Rossi", "reason": "it is known"}
    ]
    assert seen.statement.runbook == "b" * 64
    assert seen.statement.runbooks == [runbook_hash(), "b" * 64]


def test_whose_key_it_is_the_operators_own_keys_and_the_approvers_tell(
    signed: Path, tmp_path: Path
) -> None:
    assert read_statement(signed).by == ""
    seen = read_statement(signed, None, lambda: ["SHA256:x", read_key(signed)])
    assert seen.by == "the operator"
    allowed = tmp_path / "approvers"
    public = (tmp_path / "id_ed25519.pub").read_text()
    for options, by in (("", "c@x"), (f'namespaces="{REHEARSAL}"', "c@x"),
                        (f'namespaces="{APPROVAL}"', "")):  # fmt: skip
        allowed.write_text(f"c@x {options} {public}")
        assert read_statement(signed, allowed).by == by
    allowed.write_text("# nobody\n")
    assert read_statement(signed, allowed).by == ""
    assert read_statement(signed, tmp_path / "gone").by == ""


def read_key(path: Path) -> str:
    return str(json.loads(path.read_text())["key"])


def test_one_of_the_first_form_is_read(signed: Path) -> None:
    content = json.loads(signed.read_text())
    for name in ("accepted", "runbooks", "machines", "base", "releases", "predicted"):
        content.pop(name)
    content |= {"schema": 1, "key": "", "signature": ""}
    read = parse_statement(json.dumps(content), NAME).content
    assert (read.accepted, read.runbooks, dict(read.machines)) == (None, (), {})


def test_one_of_the_second_form_is_read(signed: Path) -> None:
    content = json.loads(signed.read_text())
    for name in ("base", "releases", "predicted"):
        content.pop(name)
    content |= {"schema": 2, "key": "", "signature": ""}
    read = parse_statement(json.dumps(content), NAME).content
    assert (dict(read.machines), read.base, dict(read.releases)) == ({"n1": "1" * 32}, "", {})


def test_one_of_the_third_form_is_read_and_predicts_nothing(signed: Path) -> None:
    content = json.loads(signed.read_text())
    assert content.pop("predicted")["passages"] != []
    content |= {"schema": 3, "key": "", "signature": ""}
    read = parse_statement(json.dumps(content), NAME).content
    assert (read.base, read.predicted) == ("trixie", None)


def test_it_predicts_what_the_run_did(signed: Path) -> None:
    seen = read_statement(signed).statement
    assert seen is not None and seen.predicted is not None  # noqa: PT018
    told = {passage.step: passage for passage in seen.predicted.passages}
    assert [act.what for act in told["second.change"].acts] == ["set x"]
    assert [act.place for act in told["second.change"].acts] == ["operative 1"]
    assert seen.predicted.nodes == {"operative": 3}
    assert "neteye0" not in json.dumps(json.loads(signed.read_text())["predicted"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": 5}, "schema: is 5, this runbook reads 1 or 2 or 3 or 4"),
        ({"schema": 3}, "has not the fields of a statement"),
        ({"predicted": []}, "predicted: is a list, expected an object"),
        ({"predicted": {"nodes": {"operative": "3"}}}, r"predicted.nodes.operative: is the string"),
        ({"predicted": {"nodes": {}, "active": 1}}, "predicted.passages: is missing"),
        ({"schema": 2}, "has not the fields of a statement"),
        ({"releases": {"n1": 1}}, r"releases.n1: is the number .1., expected a string"),
        ({"schema": 1}, "has not the fields of a statement"),
        ({"accepted": {}}, "accepted: is an object, expected a list"),
        ({"accepted": [{"code": "c"}]}, r"accepted\[0\].subject: is missing"),
        ({"runbooks": "a"}, "runbooks: is no list of strings"),
        ({"runbooks": [1]}, "runbooks: is no list of strings"),
        ({"machines": []}, "machines: is a list, expected an object"),
        ({"machines": {"n": 1}}, "machines.n: is the number '1', expected a string"),
    ],
)
def test_one_of_another_form_is_none(signed: Path, changes: dict[str, Any], said: str) -> None:
    content = {**json.loads(signed.read_text()), **changes}
    with pytest.raises(ParseError, match=said):
        parse_statement(json.dumps(content), NAME)


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
    "accepted": lambda c: c["accepted"].append(
        {"code": "x", "subject": "", "by": "A", "reason": "r"}
    ),
    "runbooks": lambda c: c["runbooks"].append("0" * 64),
    "machines": lambda c: c["machines"].clear(),
    "base": lambda c: c.update(base="bookworm"),
    "releases": lambda c: c["releases"].clear(),
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
