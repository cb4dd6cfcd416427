"""`python -m engine` on what is no evidence, or not all of it: one sentence, and exit code 4."""

from __future__ import annotations

import errno
import fcntl
import functools
import json
import os
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.verify import GENESIS
from tests.engine.looking_on import journal, upgrading
from tests.engine.test_cli import RUN, line, started, written

READING: dict[str, tuple[str, ...]] = {
    "report": ("report", "{}"),
    "judge": ("judge", "{}"),
    "bundle": ("bundle", "{}", "--out", "never written"),
    "compare": ("compare", "{}", "{}"),
    "watch": ("watch", "{}", "--once"),
}
"""What reads a journal's events."""
of_all = pytest.mark.parametrize("command", [*READING, "verify"])
of_reading = pytest.mark.parametrize("command", READING)


def refused(command: str, path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    words = [word.format(path) for word in READING.get(command, (command, "{}"))]
    assert main(words) == 4
    given = capsys.readouterr()
    assert given.out == ""
    assert given.err.startswith("ERROR: ")
    assert given.err.count("\n") == 1, given.err
    return given.err


@of_all
@pytest.mark.parametrize("name", ["gone", "x" * 300, "notes.txt", "of something else"])
def test_a_path_that_leads_to_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    (tmp_path / "notes.txt").write_text("all was well\n")
    (tmp_path / "of something else").mkdir()
    assert str(tmp_path / name) in refused(command, tmp_path / name, capsys)


BEGUN = started(operator="A. Rossi", nodes={})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in line(2).items() if key != name}


NESTED: list[Any] = functools.reduce(lambda inner, _: [inner], range(200), [])
SPOILT: dict[str, tuple[list[dict[str, Any] | str], str]] = {
    "no time": ([BEGUN, without("time")], ":2: an event without its run, number or time"),
    "no run": ([without("run")], ":1: an event without its run, number or time"),
    "no number": ([BEGUN, without("seq")], ":2: an event without its run, number or time"),
    "no such time": ([BEGUN, {**line(2), "time": "at night"}], ":2: an event with 'at night'"),
    "a time of nowhere": (
        [BEGUN, {**line(2), "time": "2026-11-02T00:00:00"}],
        ":2: an event with '2026-11-02T00:00:00'",
    ),
    "a newer form": ([{**BEGUN, "schema": 2}], ":1: journal schema 2, this runbook reads 1"),
    "brackets": (["[" * 100_000, line(2)], ":1: no JSON event"),
    "many brackets": ([BEGUN, {**line(2), "text": NESTED}, line(3)], ":2: no JSON event (nested"),
    "half a character": (
        [BEGUN, {**line(2), "text": "\ud800"}, line(3)],
        ":2: no JSON event (half",
    ),
}


@of_reading
@pytest.mark.parametrize("what", SPOILT)
def test_a_journal_that_is_not_as_a_run_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, what: str
) -> None:
    lines, said = SPOILT[what]
    run = written(tmp_path / RUN, lines)
    assert said in refused(command, run, capsys)
    assert [path.name for path in run.iterdir()] == ["journal.jsonl"]


@pytest.mark.parametrize("command", ["report", "bundle", "compare", "watch"])
def test_an_event_that_lacks_what_is_told_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    begun = {name: value for name, value in BEGUN.items() if name != "cluster"}
    begun["prev"] = GENESIS
    assert "'cluster'" in refused(command, written(tmp_path / RUN, [begun]), capsys)


@pytest.mark.parametrize("command", ["report", "judge", "bundle", "compare"])
@pytest.mark.parametrize("raw", [b"", b'{"schema": 1, "ru'], ids=["empty", "torn at once"])
def test_a_journal_without_a_whole_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, raw: bytes
) -> None:
    run = written(tmp_path / RUN, [])
    (run / "journal.jsonl").write_bytes(raw)
    assert "there is no whole line in it" in refused(command, run, capsys)
    assert main(["watch", str(run), "--once"]) == 0
    assert "a run whose journal has no line yet" in capsys.readouterr().out
    assert main(["verify", str(run)]) == 1
    assert "NOT VALID: journal.jsonl: there is no whole line in it" in capsys.readouterr().out


def test_an_earlier_journal_that_is_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / RUN, [started()])
    (run / "earlier" / "20261101.jsonl").mkdir(parents=True)
    assert "can't be read (Is a directory)" in refused("report", run, capsys)


def test_a_head_that_is_none_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = journal(tmp_path, upgrading())
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(run), "--head", "abc"])
    assert ended.value.code == 4
    assert "expected 64 hexadecimal digits" in capsys.readouterr().err


def test_a_manifest_of_a_newer_runbook_is_told_by_each_that_looks_at_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = journal(tmp_path / RUN, upgrading())
    (run / "manifest.json").write_text(json.dumps({"schema": 3}))
    for command in ("verify", "report", "judge", "bundle", "compare"):
        assert "its form is 3" in refused(command, run, capsys)


def test_a_file_system_without_locks_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*given: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    run = journal(tmp_path / RUN, upgrading())
    monkeypatch.setattr(fcntl, "flock", none)
    assert main(["report", str(run)]) == 0


def test_a_lock_that_can_not_be_asked_for_stops_what_would_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    run = journal(tmp_path / RUN, upgrading())
    monkeypatch.setattr(fcntl, "flock", broken)
    assert "whether this run still goes on can't be told" in refused("report", run, capsys)


def test_of_a_run_that_died_who_looks_on_is_led_to_its_reports_once_they_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = journal(tmp_path / RUN, upgrading())
    assert main(["report", str(run)]) == 0
    capsys.readouterr()
    assert main(["watch", str(run), "--once"]) == 0
    assert capsys.readouterr().out.endswith(f"read on: {run / 'report.html'}\n")


@pytest.mark.parametrize("command", ["report", "judge", "bundle", "compare"])
def test_an_earlier_journal_that_is_a_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    run = written(tmp_path / RUN, [started()])
    (run / "earlier").mkdir()
    os.mkfifo(run / "earlier" / "20261101.jsonl")
    assert "can't be read (it is a pipe, expected a file)" in refused(command, run, capsys)


@of_all
def test_a_journal_that_is_a_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (tmp_path / RUN).mkdir()
    os.mkfifo(tmp_path / RUN / "journal.jsonl")
    assert RUN in refused(command, tmp_path / RUN, capsys)


def test_an_earlier_journal_of_a_run_without_a_cluster(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = {name: value for name, value in BEGUN.items() if name != "cluster"}
    run = written(tmp_path / RUN, [begun])
    (run / "earlier").mkdir()
    (run / "earlier" / "20261101.jsonl").write_text(json.dumps({**BEGUN, "run": "20261101"}) + "\n")
    assert "but the run is of None" in refused("report", run, capsys)


def test_a_lock_that_was_taken_without_a_generation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / RUN, [started()])
    (run / "earlier").mkdir()
    told = json.dumps(line(1, "lock-taken")) + "\n"
    (run / "earlier" / "20261101.jsonl").write_text(told)
    assert "20261101.jsonl: lock-taken without a generation" in refused("report", run, capsys)


def test_a_journal_that_begins_with_a_blank_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = written(tmp_path / RUN, [started()])
    journal_of = run / "journal.jsonl"
    journal_of.write_text("\n" + journal_of.read_text())
    assert "journal.jsonl:1: no JSON event" in refused("report", run, capsys)
