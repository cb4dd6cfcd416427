"""`python -m engine watch --on-node`: N tells of a run whose machine is gone, and what to type."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import cli
from engine.act import detached
from engine.act.detached import Progress
from engine.attempt import remote
from engine.errors import RunbookError
from engine.model.inventory import Inventory
from engine.parse.inventory_ini import read_inventory
from engine.queries.identity import WHO
from engine.run.on_node import OnNode, ask_node, lines_of
from engine.waiting import boottime
from tests.engine.kit import unreachable, who
from tests.engine.scripted import said
from tests.parse.topology import cluster_file
from tests.plugin.kit import CHANGE, CLOSING, FINDING, RELEASE, SECOND, THIRD, N, Project
from tests.plugin.several_nights import PAUSES, STAGES, steps_of

pytest_plugins = "pytester"

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOLDER = {
    "who": "rossi",
    "by": "A. Rossi",
    "host": "laptop",
    "pid": "4711",
    "run": "20261128T200000Z-neteye.example.test-beef",
    "since": "2026-11-28T20:00:00+00:00",
}


def inventory_of(project: Project) -> Inventory:
    return read_inventory(project.path / "inventory.ini", ())


def asked(project: Project) -> OnNode:
    """As somebody asks who has never been there."""
    project.cluster.forget()
    project.cluster.question = WHO.argv
    project.cluster.asked.clear()
    return ask_node(inventory_of(project), project.cluster)


def told(seen: OnNode, now: datetime = NOW) -> dict[str, str]:
    return {line.label: f"{line.text} ({line.ticking})" for line in lines_of(seen, now)}


def held(project: Project, ago: float, **holder: str) -> None:
    """Somebody holds the cluster, and renewed the lock so many seconds ago, by N's uptime."""
    path = project.cluster.root / "lock"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"7\nheld\n{json.dumps({**HOLDER, **holder})}\n")
    at = max(0.0, boottime() - ago)
    os.utime(path, (at, at))


def ran(project: Project, steps: str = CHANGE + CLOSING) -> str:
    project.steps(steps)
    project.run()
    return str(project.summary["run_id"])


def killed(project: Project, ago: float = 600) -> str:
    """A run's journal without its last words, and its lock as it left it."""
    run = ran(project)
    (path,) = (project.cluster.root / "attempts").rglob(f"{run}.jsonl")
    lines = path.read_text().splitlines(keepends=True)
    until = next(n for n, text in enumerate(lines) if '"event": "intent"' in text)
    path.write_text("".join(lines[: until + 1]))
    held(project, ago, run=run)
    return run


def test_a_run_that_is_silent_is_told_with_all_that_n_knows(project: Project) -> None:
    run = killed(project)
    seen = asked(project)
    said = told(seen)
    assert seen.is_silent
    assert said["run"].startswith("SILENT since 2029-12-31 23:")
    assert f"; it was to tell {N} every 20 s that it is there (for 0:10:" in said["run"]
    assert said["who"].startswith(
        f"A. Rossi (rossi) on laptop, process 4711, run {run}, since 2026-11-28T20:00"
    )
    assert said["last line of its journal"].startswith("intent at ")
    assert said["step"].startswith("second.change: ")
    assert said["change"].startswith(f"set x on {N}")
    assert "(0:00:00)" not in said["step"] + said["change"]  # up to its last sign of life
    assert "To take over, run the same again, from any controller" in said["what to do"]
    assert "pytest runbook --inventory inventory.ini" in said["type"]


def test_a_run_that_is_there_is_no_alarm(project: Project) -> None:
    killed(project, ago=5)
    seen = asked(project)
    said = told(seen)
    assert not seen.is_silent
    assert said["run"].startswith(f"it is there: {N} heard of it ")
    assert said["what to do"].startswith("nothing; whoever wants to look on does it on laptop")
    assert "type" not in said


def test_one_sign_of_life_missed_is_no_alarm_and_not_taken_for_life(project: Project) -> None:
    killed(project, ago=45)
    seen = asked(project)
    said = told(seen)
    assert seen.is_well
    assert said["run"].startswith("NOT HEARD OF for 45 s, and it was to tell ")
    assert said["what to do"].startswith("ask again in 16 s: ")
    assert "type" not in said


def test_the_holder_s_own_lease_counts(project: Project) -> None:
    held(project, 30, lease="10")
    assert asked(project).is_silent
    held(project, 30)
    assert not asked(project).is_silent


