"""A run leaves live.html, which says how it ended; while it works, and when it is killed."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from engine import cli
from engine.record.journal import utc_now
from engine.verify import NOT_PROVED, VALID, verify
from engine.watching import live
from engine.watching.fold import state_of
from engine.watching.words import told_of
from tests.plugin.kit import CHANGE, CLOSING, FINDING, N, Project
from tests.plugin.test_plugin_detached import let_go, long, waits, when_followed
from tests.plugin.test_plugin_sealed import head_of

pytest_plugins = "pytester"
__all__ = ["long"]

REFRESH = '<meta http-equiv="refresh"'
LOOKING = '''
import subprocess, sys, time, pathlib

@step("third.looking")
def test_looking(runbook_session, evidence):
    """Somebody looks on."""
    directory = runbook_session.run.directory
    said = subprocess.run([sys.executable, "-m", "engine", "watch", str(directory), "--once"],
                          cwd=os.environ["ROOT"], capture_output=True, text=True, check=True)
    evidence.note(said.stdout)
    until = time.monotonic() + 60
    while "third.looking" not in (directory / "live.html").read_text():
        assert time.monotonic() < until
        time.sleep(0.01)
    evidence.note((directory / "live.html").read_text())
'''


def page(project: Project) -> str:
    return (project.latest / "live.html").read_text()


ENDINGS = {
    "done": (CHANGE + CLOSING, (), "done, exit code 0"),
    "a plan": (CHANGE + CLOSING, ("--plan",), "planned, exit code 0"),
    "blocked": (FINDING.format(name="one") + CLOSING, (), "blocked, exit code 10"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_its_last_state_is_the_end_and_it_is_sealed(project: Project, ending: str) -> None:
    steps, options, said = ENDINGS[ending]
    project.steps(steps)
    result = project.run(*options)
    assert said in page(project)
    assert REFRESH not in page(project)
    assert ("yes, it stopped" in page(project)) == (ending == "blocked")
    assert verify(project.latest, head_of(result)).code == VALID
    (project.latest / "live.html").write_text("altered")
    (said,) = verify(project.latest).lines
    assert said.startswith("NOT VALID: live.html was altered (7 bytes; listed is ")


def test_while_it_works_both_show_the_step(
    project: Project, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    """The run's own lines on the console are what they were."""
    monkeypatch.setenv("ROOT", str(pytestconfig.rootpath))
    monkeypatch.setattr(live, "EVERY", 0.1)
    project.steps(LOOKING + CLOSING)
    result = project.run()
    assert result.ret == 0, result.outlines
    notes = [note["text"] for note in project.events("note")]
    terminal, written = (next(n for n in notes if head in n[:99]) for head in ("4.25 to", "<html"))
    assert "run: at work: third (step 2 of 3, 0:00:0" in terminal
    assert "step: third.looking: Somebody looks on." in terminal
    assert REFRESH in written
    assert not any("live.html" in line for line in result.outlines)


def test_while_a_long_command_is_followed_it_is_told_what_it_is_at(long: Project) -> None:
    """Its result comes much later; the journal has it meanwhile."""
    waits(long)
    shown: list[str] = []

    def look_on() -> None:
        watched = state_of(long.sessions[0].run.journal.events)
        shown.extend(map(str, told_of(watched, utc_now()).lines()))
        let_go(long)

    when_followed(long, 3, look_on)
    result = long.run()
    assert result.ret == 0, result.outlines
    (change,) = (line for line in shown if line.startswith("change:"))
    (at,) = (line for line in shown if line.startswith("it is at:"))
    assert change.startswith(f"change: the long command on {N} since")
    assert at.startswith("it is at: task one; 1 task begun (told 0:00:0")
    (progress,) = long.events("progress")
    assert (progress["task"], progress["step"]) == ("one", "second.long")


def test_a_disk_that_does_not_take_it_changes_nothing_but_a_word(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(live, "write", full)
    project.steps(CHANGE + CLOSING)
    result = project.run()
    assert result.ret == 0
    word = "  WARNING: live.html showed an older state for a time: No space left on device"
    assert result.outlines.count(word) == 1
    assert not (project.latest / "live.html").exists()
    assert verify(project.latest, head_of(result)).code == VALID


def test_reports_made_anew_leave_it_as_the_run_did(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    result = project.run()
    before = page(project)
    assert cli.main(["report", str(project.latest)]) == 0
    assert page(project) == before
    assert verify(project.latest, head_of(result)).code in (VALID, NOT_PROVED)


def test_a_run_that_ended_before_its_first_look_leaves_none(project: Project) -> None:
    project.steps("raise OSError(1)")
    project.run()
    assert not (project.latest / "live.html").exists()
