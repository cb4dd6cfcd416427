"""The controller's disk is full or read-only: no change without its intent, and an honest end."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from engine.attempt.records import RecordsWriter
from engine.cli import main as cli
from engine.record import directory as run_directory
from engine.record.journal import Journal
from engine.record.outputs import EXCERPT, Outputs
from tests.engine.kit import unreachable
from tests.plugin.kit import CHANGE, CLOSING, N, Project

pytest_plugins = "pytester"

FULL = OSError(errno.ENOSPC, "No space left on device")
TWO = (
    CHANGE
    + '''
@step("third.change", after=["first.baseline"])
def test_other(y_set, look, evidence):
    """y is set."""
    evidence.note("y")
'''
    + CLOSING
)


def full_from(monkeypatch: pytest.MonkeyPatch, event: str, step: str = "") -> None:
    """The journal's disk takes no more from this event on, for ever."""
    plain = Journal._write
    is_full = False

    def write(self: Journal, data: bytes, *, sync: bool) -> None:
        nonlocal is_full
        is_full = is_full or f'"event": "{event}", "step": "{step}'.encode() in data
        is_full = is_full or (not step and f'"event": "{event}"'.encode() in data)
        if is_full:
            raise FULL
        plain(self, data, sync=sync)

    monkeypatch.setattr(Journal, "_write", write)


def on_n(project: Project) -> str:
    (path,) = project.cluster.root.glob("attempts/*/journal/*.jsonl")
    return path.read_text()


def test_before_anything_it_is_one_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_from(monkeypatch, "run-started")
    project.steps(CHANGE)
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: *journal.jsonl: can't be written (No space left*"])
    assert "Traceback" not in result.stderr.str()
    assert project.cluster.asked == []


def test_a_directory_that_cannot_be_made_is_one_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: Any) -> Path:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(run_directory, "_make_directory", refuse)
    project.steps(CHANGE)
    result = project.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: *reports/*: can't be written (Permission denied)*"])
    assert project.cluster.asked == []


def test_before_the_first_change_nothing_is_changed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_from(monkeypatch, "position")
    project.steps(TWO)
    result = project.run()
    assert result.ret == 1
    assert project.cluster.changes == []
    result.stdout.fnmatch_lines(["STOPPED (failed): the journal * can't be written (No space*"])
    assert not (project.cluster.root / "attempt").exists()


def test_an_intent_that_cannot_be_written_is_no_change(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_from(monkeypatch, "intent", "third.change")
    project.steps(TWO)
    result = project.run()
    assert result.ret == 1
    assert project.cluster.changes == [("set", "x")]
    assert '"set y"' not in on_n(project)
    assert project.outcomes() == {
        "first.baseline": "done",
        "second.change": "done",
        "third.change": "failed",
        "closing.state": "done",
    }
    result.stdout.fnmatch_lines(
        ["STOPPED (failed): the journal * can't be written*", "NOT WRITTEN: *journal.jsonl: its*"]
    )


def test_a_result_that_cannot_be_written_here_is_on_n_and_ends_the_changes(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_from(monkeypatch, "result", "second.change")
    project.steps(TWO)
    result = project.run()
    assert result.ret == 1
    assert project.cluster.changes == [("set", "x")]
    assert '"event": "result"' in on_n(project)
    assert '"event": "run-ended"' in on_n(project)
    assert (project.cluster.root / "lock").read_text().splitlines()[1] == "free"
    assert project.summary["outcome"] == "failed"


def test_after_room_was_made_it_goes_on(project: Project) -> None:
    project.steps(TWO)
    with pytest.MonkeyPatch.context() as patch:
        full_from(patch, "result", "second.change")
        assert project.run().ret == 1
    assert project.run().ret == 0
    assert project.cluster.changes == [("set", "x"), ("set", "y")]


@pytest.mark.parametrize("name", ["summary.json", "report.html", "junit.xml"])
def test_a_report_that_cannot_be_written_is_told_and_hides_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(*given: Any, **more: Any) -> None:
        raise FULL

    monkeypatch.setattr(
        {
            "summary.json": "engine.run.ending.write_summary",
            "report.html": "pytest_html.basereport.BaseReport._write_report",
            "junit.xml": "_pytest.junitxml.LogXML.pytest_sessionfinish",
        }[name],
        full,
    )
    project.steps(CHANGE)
    result = project.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "outcome: done, exit code 0",
            f"NOT WRITTEN: *{name} (No space left on device)",
            "make room, then: *-m engine report *",
        ]
    )
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert not (project.latest / name).exists()


def test_a_last_word_that_cannot_be_written_is_no_green_end(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_from(monkeypatch, "run-ended")
    project.steps(CHANGE)
    result = project.run()
    result.stdout.fnmatch_lines(["STOPPED (failed): the journal *", "outcome: failed, exit code 1"])
    assert result.ret == 1
    assert (project.summary["outcome"], project.summary["exit_code"]) == ("failed", 1)
    last = [json.loads(line) for line in on_n(project).splitlines()][-1]
    assert (last["event"], last["exit_code"]) == ("run-ended", 1)


@pytest.mark.parametrize("event", ["run-ended", "bookkeeping"])
def test_a_report_made_anew_says_what_the_exit_code_said(
    project: Project, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    """There was no room for a moment: at the last word, or directly after it."""
    plain, has_been = Journal._write, False

    def write(self: Journal, data: bytes, *, sync: bool) -> None:
        nonlocal has_been
        if not has_been and f'"event": "{event}"'.encode() in data:
            has_been = True
            raise FULL
        plain(self, data, sync=sync)

    monkeypatch.setattr(Journal, "_write", write)
    monkeypatch.setattr("engine.attempt.handover.PATIENCE", 0.0)
    if event == "bookkeeping":  # the lock is not taken back
        monkeypatch.setattr(RecordsWriter, "release", lambda self: self._run(("false",)))
        project.cluster.answer[N, ("false",)] = unreachable(N)
    project.steps(CHANGE)
    assert project.run().ret == 1
    before = (project.latest / "summary.json").read_bytes()
    assert cli(["report", str(project.latest)]) == 0
    assert (project.latest / "summary.json").read_bytes() == before
    assert project.summary["exit_code"] == 1


def test_an_output_that_cannot_be_kept_is_no_answer_lost(tmp_path: Path) -> None:
    described = Outputs(tmp_path / "gone", lambda text: text).describe("x", "y" * (EXCERPT + 1))
    assert described["size"] == EXCERPT + 1
    assert "could not be written" in described["not_kept"]
