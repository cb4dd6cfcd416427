"""Approvals with real keys: given on the command line, read back, refused when altered."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.errors import ParseError
from engine.model.approval import Upgrade
from engine.model.event import stamp
from engine.parse.signed import parse_approval
from engine.prove.approvals import MOST, read_approvals
from engine.prove.signature import signed_by
from engine.record.material import material_hash
from engine.verify import canonical
from tests.engine.kit import BEGIN
from tests.evidence.schemas import problems
from tests.evidence.sealed import new_key

MATERIAL = {"cluster": "c", "source": "4.25", "target": "4.26"}


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    content = {
        "hash": material_hash(MATERIAL),
        "material": MATERIAL,
        "cluster": "c",
        "findings": [{"code": "approvals-missing", "severity": "block"}],
        "steps": [{}],
        "outcome": "blocked",
    }
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    path = tmp_path / "approvers"
    key = new_key(tmp_path, "of-b")
    path.write_text(f"b@example.test {key.with_suffix('.pub').read_text()}")
    return path


def given(plan: Path, *arguments: str, key: str = "of-b") -> int:
    place = plan.parent / "given"
    place.mkdir(exist_ok=True)
    words = ["approve", str(plan), "--name", "B. Bianchi", "--key", str(plan.parent / key)]
    return cli.main([*words, "--out", str(place / "b.approval.json"), *arguments])


def the_file(plan: Path) -> Path:
    return plan.parent / "given" / "b.approval.json"


def test_it_is_read_back_as_it_was_given(
    plan: Path, allowed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert given(plan, "--until", "2027-01-01T06:00+01:00") == 0
    said = capsys.readouterr().out
    assert "B. Bianchi approves: c from 4.25 to 4.26" in said
    assert "blocked by approvals-missing" in said
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert (seen.problem, seen.principal) == ("", "b@example.test")
    assert seen.key.startswith("SHA256:")
    assert seen.approval is not None
    assert seen.approval.plan == material_hash(MATERIAL)
    assert seen.approval.until.isoformat() == "2027-01-01T05:00:00+00:00"
    assert problems("approval", json.loads(the_file(plan).read_text())) == []


def test_without_an_end_it_holds_for_two_weeks(plan: Path, allowed: Path) -> None:
    assert given(plan) == 0
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert seen.approval is not None
    assert seen.approval.until - seen.approval.given == timedelta(days=14)


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "name": lambda c: c.update(name="Somebody"),
    "until": lambda c: c.update(until="2099-01-01T00:00:00.000Z"),
    "plan": lambda c: c.update(plan="0" * 64),
    "material": lambda c: c["material"].update(target="4.27"),
    "signature": lambda c: c.update(signature=c["signature"].replace("A", "B", 1)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_altered_it_counts_no_more(plan: Path, allowed: Path, change: str) -> None:
    given(plan)
    content = json.loads(the_file(plan).read_text())
    CHANGES[change](content)
    the_file(plan).write_bytes(canonical(content))
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert seen.problem


def test_a_stranger_s_key_counts_for_nothing(plan: Path, allowed: Path) -> None:
    new_key(plan.parent, "stranger")
    assert given(plan, key="stranger") == 0
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert "approvers does not allow" in seen.problem


def test_a_signature_of_evidence_approves_nothing(
    plan: Path, allowed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.prove.approvals.APPROVAL", "neteye-runbook")
    given(plan)
    monkeypatch.undo()
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert "signed as something else" in seen.problem


def test_without_approvers_or_directory(plan: Path, tmp_path: Path, allowed: Path) -> None:
    given(plan)
    (seen,) = read_approvals(plan.parent / "given", None)
    assert "runbook_approvers is not given" in seen.problem
    (seen,) = read_approvals(tmp_path / "nowhere", allowed)
    assert "no such directory" in seen.problem
    assert read_approvals(None, allowed) == []


def test_an_altered_plan_is_not_approved(plan: Path, allowed: Path) -> None:
    content = json.loads(plan.read_text())
    content["material"]["target"] = "4.27"
    plan.write_text(json.dumps(content))
    assert given(plan) == 4
    assert not the_file(plan).exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no plan.json: "),
        ("[" * 100_000, "no plan.json: "),
        ("{}", "no plan.json of this runbook"),
        ({"material": {}, "hash": material_hash({})}, "its facts lack source or target"),
        ('{"hash": ' + "[" * 500 + "]" * 500 + "}", "no plan.json: nested"),
        (r'{"hash": "\ud800"}', "no plan.json: half a character"),
        ({"findings": ["no finding"]}, "its steps or findings are no list"),
        ({"steps": 1}, "its steps or findings are no list"),
    ],
    ids=[
        *("empty", "brackets", "of something else", "a plan of nothing", "nested"),
        *("half a character", "findings of text", "one step"),
    ],
)
def test_what_is_no_plan_is_not_approved(
    plan: Path,
    allowed: Path,
    text: str | dict[str, object],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = json.loads(plan.read_text())
    plan.write_text(text if isinstance(text, str) else json.dumps({**whole, **text}))
    assert given(plan) == 4
    assert said in capsys.readouterr().err
    assert not the_file(plan).exists()


def test_a_moment_that_is_none_is_told_in_words(
    plan: Path, allowed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        given(plan, "--until", "yesterday")
    assert "--until: expected ISO 8601, as 2026-11-28T22:00" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--until", "2020-01-01T00:00+00:00"], ["--until", "x"], ["--key", "/no/such"]]
)
def test_wrong_use_writes_nothing(plan: Path, allowed: Path, arguments: list[str]) -> None:
    try:
        code = given(plan, *arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 4
    assert not the_file(plan).exists()


def test_another_approval_is_never_replaced(plan: Path, allowed: Path) -> None:
    assert given(plan) == 0
    before = the_file(plan).read_bytes()
    assert given(plan) == 4
    assert the_file(plan).read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', "not json", "[" * 100_000])
def test_anything_else_is_no_approval(text: str) -> None:
    with pytest.raises(ParseError, match=r"x\.approval\.json"):
        parse_approval(text, "x.approval.json")


def test_of_another_schema_or_without_a_zone_it_is_refused() -> None:
    content = {
        "schema": 1,
        "plan": "h",
        "material": {},
        "name": "B",
        "given": stamp(BEGIN),
        "until": stamp(BEGIN),
        "signature": "s",
    }
    assert parse_approval(json.dumps(content), "x").content.given == BEGIN
    for wrong, problem in {
        '"schema": 2': "schema: is 2, this runbook reads 1",
        '"schema": true': "schema: is the boolean 'true', expected a whole number",
        '"until": "2026-01-01T00:00:00"': "until: is '2026-01-01T00:00:00', expected ISO 8601 with",
        '"given": "2026-11-02T01:00:00+01:00"': "given: is '2026-11-02T01:00:00+01:00', expected '",
        '"given": "1700000000"': "given: is '1700000000', expected ISO 8601 with a zone",
        '"name": 1': "name: is the number '1', expected a string",
        '"material": []': "material: is a list, expected an object",
        '"signature": 7': "signature: is the number '7', expected a string",
        '"more": 7': "has not the fields of an approval: schema, plan, material, name, given",
        '"name": "C", "name": "B"': "key 'name' is there twice",
    }.items():
        name = wrong.partition(":")[0].strip('"')
        others = json.dumps({key: value for key, value in content.items() if key != name})
        with pytest.raises(ParseError, match=re.escape(problem)):
            parse_approval(f"{others[:-1]}, {wrong}}}", "x")


def put(directory: Path, file: str, **changes: Any) -> None:
    """A file as an approval is written, with a signature of nobody."""
    content = {
        "schema": 1,
        "plan": material_hash(MATERIAL),
        "material": MATERIAL,
        "name": "C",
        "given": "2026-11-01T00:00:00.000Z",
        "until": "2027-11-01T00:00:00.000Z",
        "signature": "x",
    }
    directory.mkdir(exist_ok=True)
    (directory / f"{file}.approval.json").write_text(json.dumps({**content, **changes}))


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What a signature was asked for."""
    asked: list[bytes] = []

    def ask(text: bytes, *_: object) -> tuple[str, str]:
        asked.append(text)
        return "c@example.test", "SHA256:c"

    monkeypatch.setattr("engine.prove.approvals.signed_by", ask)
    return asked


