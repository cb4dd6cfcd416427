"""`python -m engine watch`: on a terminal, into a pipe, once; of runs that live, ended, died."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.watching import command
from engine.watching.command import Watching
from tests.engine.kit import BEGIN
from tests.engine.looking_on import begun, ended, journal, lines, progress, stopped, upgrading

ROOT = Path(__file__).parents[2]
SEALED = {"step": "", "files": 3, "list": "a" * 64, "key": ""}
EVIL = "\x1b]0;pwned\x07 [red]not red[/red] \x9b2J"


def sealed(seconds: float) -> dict[str, Any]:
    return {**ended(seconds), "event": "sealed", **SEALED}


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    return journal(tmp_path / "run", [*upgrading(), ended(100), sealed(101)])


def once(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["watch", str(path), "--once"]) == 0
    return capsys.readouterr().out


def test_once(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = once(finished, capsys).splitlines()
    assert said[:3] == [
        "neteye.example.test, 4.25 to 4.26",
        "run: ended at 2026-11-02 00:01:40 UTC: done, exit code 0 (it took 0:01:40)",
        "waits for a person: no",
    ]
    assert said[-1] == f"read on: {finished / 'report.html'}"


def test_its_journal_may_be_named_too(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "done" in once(finished / "journal.jsonl", capsys)


def test_without_a_name_it_is_the_newest_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["watch", "--once"]) == 4
    assert "reports/latest: there is no run yet" in capsys.readouterr().err
    journal(tmp_path / "reports" / "one", [*begun(), ended(9)])
    (tmp_path / "reports" / "latest").symlink_to("one")
    assert main(["watch", "--once"]) == 0
    assert "makes them" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mode", "is_held", "seen"),
    [("execute", True, "at-work"), ("execute", False, "newer"), ("plan", True, "newer")],
)
def test_without_a_name_the_run_at_work_comes_before_a_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, is_held: bool, seen: str
) -> None:
    """A plan or a refused run beside it took `latest`, and the run at work was not to be seen."""
    monkeypatch.chdir(tmp_path)
    reports = tmp_path / "reports"
    at_work = journal(reports / "at-work", begun(mode=mode)) / "journal.jsonl"
    journal(reports / "newer", [*begun(mode="plan"), ended(9)])
    journal(reports / "odd", []).joinpath("journal.jsonl").write_text("no journal\n")
    (reports / "latest").symlink_to("newer")
    with at_work.open() as file:
        if is_held:
            fcntl.flock(file, fcntl.LOCK_EX)
        assert Watching(None).directory == reports / seen
        assert Watching(reports / "newer").directory == reports / "newer"


@pytest.mark.parametrize("wrong", ["gone", "."])
def test_what_is_no_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    assert main(["watch", str(tmp_path / wrong), "--once"]) == 4
    assert re.fullmatch(r"ERROR: .*(no such run|no journal.jsonl).*\n", capsys.readouterr().err)


def test_a_run_that_died_is_told_and_watching_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = journal(tmp_path, upgrading())
    assert main(["watch", str(directory)]) == 0
    said = capsys.readouterr().out
    assert "no sign of life since 2026-11-02 00:01:30 UTC: the process is not there" in said
    assert f"python -m engine report {directory} makes them" in said


class Growing:
    """A run whose journal gets more at each wait; its process is there until nothing is left."""

    def __init__(self, directory: Path, *parts: list[dict[str, Any]]) -> None:
        events = [one for part in parts for one in part]
        self._texts = lines(events)
        self._sizes = [len(part) for part in parts]
        self._path = journal(directory, []) / "journal.jsonl"
        self.wait(0)
        self._held = self._path.open()
        fcntl.flock(self._held, fcntl.LOCK_EX)

    def wait(self, _: float) -> None:
        if not self._sizes:
            self._held.close()
            return
        count = self._sizes.pop(0)
        with self._path.open("ab") as file:
            file.write(b"".join(self._texts[:count]))
        del self._texts[:count]


def test_into_a_pipe_it_prints_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it first, then lines that say something else; a clock that goes on is no change."""
    more = [progress(130, task=EVIL)]
    last = [stopped(140), ended(150, "stopped", 11)]
    run = Growing(tmp_path, upgrading(), [progress(120)], more, last, [sealed(151)])
    out = io.StringIO()
    watching = Watching(tmp_path, now=lambda: BEGIN + timedelta(seconds=160), wait=run.wait)
    monkeypatch.setattr(command, "Watching", lambda path: watching)
    command.watch(tmp_path, out, once=False)
    title, *rest = out.getvalue().splitlines()
    assert title == "neteye.example.test, 4.25 to 4.26"
    assert out.getvalue().replace("\n", "").isprintable()
    labels = [re.sub(r"^\d\d:\d\d:\d\d ", "", one).partition(":")[0] for one in rest]
    first = labels.index("neteye02.neteyelocal") + 1
    assert labels[first:] == [
        *("it is at", "run", "waits for a person", "left on the cluster", "read on"),
    ]
    assert "[red]not red[/red]" in rest[first]


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def facts(directory: Path) -> list[tuple[str, int, int]]:
    found = ((path.name, path.stat()) for path in sorted(directory.iterdir()))
    return [(name, seen.st_size, seen.st_mtime_ns) for name, seen in found]


def read_until(ours: int, word: bytes, seconds: float = 60.0) -> bytes:
    """What the terminal shows until the word comes, or it ends."""
    shown, until = b"", time.monotonic() + seconds
    while word not in shown and time.monotonic() < until:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # its other end is closed
                break
    return shown


def start(directory: Path, theirs: int, **of_process: Any) -> subprocess.Popen[bytes]:
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "50"}
    argv = [sys.executable, "-m", "engine", "watch", str(directory)]
    made = subprocess.Popen(
        argv, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env=env, **of_process
    )
    os.close(theirs)
    return made


def test_on_a_terminal_it_draws_until_it_is_interrupted(
    tmp_path: Path, terminal: tuple[int, int]
) -> None:
    """It only reads: the journal and the directory are what they were, and Ctrl-C is quiet."""
    run = Growing(tmp_path, [*upgrading(), progress(120, task=EVIL)])
    before = facts(tmp_path)
    ours, theirs = terminal
    watching = start(tmp_path, theirs, start_new_session=True)
    shown = read_until(ours, b"neteye02")
    watching.send_signal(signal.SIGINT)
    shown += read_until(ours, b"never comes")
    assert watching.wait(30) == 130
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown).decode()
    assert "waits for a person" in text
    assert "[red]not red[/red]" in text
    assert "\x1b" not in text
    assert "Traceback" not in text
    assert facts(tmp_path) == before
    run.wait(0)


def test_on_a_terminal_it_ends_with_the_run(finished: Path, terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    watching = start(finished, theirs)
    shown = read_until(ours, b"never comes")
    assert watching.wait(30) == 0
    assert b"done, exit code 0" in shown
    assert b"read on" in shown
