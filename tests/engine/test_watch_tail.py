"""A journal that grows under who reads it: torn, cut back, ended, left by a dead process."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.record.journal import Journal
from engine.watching import tail
from engine.watching.fold import state_of
from engine.watching.tail import Tail
from engine.watching.told import Life
from tests.engine import kit
from tests.engine.looking_on import begun, ended, journal, lines, stopped, upgrading

EVENTS = [{**one, "seq": number} for number, one in enumerate(upgrading(), start=1)]
RAW = b"".join(lines(EVENTS))


def make(tmp_path: Path, raw: bytes = b"") -> Tail:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(raw)
    return Tail(path)


def append(one: Tail, raw: bytes) -> None:
    with one.path.open("ab") as file:
        file.write(raw)


@given(st.lists(st.integers(0, len(RAW)), max_size=8), st.integers(1, 300))
def test_however_it_grows_it_is_what_the_whole_says(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], chunk: int
) -> None:
    """Looked at at any moment, a line half written or a letter half: never more, never less."""
    one = make(tmp_path_factory.mktemp("tail"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail, "CHUNK", chunk)
        at = 0
        for cut in [*sorted(cuts), len(RAW)]:
            append(one, RAW[at:cut])
            one.look()
            whole = RAW[:cut].count(b"\n")
            assert one.watched == state_of(EVENTS[:whole])
            at = cut


def test_it_tells_whether_there_was_something_new(tmp_path: Path) -> None:
    one = make(tmp_path, RAW)
    assert one.look()
    assert not one.look()
    append(one, b'{"torn')
    assert not one.look()


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    """What it has read may be spoilt afterwards: nobody looks there again."""
    one = make(tmp_path, RAW)
    one.look()
    with one.path.open("r+b") as file:
        file.write(b"#" * (len(RAW) - 1))
    last = {**ended(100), "seq": len(EVENTS) + 1}
    append(one, json.dumps(last).encode() + b"\n")
    assert one.look()
    assert one.watched.ended is not None


def test_lines_that_the_run_cuts_back_are_forgotten(tmp_path: Path) -> None:
    """The disk was full: an intent was there for a moment, and its change was not made."""
    texts = lines(begun()[:4])
    intent = json.dumps({**kit.intent(), "seq": 5}).encode() + b"\n"
    one = make(tmp_path, b"".join([*texts, intent]))
    one.look()
    assert one.watched.command is not None
    stop = json.dumps({**stopped(9), "seq": 5}).encode() + b"\n"
    one.path.write_bytes(b"".join([*texts, stop]))
    one.look()
    assert (one.watched.command, one.watched.lines) == (None, 5)
    assert one.watched.stopped is not None


def test_also_when_other_lines_have_come_meanwhile(tmp_path: Path) -> None:
    texts = lines(begun()[:4])
    one = make(tmp_path, b"".join([*texts, json.dumps({**kit.intent(), "seq": 5}).encode(), b"\n"]))
    one.look()
    after = [{**stopped(9), "seq": 5}, {**ended(10), "seq": 6}, {**ended(11), "seq": 7}]
    one.path.write_bytes(b"".join([*texts, *(json.dumps(e).encode() + b"\n" for e in after)]))
    one.look()
    assert (one.watched.command, one.watched.lines) == (None, 7)


WRONG = {
    "no JSON": (b"a diary\n", ":1: no JSON event"),
    "no event": (b"[]\n", ":1: no event of a journal"),
    "another schema": (b'{"event": "x", "schema": 2}\n', ":1: journal schema 2, this runbook"),
    "lines are missing": (
        b"".join(lines(EVENTS)[1:]),
        ":1: event 2, expected 1; lines are missing",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_journal_is_refused(tmp_path: Path, case: str) -> None:
    raw, said = WRONG[case]
    with pytest.raises(UsageError, match=said):
        make(tmp_path, raw).look()


def test_a_journal_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can't be read \(No such file"):
        Tail(tmp_path / "gone").look()


def test_it_is_there_while_its_process_holds_the_journal(tmp_path: Path) -> None:
    held = Journal(tmp_path / "journal.jsonl", "run-1", lambda text: text)
    one = Tail(held.path)
    held.record("note", text="x")
    one.look()
    assert one.life() is Life.THERE
    held.close()
    assert one.life() is Life.GONE


def test_looking_takes_nothing_from_a_run_that_begins(tmp_path: Path) -> None:
    """Made, and not held yet: who tries the lock then could take it from the run."""
    one = make(tmp_path)
    assert one.life() is Life.THERE
    with one.path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.utime(one.path, (0, 0))
    assert one.life() is Life.GONE


def test_a_run_of_another_machine_is_not_called_dead(tmp_path: Path) -> None:
    events = begun()
    events[0]["host"] = "another.example.test"
    one = Tail(journal(tmp_path, events) / "journal.jsonl")
    one.look()
    assert one.life() is Life.ELSEWHERE


def test_a_journal_that_was_taken_away_is_gone(tmp_path: Path) -> None:
    one = make(tmp_path, RAW)
    one.look()
    one.path.unlink()
    assert one.life() is Life.GONE
