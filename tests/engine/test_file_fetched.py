"""A file that a run brings from a node is on record like those that it makes there."""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
from pathlib import Path

import pytest

from engine.record.state_here import state_here
from engine.report.console import Console
from engine.run.session import Session
from tests.engine import kit
from tests.engine.scripted import FakeTransport, said
from tests.evidence.schemas import problems

CONTENT = b"-- Dump completed"


def test_what_was_fetched_is_told_with_owner_mode_and_digest(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    (run.directory / "backups").mkdir()
    node = FakeTransport({(kit.N, ("cat",)): said(CONTENT)})
    console = Console(lambda text: None, 1, 0, run.redactor.clean_output)
    path = Session(run, node, console).fetch(kit.N, ("cat",), "dump.gz", 1.0)
    (event,) = [one for one in run.journal.events if one["event"] == "file-fetched"]
    assert problems("journal", dict(event)) == []
    told = {name: event[name] for name in ("node", "file", "mode", "size", "sha256")}
    assert told == {
        "node": kit.N,
        "file": "backups/dump.gz",
        "mode": f"{path.stat().st_mode & 0o7777:04o}",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }


def test_owner_and_group_are_told_by_name_and_by_number_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(file.stat().st_gid).gr_name
    assert (state_here(file).owner, state_here(file).group) == (user, group)

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(grp, "getgrgid", unknown)
    assert state_here(file).owner == str(os.getuid())
    assert state_here(file).group == str(file.stat().st_gid)