def test_of_a_run_without_a_journal_the_lock_tells(project: Project) -> None:
    held(project, 600)
    seen = asked(project)
    said = told(seen)
    assert seen.is_silent
    assert "A. Rossi (rossi) on laptop" in said["who"]
    assert said["its journal"].startswith("none of it is on the node yet")


def test_a_run_that_ended_well_leaves_nothing_to_do(project: Project) -> None:
    ran(project)
    seen = asked(project)
    said = told(seen)
    assert not seen.is_silent
    assert said["run"].startswith("none; the last one ended at ")
    assert "done, exit code 0" in said["run"]
    assert (said["what to do"], "type" in said) == ("nothing ()", False)


def test_a_run_that_stopped_says_what_to_do_and_type(project: Project) -> None:
    ran(project, FINDING.format(name="one") + CLOSING)
    said = told(asked(project))
    assert "blocked, exit code 10" in said["run"]
    assert said["what to do"].startswith("Make it good, then.")
    assert "pytest runbook" in said["type"]


def test_a_run_that_gave_the_cluster_back_without_its_last_words_waits_for_a_person(
    project: Project,
) -> None:
    killed(project)
    path = project.cluster.root / "lock"
    path.write_text(path.read_text().replace("\nheld\n", "\nfree\n"))
    seen = asked(project)
    said = told(seen)
    assert not seen.is_well
    assert said["run"].startswith("none; the last one gave the cluster back without")
    assert (said["what to do"], "pytest" in said["type"]) == ("run the same again ()", True)


def test_what_is_changed_for_a_time_is_told(project: Project) -> None:
    """Whoever is called at night has to know that fencing may be off."""
    run = killed(project)
    (path,) = (project.cluster.root / "attempts").rglob(f"{run}.jsonl")
    lines = path.read_text().splitlines()
    intent = json.loads(lines[-1])
    entry = {"kind": "fencing", "subject": "cluster", "former": "on"}
    opens = json.dumps({**intent, "opens": [entry]}, ensure_ascii=False)
    path.write_text("\n".join([*lines[:-1], opens]) + "\n")
    assert "fencing of cluster" in told(asked(project))["changed for a time"]


def test_a_run_that_ended_as_asked_alarms_nobody_before_the_next_night(project: Project) -> None:
    project.release = replace(RELEASE, stages=STAGES, pauses=PAUSES, no_return="upgrade.run")
    project.steps(steps_of())
    project.run("--until", "update")
    seen = asked(project)
    said = told(seen)
    assert seen.is_well
    assert "stopped as asked, exit code 0" in said["run"]
    assert said["what to do"].startswith("nothing until the next night: ")
    assert "--until" not in said["type"]
    (path,) = (project.cluster.root / "attempts").rglob("*.jsonl")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(one for one in lines if '"event": "run-ended"' not in one))
    seen = asked(project)
    assert not seen.is_well
    assert told(seen)["what to do"].startswith("run the same again")


@pytest.mark.parametrize("text", ["", "7\n", "7\nwhat\n{}\n"])
def test_a_lock_that_can_not_be_read_is_not_taken_for_none(project: Project, text: str) -> None:
    ran(project)
    (project.cluster.root / "lock").write_text(text)
    seen = asked(project)
    assert not seen.is_well
    assert told(seen)["run"].startswith("NOT KNOWN: ")


def test_where_no_run_was_that_is_said(project: Project) -> None:
    said = told(asked(project))
    assert said["run"].startswith("none, and no attempt is on record")
    assert said["what to do"].startswith("nothing")


def test_only_n_is_asked_for_more_than_who_it_is_and_nothing_is_changed(project: Project) -> None:
    killed(project)
    asked(project)
    more = [(node, argv) for node, argv in project.cluster.asked if argv != WHO.argv]
    assert {node for node, _ in more} == {N}
    assert [argv[2] for _, argv in more] == [remote.READ.strip()]
    assert set(project.cluster.confirmed) == {N}


def test_another_node_that_does_not_answer_is_told(project: Project) -> None:
    project.cluster.answer[THIRD, WHO.argv] = unreachable(THIRD)
    assert "no route to host" in told(asked(project))[THIRD]


def test_without_n_it_is_an_error_that_says_the_way(project: Project) -> None:
    project.cluster.answer[N, WHO.argv] = unreachable(N)
    with pytest.raises(RunbookError, match=r"can't be asked: .*no route to host.*Bring it into"):
        asked(project)


def test_another_machine_is_asked_nothing_more(project: Project) -> None:
    project.cluster.answer[SECOND, WHO.argv] = who("elsewhere.example.test", cluster_file(3))
    with pytest.raises(RunbookError, match=r"not the machine that is meant: \[machine-mistaken"):
        asked(project)
    assert {argv for _, argv in project.cluster.asked} == {WHO.argv}


