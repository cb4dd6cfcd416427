"""A second run on the same machine: refused before a node is asked; a plan is not refused."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.attempt.lock import MachineLock
from engine.attempt.records import RecordsWriter
from engine.record.directory import give_latest_back, latest_in, open_directory
from tests.plugin.kit import CHANGE, N, Project, assert_ended

pytest_plugins = "pytester"

OTHER = {"who": "B. Bianchi", "host": "desk", "run": "R2", "since": "2026-11-01", "pid": "4711"}


@pytest.fixture
def held(project: Project) -> Iterator[Project]:
    lock = MachineLock("neteye.example.test", OTHER)
    lock.take()
    project.steps(CHANGE)
    yield project
    lock.give_back()


def test_the_second_run_is_13_and_asks_no_node(held: Project) -> None:
    result = held.run()
    assert_ended(held, result, 13, "locked")
    result.stdout.fnmatch_lines(
        [
            "*held by another run (who B. Bianchi, host desk, run R2, since 2026-11-01, pid 4711)"
            " on this machine",
            "What to do: Leave it to that run: watch it (python -m engine watch), and wait*"
            "Only if nobody wants it any more: kill 4711 ends it*",
        ]
    )
    assert held.cluster.asked == []


@pytest.mark.parametrize("where", ["this machine", "N"])
def test_a_run_that_is_kept_out_leaves_latest_to_the_one_at_work(
    project: Project, where: str
) -> None:
    """Whoever looks on goes by `reports/latest`, and saw the refused one there."""
    project.steps(CHANGE)
    assert project.run().ret == 0
    at_work = project.latest
    lock = MachineLock("neteye.example.test", OTHER)
    if where == "N":
        RecordsWriter(project.cluster, N, {**OTHER, "host": "another"}).acquire()
    else:
        lock.take()
    assert project.run().ret == 13
    lock.give_back()
    assert project.latest == at_work
    assert sorted(path.name for path in (project.path / "reports").glob(".*")) == []


def test_what_latest_points_to_meanwhile_stays(tmp_path: Path) -> None:
    open_directory(tmp_path, "R1")
    open_directory(tmp_path, "R3")
    give_latest_back(tmp_path / "R2", "R1")
    assert latest_in(tmp_path) == "R3"


def test_a_plan_is_not_refused_and_holds_nothing(held: Project) -> None:
    assert held.run("--plan").ret == 0
    assert held.cluster.asked


def test_it_is_free_again_when_a_run_has_ended(project: Project) -> None:
    project.steps(CHANGE)
    assert project.run().ret == 0
    lock = MachineLock("neteye.example.test", OTHER)
    lock.take()
    lock.give_back()


def test_a_lock_that_can_not_be_written_is_about_this_machine(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.attempt.lock.os.pwrite", full)
    project.steps(CHANGE)
    result = project.run()
    assert_ended(project, result, 4, "usage")
    result.stdout.fnmatch_lines(["usage: *can't be written: No space left on device*"])
    assert project.cluster.asked == []
