"""The journal: a line is on the disk when `record` returns; what may be torn is only its last."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import RunbookError
from engine.model.event import stamp
from engine.record.journal import SCHEMA, UNHURRIED, Journal, in_order, lines_of, read_journal
from engine.report import earlier
from engine.verify import digest, read_chain
from tests.engine import kit


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl", "run-1", lambda text: text, kit.ticking())


def read_back(journal: Journal) -> list[dict[str, object]]:
    return [json.loads(line) for line in journal.path.read_text().splitlines()]


def test_a_line_is_in_the_file_with_number_time_and_schema(journal: Journal) -> None:
    journal.record("note", text="one")
    journal.record("note", text="two")
    one, two = read_back(journal)
    assert one == {
        "schema": SCHEMA,
        "run": "run-1",
        "seq": 1,
        "prev": "0" * 64,
        "time": "2026-11-02T00:00:01.000Z",
        "event": "note",
        "text": "one",
    }
    assert (two["seq"], two["time"]) == (2, "2026-11-02T00:00:02.000Z")


def test_each_line_has_the_hash_of_the_line_before(journal: Journal) -> None:
    for text in ("one", "zwei \u00fc", "three"):
        journal.record("note", text=text)
    raw = journal.path.read_bytes()
    chain = read_chain(raw, "journal.jsonl")
    assert chain.head == journal.head == digest(raw.split(b"\n")[-2])
    assert len(chain.events) == 3


def test_an_intent_that_was_not_written_is_no_link(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record("note", text="one")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full)
        with pytest.raises(OSError, match="full"):
            journal.record("intent", what="x")
    journal.record("note", text="two")
    chain = read_chain(journal.path.read_bytes(), "journal.jsonl")
    assert [event["event"] for event in chain.events] == ["note", "note"]


def _full(number: int) -> None:
    raise OSError("the disk is full")


def test_a_line_is_fsynced_after_it_was_written(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: sizes.append(os.fstat(number).st_size))
    journal.record("note", text="one")
    journal.record("note", text="two")
    assert len(sizes) == 2
    assert sizes[1] == journal.path.stat().st_size
    assert 0 < sizes[0] < sizes[1]


@pytest.fixture
def synced(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the journal had each time that it was brought to the disk."""
    found: list[list[str]] = []
    monkeypatch.setattr(os, "fsync", lambda _: found.append(kinds(journal)))
    return found


@pytest.mark.parametrize("event", sorted(UNHURRIED))
def test_what_was_asked_and_judged_outlives_the_process_at_once(
    journal: Journal, synced: list[list[str]], event: str
) -> None:
    journal.record(event)
    assert (kinds(journal), synced) == ([event], [])


@pytest.mark.parametrize("event", ["intent", "result", "fact", "ledger-closed", "run-ended"])
def test_it_is_on_the_disk_with_the_next_event_of_another_kind(
    journal: Journal, synced: list[list[str]], event: str
) -> None:
    journal.record("step-started")
    journal.record("observation")
    journal.record(event)
    assert synced == [["step-started", "observation", event]]


ON_THE_DISK: dict[str, Callable[[Journal], object]] = {
    "handed to N": Journal.unsent,
    "asked whether all is there": lambda journal: journal.is_whole,
    "closed": Journal.close,
}


@pytest.mark.parametrize("when", ON_THE_DISK)
def test_it_is_on_the_disk_before_anybody_is_told(
    journal: Journal, synced: list[list[str]], when: str
) -> None:
    journal.record("observation")
    ON_THE_DISK[when](journal)
    assert synced[0] == ["observation"]


def test_before_an_intent_all_is_on_the_disk_or_it_is_none(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record("note")
    journal.record("observation")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full)
        with pytest.raises(OSError, match="full"):
            journal.record("intent", what="x")
        assert (kinds(journal), journal.is_whole) == (["note"], False)
        journal.record("finding")
    assert journal.is_whole
    chain = read_chain(journal.path.read_bytes(), "journal.jsonl")
    assert [event["event"] for event in chain.events] == ["note", "observation", "finding"]


