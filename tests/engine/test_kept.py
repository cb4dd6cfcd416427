"""Outputs on N: piece by piece, within limits, never in the way of the journal."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import BinaryIO

import pytest

from engine.attempt import kept, records
from engine.attempt.kept import Fetcher, packed
from engine.record.outputs import EXCERPT
from tests.engine import kit
from tests.engine.acting import Bench, Make, change

FIRST = "20261101T000000Z-test-0001"


def on_n(made: Bench, run: str = kit.RUN_ID) -> dict[str, bytes]:
    """The outputs of a run that N has."""
    found = {}
    for path in sorted((made.node.root / "attempts" / kit.ATTEMPT / "outputs" / run).glob("*.gz")):
        with tarfile.open(path) as archive:
            for entry in archive:
                found[entry.name] = archive.extractfile(entry).read()  # type: ignore[union-attr]
    return found


def write(made: Bench, text: str = "text ", name: str = "n") -> dict[str, object]:
    return made.run.outputs.describe(name, text * EXCERPT)


def test_a_result_takes_along_what_the_journal_cites(bench: Make) -> None:
    made = bench()
    told = write(made)
    made.apply(change())
    (path,) = (made.run.directory / "outputs").iterdir()
    assert on_n(made) == {Path(str(told["file"])).name: path.read_bytes()}
    assert made.run.outputs.unsent() == []


def test_a_change_does_not_wait_for_them(bench: Make) -> None:
    made = bench()
    write(made)
    made.node.failing = [None, None, kit.lost_connection()]  # intent, result, then the outputs
    made.apply(change())
    assert made.on_n() == ["intent", "result"]
    (event,) = made.events("bookkeeping")
    assert "outputs are not on N yet" in event["problem"]
    made.applier.hand_over()
    assert len(on_n(made)) == 1


def test_a_piece_comes_with_each_result_and_the_rest_at_the_end(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.attempt.kept.packed", lambda files: packed(files, most=1))
    made = bench()
    for number in range(4):
        write(made, f"{number} ")
    made.apply(change())
    assert len(on_n(made)) == 1
    made.applier.hand_over()
    assert len(on_n(made)) == 4


def test_results_shortly_after_each_other_share_a_piece(bench: Make) -> None:
    made = bench()
    now = made.applier.clock()
    made.applier.clock = lambda: now
    for number in range(3):
        write(made, f"{number} ", f"n{number}")
        made.apply(change(what=f"set {number}"))
    assert len(on_n(made)) == 1
    now += kept.EVERY
    made.apply(change(what="set y"))
    assert len(on_n(made)) == 3
    assert len(list((made.node.root / "attempts").rglob("*.gz"))) == 2
    write(made, "4 ", "n4")
    made.applier.hand_over()
    assert len(on_n(made)) == 4, "the rest comes at the end"


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [("OUTPUTS_KIB", 0, "may take 0 KiB"), ("FREE_KIB", 1 << 50, "have to stay free")],
)
def test_without_room_n_takes_the_journal_and_the_reason_is_told_once(
    bench: Make, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, said: str
) -> None:
    monkeypatch.setattr(records, limit, value)
    made = bench()
    write(made)
    made.apply(change())
    write(made)
    made.apply(change(), step="phase.other")
    made.applier.hand_over()
    (event,) = made.events("bookkeeping")
    assert said in event["problem"]
    assert "result" in made.on_n()
    assert on_n(made) == {}
    assert not list(made.node.root.rglob("*.new"))


def test_a_cut_leaves_no_half_piece(bench: Make) -> None:
    made = bench()
    write(made)
    content, _ = packed(made.run.outputs.unsent())
    made.node.cut = 10
    with pytest.raises(Exception, match="connection was lost"):
        made.records.keep_outputs(kit.ATTEMPT, kit.RUN_ID, "0001.tar.gz", content)
    assert on_n(made) == {}


def test_what_is_large_or_gone_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LARGEST", 10)
    small, large = tmp_path / "0001-a.txt", tmp_path / "0002-b.txt"
    small.write_text("x")
    large.write_text("x" * 11)
    content, count = packed([large, tmp_path / "0003-gone.txt", small])
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["0001-a.txt"]
    assert count == 3
    assert packed([large]) == (b"", 1)


def test_the_records_that_decide_do_not_grow_by_them(bench: Make) -> None:
    made = bench()
    made.records.open_attempt(kit.ATTEMPT, {"n": 1})
    write(made)
    made.apply(change())
    query = records.records_query()
    answer = made.node.run(kit.N, query.argv, deadline=1.0)
    # two lines of the lock come first
    with tarfile.open(fileobj=io.BytesIO(answer.stdout.split(b"\n", 2)[2])) as archive:
        assert archive.getnames()
        assert not [name for name in archive.getnames() if "outputs" in name]


def test_a_damaged_piece_hides_no_other(bench: Make) -> None:
    made = bench()
    place = made.node.root / "attempts" / kit.ATTEMPT / "outputs" / FIRST
    place.mkdir(parents=True)
    texts = {f"000{number}-a.txt": f"text {number}".encode() for number in (1, 2)}
    events = []
    for name, text in texts.items():
        path = made.run.directory / name
        path.write_bytes(text)
        (place / f"{name[:4]}.tar.gz").write_bytes(packed([path])[0])
        output = {"text": "", "file": f"outputs/{name}", "size": len(text),
                  "sha256": kept.digest(text)}  # fmt: skip
        events.append({**kit.event("attachment", output=output), "run": FIRST})
    (place / "0001.tar.gz").write_bytes((place / "0001.tar.gz").read_bytes()[:40])
    Fetcher(made.run, made.node).fetch(kit.N, kit.ATTEMPT, events)
    assert [p.name for p in (made.run.directory / "outputs" / FIRST).iterdir()] == ["0002-a.txt"]
    (event,) = made.events("outputs-fetched")
    assert event["missing"][0]["files"] == ["0001-a.txt"]


def test_what_is_no_file_on_n_hides_no_piece(bench: Make) -> None:
    made = bench()
    events = an_earlier_output(made)
    place = made.node.root / "attempts" / kit.ATTEMPT / "outputs" / FIRST
    (place / "0000.tar.gz").symlink_to("elsewhere.tar.gz")
    (place / "0002.tar.gz").mkdir()
    Fetcher(made.run, made.node).fetch(kit.N, kit.ATTEMPT, events)
    assert [p.name for p in (made.run.directory / "outputs" / FIRST).iterdir()] == ["0001-a.txt"]


@pytest.mark.parametrize("file", ["../../etc/passwd", "outputs/../x", "/etc/x", "outputs/a/b"])
def test_a_citation_leads_nowhere_else(bench: Make, file: str) -> None:
    made = bench()
    output = {"text": "", "file": file, "size": 1, "sha256": kept.digest(b"x")}
    event = {**kit.event("attachment", output=output), "run": FIRST}
    Fetcher(made.run, made.node).fetch(kit.N, kit.ATTEMPT, [event])
    assert list((made.run.directory / "outputs").iterdir()) == []


def an_earlier_output(made: Bench, text: bytes = b"text 1") -> list[dict[str, object]]:
    """On N, and in the run's own directory here."""
    name = "0001-a.txt"
    here = made.run.directory.parent / FIRST / "outputs" / name
    here.parent.mkdir(parents=True)
    here.write_bytes(text)
    place = made.node.root / "attempts" / kit.ATTEMPT / "outputs" / FIRST
    place.mkdir(parents=True)
    (place / "0001.tar.gz").write_bytes(packed([here])[0])
    sha256 = kept.digest(text)
    output = {"text": "", "file": f"outputs/{name}", "size": len(text), "sha256": sha256}
    return [{**kit.event("attachment", output=output), "run": FIRST}]


