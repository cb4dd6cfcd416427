"""A plan while a long command of an earlier run lives, has ended, or is gone."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from rehearsal.run import wait_for
from tests.plugin.kit import N, Project
from tests.plugin.plans import steps_of
from tests.plugin.test_plugin_detached import (
    between,
    let_go,
    long,
    pid_of,
    starts,
    waits,
    when_followed,
)

__all__ = ["between", "long"]
pytest_plugins = "pytester"

BEHIND = '''
@action()
def y_set_behind(look):
    if look.ask("neteye01.neteyelocal", HAS("y")):
        return Nothing("y is there")
    yield Change("set y", "neteye01.neteyelocal", ("set", "y"), 9.0)

@step("third.change", after=["second.long"])
def test_behind(y_set_behind):
    """Its question has an answer as soon as the command has ended."""
'''


def left_by_a_run(project: Project, behind: str = BEHIND) -> None:
    """A run that is interrupted while it follows the command."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    test = project.path / "runbook" / "test_10_steps.py"
    test.write_text(test.read_text() + behind)
    when_followed(project, 1, interrupt)
    assert project.run().ret == 2


def until_it_ended(project: Project) -> None:
    def missing() -> str | None:
        found = project.cluster.root.glob("attempts/*/commands/*/status")
        return None if any(found) else "an exit status"

    wait_for("the command's end", missing, seconds=60, every=0.05)


def test_a_command_that_lives_is_followed(long: Project) -> None:
    waits(long)
    left_by_a_run(long)
    assert long.run("--plan").ret == 0
    steps = steps_of(long)
    assert steps["second.long"]["verdict"] == "WILL RUN"
    assert steps["second.long"]["notes"] == [
        "an earlier run started it: it is followed, not started again"
    ]
    assert (steps["third.change"]["verdict"], steps["third.change"]["after"]) == (
        "AFTER",
        "second.long",
    )
    assert starts(long) == 1


def test_one_that_ended_meanwhile_is_read_and_what_follows_is_known(
    long: Project,
) -> None:
    let_go(long)
    left_by_a_run(long)
    until_it_ended(long)
    assert long.run("--plan").ret == 0
    steps = steps_of(long)
    assert steps["second.long"]["reason"].startswith("bookkeeping: exit status 0 of the long")
    assert (steps["second.long"]["commands"], steps["second.long"]["books_on"]) == ([], N)
    assert [c["command"] for c in steps["third.change"]["commands"]] == ["set y"]
    assert starts(long) == 1


def test_one_that_is_gone_without_an_exit_status_needs_a_person(
    long: Project,
) -> None:
    waits(long)
    left_by_a_run(long)
    pid = pid_of(long)
    os.killpg(pid, signal.SIGKILL)
    gone = Path(f"/proc/{pid}")
    wait_for("its death", lambda: "it" if gone.exists() else None, seconds=60, every=0.05)
    result = long.run("--plan")
    assert result.ret == 10
    steps = steps_of(long)
    assert steps["second.long"]["verdict"] == "MANUAL"
    assert "left no exit status" in steps["second.long"]["reason"]
    assert steps["third.change"]["verdict"] == "BLOCKED"


def test_one_that_failed_needs_a_person(long: Project) -> None:
    let_go(long)
    test = long.path / "runbook" / "test_10_steps.py"
    test.write_text(test.read_text().replace("exit 0'", "exit 3'"))
    left_by_a_run(long)
    until_it_ended(long)
    assert long.run("--plan").ret == 10
    seen = steps_of(long)["second.long"]
    assert seen["verdict"] == "MANUAL"
    assert "ended with exit status 3" in seen["reason"]


def test_what_comes_before_it_is_not_shown_to_be_done_again(between: Project) -> None:
    let_go(between)
    left_by_a_run(between, behind="")
    until_it_ended(between)
    between.cluster.things.add("mess")
    assert between.run("--plan").ret == 0
    steps = steps_of(between)
    assert (steps["first.tidy"]["verdict"], steps["first.tidy"]["commands"]) == ("SATISFIED", [])
    assert steps["first.tidy"]["reason"].startswith("an earlier run went on from here")
    assert [c["command"] for c in steps["third.tidy"]["commands"]] == ["set tidy"]


def test_while_it_lives_they_wait_for_its_end(between: Project) -> None:
    waits(between)
    left_by_a_run(between, behind="")
    between.cluster.things.add("mess")
    assert between.run("--plan").ret == 0
    steps = steps_of(between)
    assert steps["first.tidy"]["verdict"] == "SATISFIED"
    assert (steps["third.tidy"]["verdict"], steps["third.tidy"]["after"]) == (
        "AFTER",
        "second.long",
    )
