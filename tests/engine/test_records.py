"""The records on N through the engine's own door: lock, journals, baseline, what a cut leaves."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from engine.attempt import remote
from engine.attempt.comparison_key import KEY_FILE, new_key
from engine.attempt.records import (
    LEASE,
    Attempt,
    LockHeld,
    LockLost,
    RecordsWriter,
    records_query,
)
from engine.errors import ParseError, UsageError
from engine.model.answer import Answer, Lost
from engine.waiting import boottime
from tests.engine import kit
from tests.engine.scripted import said

HOLDER = {"who": "A. Rossi", "host": "desk", "pid": "1", "boot": "b", "run": kit.RUN_ID}


@pytest.fixture
def node(tmp_path: Path) -> kit.Node:
    return kit.Node(tmp_path / "records")


def writer(node: kit.Node, **changes: str) -> RecordsWriter:
    return RecordsWriter(node, kit.N, {**HOLDER, **changes})


def read(node: kit.Node) -> Attempt | None:
    query = records_query()
    answer = node.run(kit.N, query.argv, deadline=query.deadline)
    assert answer.code in query.ok_codes
    return query.parse(answer).attempt


def line(text: str) -> str:
    return json.dumps(kit.event("note", step="", text=text), ensure_ascii=False)


def test_the_holder_is_told_to_the_second_one(node: kit.Node) -> None:
    writer(node).acquire()
    with pytest.raises(LockHeld, match=r"who A\. Rossi, host desk") as held:
        writer(node).acquire()
    assert (held.value.holder, held.value.token) == (HOLDER, "1")


@pytest.mark.parametrize("holder", ["{torn", "[" * 100_000], ids=["torn", "brackets"])
def test_a_holder_that_cannot_be_read_is_unknown(node: kit.Node, holder: str) -> None:
    writer(node).acquire()
    (node.root / "lock").write_text(f"1\nheld\n{holder}")
    os.utime(node.root / "lock", (boottime(), boottime()))
    with pytest.raises(LockHeld, match="unknown"):
        writer(node).acquire()


def test_taking_over_says_so(node: kit.Node) -> None:
    writer(node).acquire()
    old = boottime() - LEASE - 5
    os.utime(node.root / "lock", (old, old))
    late = writer(node)
    late.acquire()
    assert (late.taken_over, late.token) == (True, "2")
    assert late.former is not None
    assert late.former.holder == HOLDER
    assert late.former.age >= LEASE


@pytest.mark.parametrize(("told", "lease"), [("15", 15), ("", 60), ("soon", 60), ("99999", 60)])
def test_a_lock_tells_its_own_lease(node: kit.Node, told: str, lease: int) -> None:
    held = writer(node, lease=told)
    held.acquire()
    assert held.lease == lease
    query = records_query()
    for seconds, is_alive in ((lease - 3, True), (lease + 2, False)):
        os.utime(node.root / "lock", (boottime() - seconds,) * 2)
        answer = node.run(kit.N, query.argv, deadline=query.deadline)
        assert query.parse(answer).lock.is_alive is is_alive


def test_ours_is_over_by_our_own_lease(node: kit.Node) -> None:
    time = kit.FakeTime()
    ours = RecordsWriter(node, kit.N, {**HOLDER, "lease": "15"}, time.clock)
    ours.acquire()
    time.wait(14)
    assert ours.not_ours == ""
    time.wait(2)
    assert "since the lease of 15 s is over" in ours.not_ours


def test_a_released_lock_is_not_a_takeover(node: kit.Node) -> None:
    first, second = writer(node), writer(node)
    first.acquire()
    first.release()
    second.acquire()
    assert (second.taken_over, second.token) == (False, "2")
    first.release()
    assert (node.root / "lock").read_text().splitlines()[1] == "held"


def test_the_superseded_one_is_told_and_writes_nothing(node: kit.Node) -> None:
    first, second = writer(node), writer(node)
    first.acquire()
    second.acquire(over="1")
    for write in (
        first.renew,
        first.release,
        lambda: first.append_journal(kit.ATTEMPT, kit.RUN_ID, ["x"]),
        lambda: first.open_attempt(kit.ATTEMPT, {}),
    ):
        with pytest.raises(LockLost, match=r"newer\s+generation than ours \(1\)"):
            write()
    assert read(node) is None


def test_nothing_is_written_without_the_lock(node: kit.Node) -> None:
    with pytest.raises(LockLost, match="does not hold"):
        writer(node).append_journal(kit.ATTEMPT, kit.RUN_ID, ["x"])
    assert node.asked == []


def test_a_write_that_fails_names_node_directory_and_usual_causes(tmp_path: Path) -> None:
    class Full(kit.Node):
        def _reply(self, *_: object) -> Answer:
            return said(code=1, stderr="No space left on device")

    with pytest.raises(UsageError, match=f"{kit.N}:{remote.ROOT}.*No space left.*free space"):
        writer(Full(tmp_path)).acquire()


def test_an_attempt_is_read_back_with_its_baseline_and_journals(node: kit.Node) -> None:
    records = writer(node)
    records.acquire()
    records.open_attempt(kit.ATTEMPT, {"fencing": True, "name": "Ω"})
    records.append_journal(kit.ATTEMPT, "20261102T-b", [line("second"), line("third")])
    records.append_journal(kit.ATTEMPT, "20261101T-a", [line("first")])
    attempt = read(node)
    assert attempt is not None
    assert (attempt.id, attempt.baseline) == (kit.ATTEMPT, {"fencing": True, "name": "Ω"})
    assert [event["text"] for event in attempt.events] == ["first", "second", "third"]
    assert sorted(attempt.journals) == ["20261101T-a.jsonl", "20261102T-b.jsonl"]


def test_the_key_of_the_comparisons_is_no_record_and_can_be_thrown_away(node: kit.Node) -> None:
    key = new_key()
    records = writer(node)
    records.acquire()
    records.open_attempt(kit.ATTEMPT, {"n": 1}, key)
    (kept,) = node.root.rglob(KEY_FILE)
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (key.reveal(), 0o600)
    query = records_query()
    answer = node.run(kit.N, query.argv, deadline=1.0)
    assert key.reveal().encode() not in answer.stdout
    attempt = query.parse(answer).attempt
    assert attempt is not None
    assert attempt.baseline == {"n": 1}
    for _ in range(2):  # a run that was killed may have done it already
        records.throw_key_away(kit.ATTEMPT)
        assert list(node.root.rglob(KEY_FILE)) == []


def test_the_attempt_opened_last_is_the_current_one(node: kit.Node) -> None:
    records = writer(node)
    records.acquire()
    records.open_attempt("first", {"n": 1})
    records.open_attempt("second", {"n": 2})
    attempt = read(node)
    assert attempt is not None
    assert (attempt.id, attempt.baseline) == ("second", {"n": 2})


def test_no_records_are_none(node: kit.Node) -> None:
    assert read(node) is None


@pytest.mark.parametrize("raw", [b"", b"no archive", b"\x00" * 1024])
def test_an_archive_that_is_none_is_an_error(raw: bytes) -> None:
    with pytest.raises(ParseError, match="records: can't be read"):
        records_query().parse(said(raw))


@pytest.mark.parametrize(
    "baseline",
    [b'{"fen', b'{"name": "\xc3"}', b"[" * 100_000, b"[" * 200 + b"]" * 200, b'"\\ud800"'],
    ids=["half", "no text", "brackets", "nested", "half a character"],
)
def test_a_damaged_baseline_is_an_error(baseline: bytes) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in (("attempt", b"A\n"), ("attempts/A/baseline.json", baseline)):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    with pytest.raises(ParseError, match="can't be read"):
        records_query().parse(said(b"none 0\n\n" + packed.getvalue()))


def test_a_torn_line_of_an_earlier_run_does_not_hide_the_later_runs() -> None:
    journals = {"a.jsonl": line("one") + "\n" + line("torn")[:20], "b.jsonl": line("two") + "\n"}
    attempt = Attempt("A", None, journals)
    assert [event["text"] for event in attempt.events] == ["one", "two"]


@pytest.mark.parametrize("char", ["\u2028", "\u0085", "\u2029"])
def test_odd_line_ends_in_what_a_node_printed_do_not_break_the_records(char: str) -> None:
    text = f"a{char}b"
    attempt = Attempt("A", None, {"a.jsonl": f"{line(text)}\n{line('two')}\n"})
    assert [event["text"] for event in attempt.events] == [text, "two"]


def test_records_can_be_read_after_a_cut_while_appending(node: kit.Node) -> None:
    records = writer(node)
    records.acquire()
    records.open_attempt(kit.ATTEMPT, {})
    lines = [line("one"), line("two")]
    node.cut = len(lines[0]) + 10
    with pytest.raises(Lost):
        records.append_journal(kit.ATTEMPT, kit.RUN_ID, lines)
    records.append_journal(kit.ATTEMPT, kit.RUN_ID, lines)
    attempt = read(node)
    assert attempt is not None
    assert {event["text"] for event in attempt.events} == {"one", "two"}


def test_a_cut_while_replacing_leaves_the_former_file(node: kit.Node) -> None:
    records = writer(node)
    records.acquire()
    records.open_attempt(kit.ATTEMPT, {"fencing": True})
    node.cut = 3
    with pytest.raises(Lost):
        records.open_attempt(kit.ATTEMPT, {"fencing": False})
    attempt = read(node)
    assert attempt is not None
    assert attempt.baseline == {"fencing": True}


TORN = line("Gerät").encode()
WITHIN = TORN.index("ä".encode()) + 1


@pytest.mark.parametrize("kept", [25, WITHIN], ids=["between characters", "within a character"])
def test_records_can_be_read_after_a_crash_of_n_while_appending(node: kit.Node, kept: int) -> None:
    records = writer(node)
    records.acquire()
    records.open_attempt(kit.ATTEMPT, {})
    records.append_journal(kit.ATTEMPT, kit.RUN_ID, [line("one")])
    journal = node.root / "attempts" / kit.ATTEMPT / "journal" / f"{kit.RUN_ID}.jsonl"
    with journal.open("ab") as file:
        file.write(TORN[:kept])
    torn = read(node)
    assert torn is not None
    assert [event["text"] for event in torn.events] == ["one"]
    records.append_journal(kit.ATTEMPT, kit.RUN_ID, [line("two"), line("three")])
    attempt = read(node)
    assert attempt is not None
    assert [event["text"] for event in attempt.events] == ["one", "two", "three"]
