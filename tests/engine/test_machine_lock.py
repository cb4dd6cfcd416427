"""The lock on this machine: between processes, users, directories; gone with its process."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.attempt import lock as machine_lock
from engine.attempt.lock import MachineLock
from engine.attempt.records import LockHeld
from engine.errors import RunbookError

CLUSTER = "neteye.example.test"
HOLDER = {"who": "A. Rossi", "host": "desk", "pid": "1", "run": "R1", "since": "today"}
OTHER = {"who": "B. Bianchi", "host": "desk", "pid": "2", "run": "R2", "since": "now"}
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tmp_path.chmod(0o1777)
    monkeypatch.setattr(machine_lock, "DIRECTORY", tmp_path)
    return tmp_path


def lock(holder: dict[str, str] | None = None, cluster: str = CLUSTER) -> MachineLock:
    return MachineLock(cluster, holder or HOLDER)


def test_the_second_one_is_told_who_has_it() -> None:
    first = lock()
    first.take()
    with pytest.raises(LockHeld, match=r"who A\. Rossi, host desk, run R1, since today, pid 1"):
        lock(OTHER).take()
    first.give_back()
    second = lock(OTHER)
    second.take()
    assert json.loads(second.path.read_text()) == OTHER
    second.give_back()
    second.give_back()


def test_clusters_do_not_disturb_each_other() -> None:
    one, other = lock(), lock(cluster="another.example.test")
    one.take()
    other.take()
    one.give_back()
    other.give_back()


def test_a_shorter_holder_leaves_nothing_of_a_longer_one() -> None:
    first = lock({**HOLDER, "run": "R" * 300})
    first.take()
    first.give_back()
    second = lock(OTHER)
    second.take()
    assert json.loads(second.path.read_text()) == OTHER
    second.give_back()


def test_every_user_may_take_it(place: Path) -> None:
    before = os.umask(0o077)
    try:
        made = lock()
        made.take()
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o666
    made.give_back()


PROGRAM = """
import sys
from pathlib import Path
from engine.attempt import lock as machine_lock
machine_lock.DIRECTORY = Path(sys.argv[1])
lock = machine_lock.MachineLock(sys.argv[2], {"who": "child", "run": "R9"})
try:
    lock.take()
except machine_lock.LockHeld as held:
    print(held, flush=True)
    sys.exit(13)
print("taken", flush=True)
sys.stdin.read()
"""


def child(place: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(place), CLUSTER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holding(place: Path) -> Iterator[subprocess.Popen[str]]:
    process = child(place)
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    yield process
    process.kill()
    process.communicate()


def test_another_process_has_it(holding: subprocess.Popen[str]) -> None:
    with pytest.raises(LockHeld, match="who child, run R9"):
        lock().take()


def test_it_is_gone_with_a_process_that_was_killed(holding: subprocess.Popen[str]) -> None:
    os.kill(holding.pid, signal.SIGKILL)
    holding.wait()
    mine = lock()
    mine.take()
    mine.give_back()


def test_a_process_that_is_stopped_still_has_it(holding: subprocess.Popen[str]) -> None:
    os.kill(holding.pid, signal.SIGSTOP)
    with pytest.raises(LockHeld):
        lock().take()


def test_of_many_at_once_one_gets_it(place: Path) -> None:
    many = [child(place) for _ in range(4)]
    words = [process.stdout.readline() for process in many if process.stdout]
    for process in many:
        process.communicate()
    assert sorted(word == "taken\n" for word in words) == [False, False, False, True]


def test_a_holder_that_can_not_be_read_is_unknown(holding: subprocess.Popen[str]) -> None:
    lock().path.write_bytes(b"\xff{torn")
    with pytest.raises(LockHeld, match="unknown"):
        lock().take()


def test_a_full_disk_is_said_and_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(machine_lock.os, "pwrite", full)
        with pytest.raises(RunbookError, match="can't be written: No space left on device"):
            lock().take()
    with lock().path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_who_removes_the_file_makes_no_second_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening and locking: what was locked is not the file that others find."""
    plain, made = MachineLock._open, []

    def opened(self: MachineLock) -> int:
        file = plain(self)
        if not made:
            made.append(self.path.unlink())
        return file

    monkeypatch.setattr(MachineLock, "_open", opened)
    first = lock()
    first.take()
    with pytest.raises(LockHeld):
        lock(OTHER).take()
    first.give_back()


def odd(path: Path, what: str) -> None:
    if what == "link":
        path.symlink_to(path.with_name("elsewhere"))
    elif what == "second name":
        path.with_name("elsewhere").write_text("precious")
        os.link(path.with_name("elsewhere"), path)
    elif what == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)


@pytest.mark.parametrize("what", ["link", "second name", "directory", "pipe"])
def test_what_somebody_else_put_there_is_not_written_to(place: Path, what: str) -> None:
    odd(lock().path, what)
    with pytest.raises(RunbookError, match=r"neteye-runbook-neteye\.example\.test\.lock.*Remove"):
        lock().take()
    elsewhere = place / "elsewhere"
    assert (elsewhere.read_text() if what == "second name" else elsewhere.exists()) in (
        "precious",
        False,
    )


def test_a_name_is_safe_as_a_file_name() -> None:
    made = MachineLock("../Net Eye/\x00x" + "y" * 300, HOLDER)
    assert made.path.parent == machine_lock.DIRECTORY
    assert len(made.path.name) < 150
    made.take()
    made.give_back()
