"""Which approvals have counted for an attempt: asked of N, whose journals say it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.attempt.used import Used, used_query
from engine.errors import ParseError
from engine.model.answer import Answer
from engine.model.approval import Approved

ONE = {"plan": "p" * 64, "key": "SHA256:b", "given": "2026-11-01T00:00:00.000Z", "by": "b@x"}
OTHER = {**ONE, "given": "2026-11-02T00:00:00.000Z"}


def fact(*given: dict[str, Any], **fields: Any) -> str:
    """As a journal has it."""
    plain = {"event": "fact", "step": "preflight.governance", "name": "approvals"}
    return json.dumps({**plain, "given": [*given], **fields})


def put(root: Path, attempt: str, *lines: str) -> None:
    place = root / "attempts" / attempt / "journal"
    place.mkdir(parents=True)
    (place / f"{attempt}.jsonl").write_text("".join(f"{line}\n" for line in lines))


def asked(root: Path) -> Used:
    """The script as N runs it."""
    query = used_query(str(root))
    done = subprocess.run(query.argv, capture_output=True, check=False)
    assert done.returncode in query.ok_codes, done.stderr
    return query.parse(Answer(done.returncode, done.stdout, done.stderr, 0.1))


def key(one: dict[str, str]) -> Approved:
    return Approved(one["plan"], one["key"], one["given"])


def test_those_of_every_attempt_are_told_with_the_first_that_they_counted_for(
    tmp_path: Path,
) -> None:
    put(tmp_path, "20261101T000000Z-c-0001", '{"event": "note"}', fact(ONE))
    put(tmp_path, "20261103T000000Z-c-0003", fact(ONE, OTHER))
    assert asked(tmp_path) == {
        key(ONE): "20261101T000000Z-c-0001",
        key(OTHER): "20261103T000000Z-c-0003",
    }


def test_where_nothing_lies_none_has_counted(tmp_path: Path) -> None:
    assert asked(tmp_path / "nowhere") == {}
    (tmp_path / "attempts").mkdir()
    assert asked(tmp_path) == {}
    put(tmp_path, "20261101T000000Z-c-0001", '{"event": "note"}', fact())
    assert asked(tmp_path) == {}


def test_only_the_fact_itself_counts(tmp_path: Path) -> None:
    quoted = json.dumps({"event": "note", "text": fact(ONE)})
    other = fact(ONE, event="note")
    put(tmp_path, "20261101T000000Z-c-0001", quoted, other, fact(ONE)[:-20])
    assert asked(tmp_path) == {}


def test_a_line_of_another_form_is_no_answer(tmp_path: Path) -> None:
    put(tmp_path, "20261101T000000Z-c-0001", fact({"plan": "p"}))
    with pytest.raises(ParseError, match="not written as a run writes it"):
        asked(tmp_path)
