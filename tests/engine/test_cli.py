"""`python -m engine`: what it refuses, in one sentence and with the contract's exit code."""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from engine.cli import UNREAD, main
from engine.record.journal import Journal
from engine.verify import GENESIS, NOT_VALID, digest, verify
from tests.evidence.hostile import everywhere
from tests.evidence.journals import whole

RUN = "20261102T000000Z-test-0002"


def line(seq: int, kind: str = "note", **fields: Any) -> dict[str, Any]:
    time = f"2026-11-02T00:00:{seq:02}.000Z"
    return {"schema": 1, "run": RUN, "seq": seq, "time": time, "event": kind, **fields}


def started(**fields: Any) -> dict[str, Any]:
    plain = {"cluster": "c.example.test", "environment": "staging", "mode": "execute"}
    return line(1, "run-started", source="4.25", target="4.26", **{**plain, **fields})


def written(directory: Path, lines: Iterable[dict[str, Any] | str]) -> Path:
    """A run's directory with this journal; its lines follow each other."""
    directory.mkdir(parents=True, exist_ok=True)
    texts, previous = [], GENESIS
    for one in lines:
        texts.append(one if isinstance(one, str) else json.dumps({"prev": previous, **one}))
        previous = digest(texts[-1].encode())
    (directory / "journal.jsonl").write_text("\n".join(texts) + "\n")
    return directory


