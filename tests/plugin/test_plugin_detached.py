"""A long command from outside: really started by the wrapper, followed, left, taken up again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.attempt import detached_scripts
from engine.secrets import MASK
from rehearsal.run import wait_for
from tests.engine import pipes
from tests.engine.kit import unreachable
from tests.plugin.kit import N, Project

pytest_plugins = "pytester"

IMPORTS = """
from engine.act.actions import action
from engine.model.change import Change, Nothing
"""
LONG_STEP = '''
LONG = 'echo started >> "$1/started"; echo "TASK [one]"; cat "$1/go"; echo "TASK [two]"; exit 0'

@action(guide=["G02"])
def long_command(look):
    """A command that takes its time."""
    rounds = look.memory.detached("long")
    if any(record.exit_status == 0 for record in rounds):
        return Nothing("it ended with 0")
    ended = [record for record in rounds if record.has_ended]
    yield Change("the long command", "neteye01.neteyelocal",
                 ("sh", "-c", LONG, "sh", os.environ["LONG_PLACE"]), 60.0, repeatable=False,
                 detached=f"long-{len(ended) + 1}")
    return "it ended with 0"

@step("second.long", after=["first.baseline"])
def test_long(long_command, evidence):
    """The long command is run."""
    evidence.note("it has ended")
'''

STEPS = IMPORTS + LONG_STEP
BEFORE = '''
@action(guide=["G01"])
def tidied(look):
    """What the long command leaves is put away."""
    if look.ask("neteye01.neteyelocal", HAS("mess")):
        yield Change("tidy up", "neteye01.neteyelocal", ("set", "tidy"), 9.0)
        return "there was a mess"
    return Nothing("all is tidy")

@step("first.tidy", after=["first.baseline"])
def test_tidy(tidied):
    """All is tidy before the long command."""

@step("first.word", after=["first.tidy"])
def test_word(look, evidence):
    """Somebody has to say that all is good."""
    is_said = look.ask("neteye01.neteyelocal", HAS("first.word"))
    assert evidence.judge([] if is_said else [bad()], observed="what was said")
'''
BEHIND = (
    BEFORE.replace("first.", "third.")
    .replace("third.baseline", "second.long")
    # not under the names of those
    .replace("test_", "test_again_")
    .replace("tidied", "tidied_again")
)
"""The same steps behind the long command."""


@pytest.fixture
def long(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    place = project.path / "place"
    place.mkdir()
    monkeypatch.setenv("LONG_PLACE", str(place))
    monkeypatch.setattr("engine.act.detached.POLL", 0.02)
    project.steps(STEPS)
    yield project
    for path in project.cluster.root.glob("attempts/*/commands/*/pid"):
        if not path.with_name("status").exists():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(path.read_text()), signal.SIGKILL)


def place(project: Project) -> Path:
    return project.path / "place"


def let_go(project: Project) -> None:
    """The command will not wait, or no longer."""
    go = place(project) / "go"
    if go.is_fifo():
        pipes.let_go(go)
    else:
        go.write_text("go\n")


def waits(project: Project) -> None:
    """The command will wait at a pipe until somebody writes."""
    os.mkfifo(place(project) / "go")


def starts(project: Project) -> int:
    return len((place(project) / "started").read_text().splitlines())


def when_followed(project: Project, at_look: int, do: Any) -> None:
    """`do` something instead of the answer to one look at the command."""
    plain = project.cluster._reply
    looks = 0

    def reply(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        nonlocal looks
        if argv[2:3] == (detached_scripts.FOLLOW.strip(),):
            looks += 1
            if looks == at_look and (given := do()) is not None:
                return given
        return plain(node, argv, stdin)

    project.monkeypatch.setattr(project.cluster, "_reply", reply)


def pid_of(project: Project) -> int:
    (path,) = project.cluster.root.glob("attempts/*/commands/*/pid")
    return int(path.read_text())


def test_its_log_is_shown_and_kept_and_its_exit_status_counts(long: Project) -> None:
    let_go(long)
    result = long.run()
    assert result.ret == 0, result.outlines
    result.stdout.fnmatch_lines(["    | TASK [[]one[]]", "    | go", "    | TASK [[]two[]]"])
    (done,) = long.events("result")
    assert (done["outcome"], done["code"]) == ("ok", 0)
    assert "TASK [two]" in done["output"]["text"]


def test_its_log_is_shown_without_secrets(long: Project) -> None:
    long.steps("from engine.secrets import Secret\nS = Secret('Tr0ub4dor&3')\n" + STEPS)
    (place(long) / "go").write_text("login with Tr0ub4dor&3, password = Hunter2x\n")
    result = long.run()
    assert result.ret == 0, result.outlines
    assert f"    | login with {MASK}, password = {MASK}" in result.outlines


def test_a_run_that_is_interrupted_leaves_the_command_and_the_next_one_follows_it(
    long: Project,
) -> None:
    waits(long)

    def interrupt() -> None:
        raise KeyboardInterrupt

    when_followed(long, 2, interrupt)
    ended = long.run()
    assert ended.ret == 2
    os.kill(pid_of(long), 0)  # it lives
    ended.stdout.fnmatch_lines(
        [
            "STILL RUNNING: the long command on neteye01.neteyelocal since * (second.long)",
            "    log: neteye01.neteyelocal:*/commands/long-1/nohup.out",
            "    it goes on by itself; run again, and it is followed to its end",
        ]
    )

    when_followed(long, 2, lambda: let_go(long))
    result = long.run()
    assert result.ret == 0, result.outlines
    assert starts(long) == 1
    result.stdout.fnmatch_lines(["    | TASK [[]one[]]", "    | TASK [[]two[]]"])


def test_a_command_that_ended_while_nobody_looked_is_taken(long: Project) -> None:
    let_go(long)

    def interrupt() -> None:
        raise KeyboardInterrupt

    when_followed(long, 1, interrupt)
    assert long.run().ret == 2
    assert long.run().ret == 0
    assert starts(long) == 1


def test_a_connection_that_comes_back_loses_nothing(long: Project) -> None:
    let_go(long)
    when_followed(long, 1, lambda: unreachable(N))
    result = long.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*out of reach (no route to host)*", "    | TASK [[]one[]]"])


def test_a_killed_command_stops_with_11_and_the_next_run_goes_on_with_another_round(
    long: Project,
) -> None:
    waits(long)
    when_followed(long, 2, lambda: os.killpg(pid_of(long), signal.SIGKILL))
    result = long.run()
    assert result.ret == 11, result.outlines
    result.stdout.fnmatch_lines(["stopped: *was interrupted: its process is gone*"])

    (place(long) / "go").unlink()
    let_go(long)
    assert long.run().ret == 0
    assert starts(long) == 2
    assert [event["detached"] for event in long.events("intent")] == ["long-2"]


def test_a_third_run_has_nothing_to_do(long: Project) -> None:
    let_go(long)
    assert long.run().ret == 0
    assert long.run().ret == 0
    assert starts(long) == 1
    assert long.outcomes()["second.long"] == "nothing to do"


@pytest.fixture
def between(long: Project) -> Project:
    """A step before the long command and one behind it would tidy up what the command leaves."""
    behind = LONG_STEP.replace("first.baseline", "first.word")
    long.steps(IMPORTS + BEFORE + behind + BEHIND)
    long.cluster.things |= {"first.word", "third.word"}
    return long


def tidied_by(project: Project) -> list[str]:
    return [e["step"] for e in project.events("intent") if e["what"] == "tidy up"]


@pytest.mark.parametrize("lives", [True, False], ids=["lives", "has-ended"])
def test_what_comes_before_it_does_nothing_while_its_end_is_not_on_record(
    between: Project, lives: bool
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    waits(between) if lives else let_go(between)
    when_followed(between, 1, interrupt)
    assert between.run().ret == 2
    between.cluster.things.add("mess")
    if lives:
        when_followed(between, 2, lambda: let_go(between))
    result = between.run()
    assert result.ret == 0, result.outlines
    assert tidied_by(between) == ["third.tidy"]
    assert between.outcomes()["first.tidy"] == "nothing to do"
    (tidy,) = [e for e in between.events("step-ended") if e["name"] == "first.tidy"]
    assert tidy["reason"] == "an earlier run went on from here to 'the long command'"
    assert starts(between) == 1


def test_nor_when_its_end_is_on_record_and_what_follows_is_not_done(between: Project) -> None:
    between.cluster.things.remove("third.word")
    let_go(between)
    when_followed(between, 1, lambda: between.cluster.things.add("mess"))
    assert between.run().ret == 1
    between.cluster.things.add("third.word")
    result = between.run()
    assert result.ret == 0, result.outlines
    assert tidied_by(between) == ["third.tidy"]


def traceless(project: Project) -> None:
    """A run follows the command to where somebody removes its directory; it has ended by then."""
    let_go(project)

    def removed() -> None:
        wait_for("the command's end", missing, seconds=60, every=0.05)
        (found,) = project.cluster.root.glob("attempts/*/commands/long-1")
        shutil.rmtree(found)

    def missing() -> str | None:
        found = project.cluster.root.glob("attempts/*/commands/*/status")
        return None if any(found) else "an exit status"

    when_followed(project, 1, removed)
    result = project.run()
    assert result.ret == 12, result.outlines
    result.stdout.fnmatch_lines(["*--settle 'second.long=done|repeat' --reason TEXT --by NAME*"])


def settle(word: str) -> tuple[str, ...]:
    return ("--settle", f"second.long={word}", "--reason", "seen on N", "--by", "A. Rossi")


def test_a_command_without_a_trace_is_never_started_twice_by_itself(long: Project) -> None:
    traceless(long)
    again = long.run()
    assert again.ret == 12
    assert starts(long) == 1
    again.stdout.fnmatch_lines(["next, then: * --settle 'second.long=done|repeat' --reason TEXT*"])


def test_a_plan_tells_that_a_command_left_no_trace(long: Project) -> None:
    traceless(long)
    plan = long.run("--plan")
    assert plan.ret == 10, plan.outlines
    plan.stdout.fnmatch_lines(["*[[]outcome-unknown[]]*", "*--settle 'second.long=done|repeat'*"])
    assert starts(long) == 1


@pytest.mark.parametrize(("word", "times"), [("done", 1), ("repeat", 2)])
def test_a_person_settles_a_command_without_a_trace(long: Project, word: str, times: int) -> None:
    traceless(long)
    result = long.run(*settle(word))
    assert result.ret == 0, result.outlines
    assert starts(long) == times
    (told,) = [e for e in long.events("result") if e["key"].startswith("second.long")]
    assert bool(told.get("by_word")) is (word == "done")
    assert long.run().ret == 0
    assert starts(long) == times


def test_a_word_is_taken_at_once_when_the_run_before_was_killed(long: Project) -> None:
    """What a plan tells, and no run has come to: nothing is left of a command that had started."""
    waits(long)
    when_followed(long, 2, interrupted)
    assert long.run().ret == 2
    word = settle("repeat")
    refused = long.run(*word)
    assert refused.ret == 4, "its log is there"
    refused.stdout.fnmatch_lines(["*its command is followed*"])
    let_go(long)
    (found,) = long.cluster.root.glob("attempts/*/commands/long-1")
    status = found / "status"
    wait_for("its end", lambda: None if status.exists() else "it", seconds=60, every=0.05)
    shutil.rmtree(found)
    (place(long) / "go").unlink()
    let_go(long)
    result = long.run(*word)
    assert result.ret == 0, result.outlines
    assert starts(long) == 2


def interrupted() -> None:
    raise KeyboardInterrupt