OURS = Upgrade("c", "4.25", "4.26")


@pytest.fixture
def signers(tmp_path: Path) -> Path:
    """Nobody is asked what it says: `checked` stands for that."""
    path = tmp_path / "approvers"
    path.write_text("c@example.test ssh-ed25519 AAAA\n")
    return path


@pytest.mark.parametrize("name", ["cluster", "source", "target"])
def test_no_signature_is_checked_of_what_is_for_another_upgrade(
    tmp_path: Path, checked: list[bytes], signers: Path, name: str
) -> None:
    for number in range(300):
        put(tmp_path / "given", f"o{number}", material={**MATERIAL, name: "another"})
    put(tmp_path / "given", "ours")
    ours, passed = read_approvals(tmp_path / "given", signers, OURS)
    assert (ours.file, ours.problem, len(checked)) == ("ours.approval.json", "", 1)
    assert passed.file == str(tmp_path / "given")
    assert passed.problem == (
        "passed over, no signature was checked: 300 files for another cluster or upgrade"
    )


def test_of_too_many_those_given_last_are_looked_at(
    tmp_path: Path, checked: list[bytes], signers: Path
) -> None:
    for number in range(MOST + 20):
        put(tmp_path / "given", f"a{number:04}")
    put(tmp_path / "given", "z", given="2026-11-02T00:00:00.000Z")
    *seen, passed = read_approvals(tmp_path / "given", signers, OURS)
    assert (len(seen), len(checked)) == (MOST, MOST)
    assert seen[-1].file == "z.approval.json"
    assert f"21 files beyond the {MOST} that were given last" in passed.problem


