"""The lock on N for the time of a run: whose it was, who is gone, who is not; a lost one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.attempt import lock as locks
from engine.attempt import records as leases
from engine.attempt.lock import ClusterLock, holder, is_gone, take_machine_lock
from engine.attempt.records import RecordsWriter
from engine.model.ending import Ending
from engine.record.run import Run
from engine.waiting import boottime
from tests.engine import kit


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return kit.make_run(tmp_path)


@pytest.fixture
def node(tmp_path: Path) -> kit.Node:
    return kit.Node(tmp_path / "records")


def lock_of(of: Run, node: kit.Node, /, **changes: str) -> tuple[ClusterLock, RecordsWriter]:
    records = RecordsWriter(node, kit.N, {**holder(of), **changes})
    return ClusterLock(of, records), records


def expire(node: kit.Node) -> None:
    old = boottime() - leases.LEASE - 5
    os.utime(node.root / "lock", (old, old))


def notes(run: Run) -> list[str]:
    return [event["text"] for event in run.journal.events if event["event"] == "note"]


def test_the_holder_is_this_process(run: Run) -> None:
    mine = holder(run)
    assert mine["pid"] == str(os.getpid())
    assert not is_gone(mine)


def test_the_holder_tells_the_lease_of_the_inventory(run: Run) -> None:
    assert "lease" not in holder(run)
    settings = replace(run.inventory.settings, lease_seconds=15)
    run.inventory = replace(run.inventory, settings=settings)
    assert holder(run)["lease"] == "15"


def test_the_holder_has_the_name_of_who_runs_it(run: Run, node: kit.Node) -> None:
    assert "by" not in holder(run)
    run.by = 'A. "Tony" Rossi'
    lock, _ = lock_of(run, node, lease="15")
    assert lock.take()
    lock_of_other, _ = lock_of(run, node, host="elsewhere")
    assert not lock_of_other.take()
    assert run.stop is not None
    assert ', by A. "Tony" Rossi, host ' in run.stop.reason
    assert "for 15 s may be taken over" in run.stop.what_to_do


GONE = {
    "no such process": {"pid": str(2**22 + 1)},
    "another process with its pid": {"process": "1"},
    "no pid at all": {"pid": "?"},
}
NOT_KNOWN = {
    "another machine": {"host": "another"},
    "another start of this machine": {"boot": "another"},
    "a container of this machine": {"processes": "pid:[1]", "pid": str(2**22 + 1)},
}


@pytest.mark.parametrize("what", GONE)
def test_a_process_of_this_machine_that_is_gone(run: Run, what: str) -> None:
    assert is_gone({**holder(run), **GONE[what]})


@pytest.mark.parametrize("what", NOT_KNOWN)
def test_what_can_not_be_seen_from_here_is_not_gone(run: Run, what: str) -> None:
    assert not is_gone({**holder(run), **NOT_KNOWN[what]})


def test_a_process_that_ended_and_was_not_waited_for_is_gone(run: Run) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.read()  # it has ended, and is a zombie
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone({**holder(run), "pid": str(process.pid)})
    finally:
        process.communicate()


def test_a_holder_that_is_gone_is_named_when_its_lock_is_taken_over(
    run: Run, node: kit.Node
) -> None:
    _, former = lock_of(run, node, pid=str(2**22 + 1), who="B. Bianchi", run="R1")
    former.acquire()
    lock, records = lock_of(run, node)
    assert lock.take()
    (note,) = notes(run)
    assert "who B. Bianchi" in note
    assert "run R1" in note
    assert "its process is not there any more" in note
    assert lock.taken_over == note
    assert records.token == "2"
    lock.give_back()


def test_a_lease_that_nobody_renewed_is_taken_over_with_its_age(run: Run, node: kit.Node) -> None:
    _, former = lock_of(run, node, host="another", run="R1")
    former.acquire()
    expire(node)
    lock, _ = lock_of(run, node)
    assert lock.take()
    assert "host another, run R1" in notes(run)[0]
    assert "nobody had renewed it for 6" in notes(run)[0]
    lock.give_back()


def test_a_lock_that_is_free_makes_no_note(run: Run, node: kit.Node) -> None:
    lock, _ = lock_of(run, node)
    assert lock.take()
    assert (lock.taken_over, notes(run)) == ("", [])
    lock.give_back()


def test_a_held_one_stops_with_13_and_says_how_long_it_was_silent(run: Run, node: kit.Node) -> None:
    lock_of(run, node, host="another")[1].acquire()
    recently = boottime() - 40
    os.utime(node.root / "lock", (recently, recently))
    lock, _ = lock_of(run, node)
    assert not lock.take()
    assert run.stop is not None
    assert run.stop.ending is Ending.LOCKED
    assert "host another" in run.stop.reason
    assert "last heard of 4" in run.stop.reason


def test_a_lease_that_is_lost_stops_the_run_and_names_the_new_holder(
    run: Run, node: kit.Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE", 0.03)
    lock, records = lock_of(run, node)
    records.acquire()
    RecordsWriter(node, kit.N, {"who": "B. Bianchi"}).acquire(over="1")
    lock._keep_lease()
    assert run.stop is not None
    assert run.stop.ending is Ending.LOCKED
    assert "took the cluster over (who B. Bianchi)" in run.stop.reason


def test_the_lock_here_stops_a_second_run_with_13(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.attempt.lock.DIRECTORY", tmp_path)
    first = locks.take_machine_lock(run)
    assert first is not None
    (tmp_path / "second").mkdir()
    second = kit.make_run(tmp_path / "second")
    assert take_machine_lock(second) is None
    assert second.stop is not None
    assert second.stop.ending is Ending.LOCKED
    assert f"run {run.run_id}" in second.stop.reason
    assert f"kill {os.getpid()}" in second.stop.what_to_do
    first.give_back()


def test_a_lock_here_that_can_not_be_made_is_no_lock(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.attempt.lock.DIRECTORY", tmp_path / "nowhere")
    assert take_machine_lock(run) is None
    assert run.stop is not None
    assert run.stop.ending is Ending.USAGE


def test_a_machine_that_is_short_of_files_for_a_moment_keeps_its_lease(
    run: Run, node: kit.Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE", 0.03)
    lock, records = lock_of(run, node)
    short = [OSError(24, "Too many open files")]

    def renew() -> None:
        if short:
            raise short.pop()
        lock._ended.set()

    monkeypatch.setattr(records, "renew", renew)
    lock._keep_lease()
    assert lock._ended.is_set()
