"""`report` of lines that no run writes: a sentence and exit code 4, no traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.verify import GENESIS, digest
from tests.evidence import fivenodes

ODD = {
    "an event": ("observation", {"event": ["note"]}),
    "an outcome": ("result", {"outcome": ["x"]}),
    "a fact's value": ("fact", {"versions": "x"}),
    "a fact's name": ("fact", {"name": ["x"]}),
    "a finding's subject": ("finding", {"subject": ["x"]}),
    "a row": ("row", {"row": ["R01"]}),
    "a step": ("step-started", {"step": {"a": 1}}),
    "steps": ("steps", {"steps": "x"}),
    "a time": ("observation", {"time": "tomorrow"}),
}


def chained(events: list[dict[str, Any]]) -> bytes:
    """These events as a journal, whoever has written them."""
    raw, previous = b"", GENESIS
    for number, event in enumerate(events, 1):
        line = json.dumps({**event, "seq": number, "prev": previous}).encode()
        raw, previous = raw + line + b"\n", digest(line)
    return raw


@pytest.mark.parametrize("what", ODD)
def test_it_is_one_sentence(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind, change = ODD[what]
    left_out = ("witnessed", "sealed")  # they hold the lines that this test alters
    events = [dict(event) for event in fivenodes.attempt() if event["event"] not in left_out]
    event = next(one for one in events if one["event"] == kind and one.keys() >= change.keys())
    event |= change
    (tmp_path / "journal.jsonl").write_bytes(chained(events))
    before = sorted(path.name for path in tmp_path.iterdir())
    code = main(["report", str(tmp_path)])
    said = capsys.readouterr().err
    assert (code, said.count("\n"), said[:6]) == (4, 1, "ERROR:"), said
    assert str(tmp_path) in said
    assert sorted(path.name for path in tmp_path.iterdir()) == before