def test_what_the_disk_did_not_keep_is_told_when_somebody_asks(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.record("observation")
    monkeypatch.setattr(os, "fsync", _full)
    assert not journal.is_whole
    assert "full" in journal.problem


def test_only_the_owner_can_read_it(journal: Journal) -> None:
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_texts_are_redacted_at_any_depth(tmp_path: Path) -> None:
    clean: Callable[[str], str] = lambda text: text.replace("s3cret", "***")  # noqa: E731
    journal = Journal(tmp_path / "j", "r", clean)
    journal.record("x", a="s3cret", b={"c": ["is s3cret", ("s3cret",)]}, d=Path("/s3cret"), e=7)
    assert "s3cret" not in journal.path.read_text()
    line = journal.events[0]
    assert (line["b"], line["d"], line["e"]) == ({"c": ["is ***", ["***"]]}, "/***", 7)


def test_lines_that_n_has_not_got_yet(journal: Journal) -> None:
    journal.record("one")
    journal.record("two")
    lines = journal.unsent()
    assert [json.loads(line)["event"] for line in lines] == ["one", "two"]
    journal.record("three")
    journal.sent(lines)
    assert [json.loads(line)["event"] for line in journal.unsent()] == ["three"]


def test_many_lines_for_n_are_read_in_pieces(journal: Journal) -> None:
    for number in range(30):
        journal.record("note", text=f"\u00fc{number}" * 50)
    handed: list[str] = []
    while lines := journal.unsent(most=2000):
        assert sum(len(line.encode()) + 1 for line in lines) <= 2000
        handed += lines
        journal.sent(lines)
        assert journal.unsent_lines == 30 - len(handed)
    assert "\n".join([*handed, ""]) == journal.path.read_text()
    journal.record("note", text="x" * 3000)
    assert len(journal.unsent(most=2000)) == 1, "a line that is longer goes alone"


def answers(journal: Journal, count: int) -> None:
    for number in range(count):
        plain = {"node": kit.N, "question": f"q{number}", "code": 0, "output": {"text": "a"}}
        journal.record("observation", step="phase.step", **plain)


def test_of_answered_questions_few_stay_in_memory_and_all_in_its_step(journal: Journal) -> None:
    journal.record("step-started", step="phase.step")
    answers(journal, 500)
    journal.record("step-ended", step="phase.step")
    journal.record("note", step="", text="after it")
    assert len(journal.events) < 10
    told = list(journal)
    assert [event["seq"] for event in told] == list(range(1, 504))
    assert list(journal.of_step("phase.step")) == told[:-1]
    assert list(journal.of_step("")) == told[-1:]


def test_a_step_is_read_back_while_the_disk_takes_nothing(journal: Journal) -> None:
    journal.record("step-started", step="phase.step")
    answers(journal, 3)
    with files_end_at(journal.path.stat().st_size + 20):
        answers(journal, 3)
        seen = [event["seq"] for event in journal.of_step("phase.step")]
        assert (seen, journal.is_whole) == ([1, 2, 3, 4, 5, 6, 7], False)
    journal.close()
    assert [event["seq"] for event in journal.of_step("phase.step")] == seen


def test_a_file_that_gives_nothing_back_leaves_what_is_told(journal: Journal) -> None:
    journal.record("step-started", step="phase.step")
    answers(journal, 3)
    os.truncate(journal.path, 0)
    assert [event["seq"] for event in journal.of_step("phase.step")] == [1, 2, 4]
    assert [event["seq"] for event in journal.told_events()] == [1, 2, 4]
    with pytest.raises(RunbookError, match="lines were taken out of it"):
        journal.unsent()


def test_line_breaks_in_a_text_stay_in_its_line(journal: Journal) -> None:
    journal.record("note", text="a\nb\u2028c\x85d\x0be")
    events = read_journal(journal.path.read_text().split("\n"), "j")
    assert events[0]["text"] == "a\nb\u2028c\x85d\x0be"


def test_a_torn_last_line_is_dropped(journal: Journal) -> None:
    journal.record("one")
    journal.record("two", text="x" * 50)
    whole = journal.path.read_text()
    events = read_journal(whole[:-20].splitlines(), "j")
    assert [event["event"] for event in events] == ["one"]


def test_any_other_torn_line_is_named(journal: Journal) -> None:
    journal.record("one")
    journal.record("two")
    lines = journal.path.read_text().splitlines()
    lines.insert(1, lines[1][:30])
    with pytest.raises(ValueError, match=r"run-1\.jsonl:2: no JSON event"):
        read_journal(lines, "run-1.jsonl")


def test_a_journal_of_another_schema_names_what_wrote_it() -> None:
    line = json.dumps({"schema": SCHEMA + 1, "event": "x"})
    with pytest.raises(ValueError, match=r"j:1: journal schema 2, this runbook reads 1"):
        read_journal([line], "j")


def test_nothing_is_an_empty_journal() -> None:
    assert read_journal([], "j") == []
    assert read_journal(["", "  "], "j") == []


def test_stamps_are_utc_and_sort_as_text() -> None:
    moment = kit.BEGIN
    assert stamp(moment) == "2026-11-02T00:00:00.000Z"


def test_what_is_no_unicode_can_be_recorded(journal: Journal) -> None:
    journal.record("settled", reason="caf\udce9")
    assert read_journal(journal.path.read_text().split("\n"), "j")


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """The kernel refuses to let files grow beyond `size` bytes, like a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def kinds(journal: Journal) -> list[str]:
    lines = lines_of(journal.path.read_bytes())
    return [event["event"] for event in read_journal(lines, "j")]


def test_a_full_disk_leaves_whole_lines_and_what_waits_is_written_later(journal: Journal) -> None:
    journal.record("one")
    size = journal.path.stat().st_size
    with files_end_at(size + 20):
        journal.record("two")
        journal.record("three")
        assert journal.path.stat().st_size == size
    assert (kinds(journal), journal.is_whole) == (["one"], False)
    assert "too large" in journal.problem
    assert [json.loads(line)["event"] for line in journal.unsent()] == ["one", "two", "three"]
    journal.record("four")
    assert (kinds(journal), journal.is_whole) == (["one", "two", "three", "four"], True)
    assert journal.problem, "that it could not be written stays known"


def test_what_waits_is_tried_once_more_at_the_end(journal: Journal) -> None:
    with files_end_at(0):
        journal.record("one")
    journal.close()
    assert kinds(journal) == ["one"]


def test_an_intent_that_is_not_written_is_none(journal: Journal) -> None:
    journal.record("one")
    with files_end_at(journal.path.stat().st_size):
        with pytest.raises(OSError, match="too large"):
            journal.record("intent", what="set x")
        journal.record("two")
    assert [event["event"] for event in journal.events] == ["one", "two"]
    assert [json.loads(line)["seq"] for line in journal.unsent()] == [1, 2]


def test_nothing_is_written_after_its_end(journal: Journal) -> None:
    journal.record("one")
    journal.close()
    journal.close()
    journal.record("two")
    assert kinds(journal) == ["one"]


@pytest.mark.parametrize("line", ["[]", "7", "{}", '"text"'])
def test_a_line_that_is_no_event_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="j:1: no event of a journal"):
        read_journal([line], "j")


def test_runs_of_several_controllers_come_in_the_order_in_which_n_gave_them_its_lock() -> None:
    """The second controller's clock is an hour behind."""
    first = [kit.event("run-started"), kit.event("lock-taken", generation=9)]
    second = [kit.event("run-started"), kit.event("lock-taken", generation=10)]
    of_before = [kit.event("run-started")]
    journals = {"T22-first": first, "T21-second": second, "T23-of-before": of_before}
    assert list(in_order(journals)) == ["T23-of-before", "T22-first", "T21-second"]


def test_an_earlier_journal_stays_until_the_run_has_said_that_it_goes_by_others(
    tmp_path: Path,
) -> None:
    """Killed between the two, the directory has at least what its journal says was read."""
    (tmp_path / earlier.PLACE).mkdir()
    earlier.keep(tmp_path, {"a.jsonl": "1\n", "b.jsonl": "2\n"})
    earlier.keep(tmp_path, {"b.jsonl": "2\n3\n"})
    assert earlier.texts(tmp_path) == {"a.jsonl": "1\n", "b.jsonl": "2\n3\n"}
    earlier.drop_others(tmp_path, {"b.jsonl": ""})
    assert earlier.texts(tmp_path) == {"b.jsonl": "2\n3\n"}