@pytest.mark.parametrize("is_here", [True, False])
def test_an_output_that_was_altered_is_not_brought_along(bench: Make, is_here: bool) -> None:
    """Neither on N nor on this machine, though it is as long as it was."""
    made = bench()
    events = an_earlier_output(made)
    here = made.run.directory.parent / FIRST / "outputs" / "0001-a.txt"
    here.write_bytes(b"text 2")
    place = made.node.root / "attempts" / kit.ATTEMPT / "outputs" / FIRST
    (place / "0001.tar.gz").write_bytes(packed([here])[0])
    if is_here:  # and what this machine has is as it was
        here.write_bytes(b"text 1")
    Fetcher(made.run, made.node).fetch(kit.N, kit.ATTEMPT, events)
    found = [p.read_bytes() for p in (made.run.directory / "outputs").glob("*/*")]
    assert found == [b"text 1"] * is_here
    (event,) = made.events("outputs-fetched")
    assert bool(event["missing"]) is not is_here


def test_a_disk_that_is_full_leaves_no_half_file_and_is_told(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench()
    events = an_earlier_output(made)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def half(_: object, target: BinaryIO) -> None:
        target.write(b"tex")
        full()

    monkeypatch.setattr("engine.attempt.kept.write_atomically", full)
    monkeypatch.setattr("engine.attempt.kept.shutil.copyfileobj", half)
    Fetcher(made.run, made.node).fetch(kit.N, kit.ATTEMPT, events)
    (event,) = made.events("outputs-fetched")
    assert "No space left on device" in event["missing"][0]["why"]
    assert list((made.run.directory / "outputs" / FIRST).iterdir()) == []


def test_what_n_did_not_take_at_the_end_is_told_as_such(bench: Make) -> None:
    """Not as lines of the journal that are missing."""
    made = bench()
    made.apply(change())
    write(made)
    made.run.record("note", step="", text="last")
    made.node.failing = [None, kit.lost_connection()]  # the journal, then the outputs
    made.applier.hand_over()
    assert made.on_n() == ["intent", "result", "note", "bookkeeping"]
    (event,) = made.events("bookkeeping")
    assert "outputs are not on N yet" in event["problem"]
