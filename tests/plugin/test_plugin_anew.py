"""`python -m engine report` on whole directories: no key at hand, killed, a disk that is full."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.prove import signature
from engine.prove.signature import CantSign, Signer
from engine.record.material import runbook_hash
from engine.verify import NOT_PROVED, NOT_VALID, VALID, verify
from tests.evidence.killed import Moments, content, shown
from tests.evidence.sealed import new_key
from tests.plugin.kit import CHANGE, CLOSING, INVENTORY, Project

pytest_plugins = "pytester"


@pytest.fixture
def signed(project: Project, tmp_path: Path) -> Path:
    """The directory of a run that signed with a key; `report` finds none."""
    key = new_key(tmp_path)
    project.write("inventory.ini", f"{INVENTORY}runbook_signing_key = {key}\n")
    project.steps(CHANGE + CLOSING)
    assert project.run().ret == 0
    return project.latest.resolve()


def head_of(directory: Path) -> str:
    return str(json.loads((directory / "manifest.json").read_text())["journal"]["head"])


def key_of(directory: Path) -> str:
    last = (directory / "journal.jsonl").read_text().splitlines()[-1]
    return str(json.loads(last).get("key", ""))


def text_of(directory: Path) -> str:
    return " ".join((directory / "VERIFY.txt").read_text().split())


def test_made_anew_where_the_key_is_not_it_says_so_everywhere(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, key = head_of(signed), key_of(signed)
    assert verify(signed, head).code == VALID
    assert main(["report", str(signed)]) == 0
    said = f"the run itself had signed with {key}; what was signed before is of the files as they"
    assert "evidence: not signed anew (there is no ssh key" in capsys.readouterr().out
    for text in (text_of(signed), (signed / "evidence.html").read_text()):
        assert "not signed anew (there is no ssh key" in text
        assert said in text
    assert "manifest.json.sig is the signature" not in text_of(signed)
    verdict = verify(signed, head)
    assert verdict.code == NOT_PROVED
    assert "plan.json" not in "\n".join(verdict.lines)
    assert "journal.jsonl" not in json.loads((signed / "manifest.json").read_text())["replaced"]


def test_made_anew_by_another_runbook_it_says_which(
    signed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, later = runbook_hash()[:12], "c" * 64
    assert main(["report", str(signed)]) == 0
    same = f"by runbook {own} (the same as in the run), from the run&#39;s journal, which is"
    assert f"{same} unchanged" in (signed / "evidence.html").read_text().partition("</header>")[0]
    monkeypatch.setattr("engine.run.anew.runbook_hash", lambda: later)
    assert main(["report", str(signed)]) == 0
    other = f"by runbook cccccccccccc (another one than in the run, which was {own})"
    for name in ("evidence.html", "report.html", "VERIFY.txt"):
        assert other in " ".join((signed / name).read_text().split()), name


def test_a_key_that_has_gone_meanwhile_is_no_signature(
    signed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that was closed between the trial and the signature."""

    def gone(self: Signer, *given: Any) -> bytes:
        raise CantSign("agent refused operation")

    key = tmp_path / "id_ed25519"
    monkeypatch.setattr(signature, "_identity_files", lambda host: iter((key,)))
    monkeypatch.setattr(Signer, "sign", gone)
    assert main(["report", str(signed)]) == 0
    assert "not signed anew (agent refused operation)" in text_of(signed)
    assert "signed anew with" not in text_of(signed).replace("not signed anew", "")
    assert not (signed / "manifest.json.sig").exists()


def test_nothing_is_touched_until_all_of_it_is_made_and_what_is_killed_then_is_made_good(
    signed: Path, tmp_path: Path
) -> None:
    """Each moment of writing is looked at in tests/evidence/test_made_anew.py."""
    head, old, moments = head_of(signed), shown(content(signed)), Moments(signed, tmp_path)
    with moments.kept():
        assert main(["report", str(signed)]) == 0
    new, codes = shown(content(signed)), []
    for state in moments.states:
        now = shown(content(state))
        codes.append(verify(state, head).code)
        assert all(text in (old.get(name), new.get(name)) for name, text in now.items())
        assert (codes[-1] == NOT_PROVED) == (now == new)
    assert (codes[0], codes[-1]) == (VALID, NOT_PROVED)
    assert set(codes[1:-1]) == {NOT_VALID}
    for state in moments.states[1 :: len(moments.states) // 4]:
        assert main(["report", str(state)]) == 0
        assert verify(state, head).code == NOT_PROVED, verify(state, head).lines


def test_a_disk_that_is_full_leaves_all_as_it_was(
    signed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, plain, count = content(signed), os.fsync, 0

    def full(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert main(["report", str(signed)]) == 1
    assert capsys.readouterr().err.endswith("can't be written (No space left on device)\n")
    assert content(signed) == before


def test_a_page_that_can_not_be_drawn_leaves_all_as_it_was(
    signed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without(*given: object) -> str:
        raise KeyError("remedy")

    before = content(signed)
    monkeypatch.setattr("engine.report.audit.page.render", without)
    assert main(["report", str(signed)]) == 1
    assert "evidence.html: can't be made" in capsys.readouterr().err
    assert content(signed) == before


def test_a_journal_that_was_altered_is_refused_and_nothing_is_touched(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = signed / "journal.jsonl"
    path.write_text(path.read_text().replace("set x", "set y"))
    before = content(signed)
    assert main(["report", str(signed)]) == 4
    assert "NOT VALID: journal.jsonl: line" in capsys.readouterr().err
    assert content(signed) == before


def test_of_a_plan_its_file_is_made_anew_too(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    project.run("--plan")
    before = (project.latest / "plan.json").read_bytes()
    (project.latest / "plan.json").unlink()
    assert main(["report", str(project.latest)]) == 0
    assert (project.latest / "plan.json").read_bytes() == before
    assert verify(project.latest).code == NOT_PROVED


def test_what_was_found_does_not_end_in_0_and_is_told(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = head_of(signed)
    page, output = signed / "evidence.html", next((signed / "outputs").iterdir())
    whole = page.read_text()
    page.write_text(whole.replace("<h1>", "<h1>All was well. "))
    assert main(["report", str(signed)]) == 1
    assert "FOUND: evidence.html was altered since it was made" in capsys.readouterr().out
    assert main(["report", str(signed)]) == 0
    output.write_bytes(output.read_bytes() + b".")
    for _ in range(2):
        assert main(["report", str(signed)]) == 1
        assert f"FOUND: NOT VALID: outputs/{output.name} was altered" in capsys.readouterr().out
        assert verify(signed, head).code == NOT_VALID
    (signed / "manifest.1.json").unlink()
    assert main(["report", str(signed)]) == 1
    assert "manifest.1.json is missing" in capsys.readouterr().out