@pytest.mark.parametrize(
    "answer",
    [
        said(code=1, stderr="permission denied"),
        said("nonsense"),
        said("held x\n{}\n"),
        replace(said("none 0\n\n", code=3), truncated=True),
    ],
)
def test_records_that_can_not_be_read_are_an_error(project: Project, answer: Any) -> None:
    project.cluster.answer[N, remote.script(remote.READ, remote.ROOT)] = answer
    with pytest.raises(RunbookError):
        asked(project)


PROGRESS = {
    "goes on by itself": Progress(exists=True, alive=True, status=None, size=1),
    "ended by itself, exit status 0": Progress(exists=True, alive=False, status=0, size=1),
    "left no exit status": Progress(exists=True, alive=False, status=None, size=1),
    "nothing of it is there": Progress(exists=False, alive=False, status=None, size=0),
}


@pytest.mark.parametrize("words", PROGRESS)
def test_a_long_command_is_told_as_it_is_on_the_node(project: Project, words: str) -> None:
    killed(project)
    seen = replace(asked(project), commands={"neteye upgrade": PROGRESS[words]})
    assert words in told(seen)["on the cluster"]


@pytest.mark.parametrize(("ago", "run"), [(5, "this run"), (600, "the next run")])
def test_whose_a_long_command_is_depends_on_who_lives(
    project: Project, ago: float, run: str
) -> None:
    killed(project, ago)
    goes_on = {"neteye upgrade": PROGRESS["goes on by itself"]}
    seen = replace(asked(project), commands=goes_on)
    assert (
        told(seen)["on the cluster"] == f"neteye upgrade: it goes on by itself; {run} follows it ()"
    )


def test_an_open_command_is_looked_at_there(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = killed(project)
    (path,) = (project.cluster.root / "attempts").rglob(f"{run}.jsonl")
    text = path.read_text().replace('"detached": null', '"detached": "upgrade-1"')
    assert "upgrade-1" in text
    path.write_text(text)
    (attempt,) = (project.cluster.root / "attempts").iterdir()
    base = detached.directory(attempt.name, "upgrade-1")
    seen = asked(project)
    assert [what for what, one in seen.commands.items() if not one.exists] == ["set x"]
    assert any(base in " ".join(argv) for _, argv in project.cluster.asked)


def test_clocks_never_go_backwards(project: Project) -> None:
    """Whoever asks may have a clock that is behind."""
    killed(project)
    said = told(asked(project), NOW - timedelta(days=9000))
    assert "0:00:00 ago" in said["last line of its journal"]


# the command


@pytest.fixture
def opened(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """`python -m engine watch --on-node`, with these nodes behind the door."""

    def run(*arguments: str) -> int:
        project.cluster.forget()
        project.cluster.question = WHO.argv
        monkeypatch.setattr("engine.ask.door.open_door", lambda *_: project.cluster)
        file = str(project.path / "inventory.ini")
        return cli.main(["watch", "--on-node", "--inventory", file, *arguments])

    return run


def test_it_ends_with_1_when_the_run_is_silent(
    project: Project, opened: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    killed(project)
    capsys.readouterr()
    assert opened() == 1
    assert "run: SILENT" in capsys.readouterr().out
    held(project, 1)
    assert opened() == 0
    assert project.cluster.closed == 3  # of the run, and of both looks


def test_it_ends_with_1_when_the_last_run_waits_for_a_person(
    project: Project, opened: Callable[..., int]
) -> None:
    ran(project, FINDING.format(name="one") + CLOSING)
    assert opened() == 1
    ran(project)
    assert opened() == 0


def test_a_node_that_can_not_be_asked_is_1_and_a_sentence(
    project: Project, opened: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    project.cluster.answer[N, WHO.argv] = unreachable(N)
    assert opened() == 1
    assert capsys.readouterr().err.startswith("ERROR: the records of runs are on")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--on-node"], "--on-node needs --inventory FILE"),
        (["--on-node", "--inventory", "gone.ini"], "gone.ini: no such inventory"),
        (["reports/x", "--on-node", "--inventory", "x"], "reports/x with --on-node"),
        (["--inventory", "x"], "go with --on-node"),
        (["--step", "x"], "go with --on-node"),
    ],
)
def test_options_that_do_not_go_together(
    arguments: list[str],
    problem: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["watch", *arguments]) == 4
    said = capsys.readouterr().err
    assert said.startswith("ERROR: ")
    assert problem in said
    assert said.count("\n") == 1