def refused(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What it says when it refuses: one line, exit code 4, and nothing is written."""
    before = sorted(path.rglob("*")) if path.exists() else []
    assert main(["report", str(path)]) == 4
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert (sorted(path.rglob("*")) if path.exists() else []) == before
    return said


def test_no_such_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "gone: no such run" in refused(tmp_path / "gone", capsys)


def test_a_directory_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no journal.jsonl in it" in refused(tmp_path, capsys)


WRONG: dict[str, tuple[list[dict[str, Any] | str], str]] = {
    "empty": ([], "there is no whole line in it"),
    "torn at once": (['{"schema": 1, "ru'], "there is no whole line in it"),
    "another schema": ([{**started(), "schema": 2}], "journal schema 2, this runbook reads 1"),
    "no journal": (["a diary", "of two lines"], ":1: no JSON event"),
    "no events": (["[]", "{}"], ":1: no event of a journal"),
    "headless": ([line(1)], "begins with 'note'; expected run-started first"),
    "torn in the middle": ([started(), '{"schema": 1, "ru', line(3)], ":2: no JSON event"),
    "another run": ([started(), {**line(2), "run": "other"}], ":2: a line of run other"),
    "a line is missing": ([started(), line(3)], ":2: event 3, expected 2"),
    "a field is missing": (
        [{key: value for key, value in started().items() if key != "cluster"}],
        "no field 'cluster'",
    ),
    "a line twice": ([started(), line(1)], ":2: event 1, expected 2"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_journal_that_is_none(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, expected = WRONG[what]
    assert expected in refused(written(tmp_path / RUN, lines), capsys)


EARLIER: dict[str, tuple[list[dict[str, Any] | str], str]] = {
    "another cluster": ([started(cluster="d.example.test")], "a journal of cluster d.example.test"),
    "two runs": ([started(), {**line(2), "run": "other"}], ":2: a line of run other"),
    "torn in the middle": ([started(), "{", line(3)], ":2: no JSON event"),
}


@pytest.mark.parametrize("what", EARLIER)
def test_an_earlier_journal_that_does_not_belong(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, expected = EARLIER[what]
    run = written(tmp_path / RUN, [started()])
    written(tmp_path / "other", lines)
    (run / "earlier").mkdir()
    (tmp_path / "other" / "journal.jsonl").rename(run / "earlier" / "20261101.jsonl")
    assert expected in refused(run, capsys)


def test_a_run_that_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = written(tmp_path / RUN, [started()])
    with (run / "journal.jsonl").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "still goes on" in refused(run, capsys)
    assert main(["report", str(run)]) == 0


def test_the_journal_of_a_living_run_is_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal(tmp_path / "journal.jsonl", RUN, lambda text: text)
    journal.record("run-started", **{k: v for k, v in started().items() if k != "event"})
    assert "still goes on" in refused(tmp_path, capsys)
    journal.close()
    assert main(["report", str(tmp_path)]) == 0


def test_earlier_journals_that_are_missing_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = line(2, "position", position="updated", active="n", attempt="the-first-run")
    run = written(tmp_path / RUN, [started(), found])
    assert main(["report", str(run / "journal.jsonl")]) == 1
    assert (
        "FOUND: the journal of run the-first-run, which opened the attempt, is not in earlier/"
        in (capsys.readouterr().out)
    )


def test_what_a_node_said_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b[2J\x1b]0;title\x07"
    stopped = line(2, "stopped", outcome="failed", exit_code=1, reason=evil, what_to_do=evil)
    run = written(tmp_path / RUN, [started(), stopped])
    assert main(["report", str(run)]) == 0
    assert "?[2J?]0;title?" in capsys.readouterr().out
    assert main(["report", str(tmp_path / evil)]) == 4
    assert "?[2J?]0;title?: no such run" in capsys.readouterr().err


def test_nor_do_the_reports_that_are_made_of_it(tmp_path: Path) -> None:
    """Whoever has written a journal anew names cluster and host as he likes."""
    evil = "\x1b[2J\x9b\x00\x7f"
    written(tmp_path / RUN, [everywhere(one, evil) for one in numbered(whole())])
    assert main(["report", str(tmp_path / RUN)]) in (0, 1)
    for name in ("report.html", "evidence.html"):
        text = (tmp_path / RUN / name).read_text()
        assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text) is None, name
        assert "\u241b[2J" in text, name
    suite = ElementTree.parse(tmp_path / RUN / "junit.xml").find("testsuite")
    assert suite is not None
    assert "\u241b[2J" in suite.attrib["hostname"]


def numbered(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As lines of one journal."""
    return ({**one, "run": RUN, "seq": seq} for seq, one in enumerate(events, 1))


def test_a_character_cut_in_two_is_a_torn_line(tmp_path: Path) -> None:
    run = written(tmp_path / RUN, [started()])
    with (run / "journal.jsonl").open("ab") as file:
        file.write('{"schema": 1, "text": "ö'.encode()[:-1])
    assert main(["report", str(run)]) == 1
    assert "its last line was cut off" in "".join(verify(run).lines)


def test_zeros_behind_the_last_line_are_a_torn_line(tmp_path: Path) -> None:
    """What a file system may leave after a power loss."""
    run = written(tmp_path / RUN, [started()])
    with (run / "journal.jsonl").open("ab") as file:
        file.write(b"\0" * 4096)
    assert main(["report", str(run)]) == 1


def test_of_a_journal_without_a_chain_reports_are_made_and_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of an older runbook, or somebody took the chain out of it: nobody can tell."""
    run = written(tmp_path / RUN, [json.dumps(started())])
    assert main(["report", str(run)]) == 1
    assert "FOUND: NOT VALID: an older runbook wrote the journal" in capsys.readouterr().out
    assert verify(run).code == NOT_VALID


@pytest.mark.parametrize(
    "arguments", [[], ["verify"], ["approve"], ["judge"], ["compare"], ["report"], ["undo"]]
)
def test_half_a_command_and_one_that_is_not_there_are_usage_errors(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 4
    said = capsys.readouterr().err
    assert "usage: python -m engine" in said
    assert "undo" not in said.partition("error:")[0]


def test_a_file_that_can_not_be_written_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = written(tmp_path / RUN, [started()])

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.atomic.os.fsync", full)
    assert main(["report", str(run)]) == 1
    said = capsys.readouterr().err
    assert said == f"ERROR: {run / 'manifest.json'}: can't be written (No space left on device)\n"
    assert [path.name for path in run.iterdir()] == ["journal.jsonl"]


@pytest.mark.parametrize("notes", [1, 3000], ids=["short", "longer than what a pipe holds"])
def test_who_reads_no_further_gets_no_traceback(tmp_path: Path, notes: int) -> None:
    """As behind `| head`: the work is done, and the shell is told that nobody read its end."""
    subjects = ({"code": "c", "subject": f"s{seq}"} for seq in range(2, notes + 2))
    plain = {"severity": "warn", "observed": "o", "expected": "e", "remedy": "r", "guide": []}
    found = [
        line(2, "finding", **plain, **one, accepted=None, step="a.b") | {"seq": seq}
        for seq, one in enumerate(subjects, 2)
    ]
    run = written(tmp_path / RUN, [started(), *found])
    reading, writing = os.pipe()
    os.close(reading)
    argv = [sys.executable, "-m", "engine", "report", str(run)]
    done = subprocess.run(argv, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (UNREAD, "")
    assert (run / "summary.json").exists()


def test_what_only_reports_need_is_not_loaded_for_the_other_commands() -> None:
    """pytest, templates and the database take longer to load than most of them to work."""
    asked = "import sys, engine.cli; print({'pytest', 'jinja2', 'pymysql'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