def test_of_far_too_many_those_written_last_are_read(
    tmp_path: Path, checked: list[bytes], signers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.prove.approvals.READ", 5)
    for number in range(8):
        put(tmp_path / "given", f"a{number}")
    os.utime(tmp_path / "given" / "a7.approval.json", (1, 1))
    *seen, passed = read_approvals(tmp_path / "given", signers, OURS)
    assert len(seen) == len(checked) == 5
    assert "a7.approval.json" not in [one.file for one in seen]
    assert passed.problem.endswith(": 3 files beyond the 5 that were written last")


def test_a_file_that_is_none_is_told_and_waited_for_by_nobody(
    tmp_path: Path, checked: list[bytes], signers: Path
) -> None:
    place = tmp_path / "given"
    place.mkdir()
    os.mkfifo(place / "pipe.approval.json")
    (place / "nested.approval.json").write_text('{"a": ' + "[" * 500 + "]" * 500 + "}")
    put(place, "half", name="\ud800")
    put(place, "nobody", name="\u200b\u2060\ufeff")
    put(place, "surrogate-facts", material={**MATERIAL, "x": "\udfff"})
    told = {one.file.partition(".")[0]: one.problem for one in read_approvals(place, signers, OURS)}
    assert told.pop("pipe") == "it can't be read: it is a pipe, expected a file"
    assert "nested" in told.pop("nested")
    assert "half a character" in told.pop("half")
    assert "name: is empty" in told.pop("nobody")
    assert "half a character" in told.pop("surrogate-facts")
    assert (told, checked) == ({}, [])


def test_approvers_in_a_pipe_are_nobody(plan: Path, allowed: Path) -> None:
    given(plan)
    allowed.unlink()
    os.mkfifo(allowed)
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert "it is a pipe, expected a file" in seen.problem


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\u2060\ufeff", "\udcff"])
def test_nobody_approves_nothing(
    plan: Path, allowed: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert given(plan, "--name", name) == 4
    assert capsys.readouterr().err.count("\n") == 1
    assert not the_file(plan).exists()


def test_a_plan_in_a_pipe_is_not_waited_for(
    plan: Path, allowed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.unlink()
    os.mkfifo(plan)
    assert given(plan) == 4
    assert "plan.json: can't be read (it is a pipe, expected a file)" in capsys.readouterr().err


def sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b""), "is empty, expected JSON"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: sparse(path, 100 << 20), "it is larger than 16 MiB"),
        (lambda path: path.symlink_to("nowhere"), "No such file"),
    ],
    ids=["empty", "a directory", "100 MB", "a link to nothing"],
)
def test_a_careless_file_is_told_and_the_others_count(
    plan: Path, allowed: Path, spoil: Callable[[Path], Any], said: str
) -> None:
    given(plan)
    spoil(plan.parent / "given" / "a.approval.json")
    careless, good = read_approvals(plan.parent / "given", allowed)
    assert said in careless.problem
    assert (careless.raw, good.problem) == (b"", "")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b""), "none of its lines has that key"),
        (lambda path: path.mkdir(), "approvers can't be read (Is a directory)"),
        (lambda path: sparse(path, 100 << 20), "approvers can't be read (it is larger than 1 MiB)"),
        (lambda path: path.symlink_to("nowhere"), "approvers can't be read (No such file"),
    ],
    ids=["empty", "a directory", "100 MB", "a link to nothing"],
)
def test_careless_approvers_are_nobody(
    plan: Path, allowed: Path, spoil: Callable[[Path], Any], said: str
) -> None:
    given(plan)
    allowed.unlink()
    spoil(allowed)
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert said in seen.problem
    assert seen.principal == ""


def test_what_was_checked_is_what_is_kept(plan: Path, allowed: Path) -> None:
    given(plan)
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert (seen.raw, seen.signers) == (the_file(plan).read_bytes(), allowed.read_bytes())


def test_so_it_is_when_both_files_are_changed_meanwhile(
    plan: Path, allowed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of approvers counts as it was when it was read, and so it lies in the evidence."""
    given(plan)
    before = the_file(plan).read_bytes(), allowed.read_bytes()

    def check(*asked: Any) -> tuple[str, str]:
        allowed.write_text("# nobody\n")
        the_file(plan).write_text("{}")
        return signed_by(*asked)

    monkeypatch.setattr("engine.prove.approvals.signed_by", check)
    (seen,) = read_approvals(plan.parent / "given", allowed)
    assert seen.problem == ""
    assert (seen.raw, seen.signers) == before
