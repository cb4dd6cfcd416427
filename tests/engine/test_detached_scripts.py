"""Scripts of detached commands, run for real by `sh` in a directory of this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.act.detached import Progress, parse_progress
from engine.attempt import remote
from engine.attempt.detached_scripts import FOLLOW, START
from engine.model.answer import Answer
from tests.engine.kit import run_script
from tests.engine.pipes import let_go, writer_to


def until(condition: Callable[[], bool], what: str, deadline: float = 20.0) -> None:
    """Poll a fact of this machine; fails with what was waited for."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"not within {deadline} s: {what}"
        time.sleep(0.01)


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    """Directory of a command; what was started below it is ended afterwards."""
    root = root_of(tmp_path / "commands" / "upgrade-1")
    run_script(remote.script(remote.ACQUIRE, str(root), "60", ""), b"{}\n")
    base = tmp_path / "commands" / "upgrade-1"
    yield base
    if (base / "pid").exists():
        end_group(base)


def end_group(base: Path) -> None:
    """End the wrapper and its command: they are a session of their own."""
    try:
        os.killpg(int((base / "pid").read_text()), signal.SIGKILL)
    except ProcessLookupError:
        return


def root_of(base: Path) -> Path:
    return base.parents[1] / "with space" / "records"


def start_words(base: Path, *argv: str, token: str = "1") -> tuple[str, ...]:
    return remote.script(START, str(root_of(base)), token, str(base), *argv)


def start(base: Path, *argv: str, token: str = "1") -> Answer:
    return run_script(start_words(base, *argv, token=token))


def look(base: Path, offset: int = 0, most: int = 100_000) -> Progress:
    return parse_progress(run_script(remote.script(FOLLOW, str(base), str(offset), str(most))))


def ended(base: Path) -> Progress:
    until(lambda: look(base).has_ended, "an exit status")
    return look(base)


def test_exit_status_and_log_are_written(base: Path) -> None:
    assert start(base, "sh", "-c", "echo out; echo err >&2; exit 7").code == 0
    seen = ended(base)
    assert (seen.status, seen.is_interrupted) == (7, False)
    assert seen.chunk == b"out\nerr\n"
    assert seen.size == 8


def test_it_is_told_how_long_it_took_and_since_when_it_is_over(base: Path) -> None:
    start(base, "true")
    ended(base)
    hour, now = 3600, time.time()
    os.utime(base / "pid", (now, now - 2 * hour))
    os.utime(base / "status", (now, now - hour))
    seen = look(base)
    assert seen.took == pytest.approx(hour, abs=1)
    assert seen.ago == pytest.approx(hour, abs=60)


def test_a_command_is_started_once_only(base: Path) -> None:
    start(base, "sh", "-c", 'echo x >> "$1"', "sh", str(base.parent / "count"))
    ended(base)
    second = start(base, "sh", "-c", 'echo x >> "$1"', "sh", str(base.parent / "count"))
    assert second.code == remote.STARTED_BEFORE
    assert (base.parent / "count").read_text() == "x\n"
    assert look(base).status == 0


def test_of_two_starts_at_once_one_is_refused(base: Path) -> None:
    argv = start_words(base, "true")
    both = [subprocess.Popen(argv) for _ in range(2)]
    assert sorted(one.wait(timeout=30) for one in both) == [0, remote.STARTED_BEFORE]


def test_it_lives_on_when_the_one_who_started_it_is_gone(base: Path) -> None:
    fifo = base.parent / "go"
    base.parent.mkdir(parents=True)
    os.mkfifo(fifo)
    start(base, "sh", "-c", 'echo begun; cat "$1" > /dev/null; echo done', "sh", str(fifo))
    until(lambda: look(base).size > 0, "the first line")
    seen = look(base)
    assert (seen.alive, seen.status, seen.has_ended) == (True, None, False)
    let_go(fifo)
    assert ended(base).chunk == b"begun\ndone\n"


def test_a_killed_command_without_status_is_interrupted(base: Path) -> None:
    start(base, "sleep", "600")
    assert look(base).alive
    end_group(base)
    until(lambda: not look(base).alive, "the end of the wrapper")
    seen = look(base)
    assert (seen.exists, seen.status, seen.is_interrupted) == (True, None, True)


def test_a_killed_command_whose_wrapper_lives_has_a_status(base: Path) -> None:
    start(base, "sh", "-c", "kill -9 $$")
    assert ended(base).status == 128 + signal.SIGKILL


def test_another_process_with_the_old_pid_is_not_the_command(base: Path) -> None:
    start(base, "true")
    ended(base)
    (base / "status").unlink()
    (base / "pid").write_text(f"{os.getpid()}\n")
    assert look(base).is_interrupted
    (base / "pid").unlink()


def test_what_was_never_started_is_absent(base: Path) -> None:
    seen = look(base)
    assert (seen.exists, seen.alive, seen.status, seen.size) == (False, False, None, 0)
    assert not seen.is_interrupted


def test_the_log_is_read_from_an_offset_in_pieces(base: Path) -> None:
    start(base, "printf", "0123456789")
    ended(base)
    assert look(base, 0, 4).chunk == b"0123"
    assert look(base, 4, 100).chunk == b"456789"
    assert look(base, 10, 100).chunk == b""
    assert look(base, 3, 0).chunk == b""


def test_words_of_the_command_are_passed_on_untouched(base: Path) -> None:
    words = ["a b", "$HOME", "`id`", "'\"", "", "*"]
    start(base, "printf", "<%s>", *words)
    assert ended(base).chunk == "".join(f"<{word}>" for word in words).encode()


def test_a_command_that_is_not_there_ends_with_127(base: Path) -> None:
    start(base, "no-such-command-here")
    seen = ended(base)
    assert seen.status == 127
    assert b"no-such-command-here" in seen.chunk


def test_a_directory_that_can_not_be_made_is_not_started_before(base: Path) -> None:
    assert start(base.with_name("x" * 300), "true").code == 1


def test_under_another_generation_nothing_is_started(base: Path) -> None:
    words = remote.script(remote.ACQUIRE, str(root_of(base)), "60", "1")
    run_script(words, b'{"who": "other"}\n')
    refused = start(base, "touch", str(base.parent / "ran"))
    assert refused.code == remote.SUPERSEDED
    assert refused.text.splitlines()[2] == '{"who": "other"}'
    assert not base.exists()
    assert start(base, "true", token="2").code == 0


def test_a_start_that_was_cut_off_before_the_wrapper_is_begun_anew(base: Path) -> None:
    """The directory was made and the process killed: nothing ran, so nothing was interrupted."""
    left = base.with_name("upgrade-1.new.4711")
    left.mkdir(parents=True)
    (left / "nohup.out").touch()
    assert not look(base).exists
    assert start(base, "echo", "ran").code == 0
    assert ended(base).chunk == b"ran\n"
    assert sorted(path.name for path in base.parent.iterdir()) == ["upgrade-1"]


def test_a_wrapper_whose_place_was_taken_runs_nothing(base: Path) -> None:
    """Two starts, the first one slow: the command runs once."""
    count = base.parent / "count"
    slow = START.replace("setsid --fork sh -c '", "setsid --fork sh -c 'read -r _ < $GO;")
    assert slow != START
    base.parent.mkdir(parents=True)
    go = base.parent / "go"
    os.mkfifo(go)
    command = ("sh", "-c", 'echo x >> "$1"', "sh", str(count))
    words = remote.script(slow, str(root_of(base)), "1", str(base), *command)
    first = subprocess.Popen(words, env={**os.environ, "GO": str(go)})
    with writer_to(go) as late_wrapper:
        first.kill()  # as when its connection is lost; its wrapper waits
        first.wait()
        assert start(base, *command).code == 0
        ended(base)
        late_wrapper.write(b"go\n")
    until(lambda: not list(base.parent.glob("*.new*")), "the end of the late wrapper")
    assert count.read_text() == "x\n"


def test_a_command_whose_wrapper_was_killed_still_lives(base: Path) -> None:
    """Nothing else may be started while it runs."""
    fifo = base.parent / "go"
    base.parent.mkdir(parents=True)
    os.mkfifo(fifo)
    start(base, "sh", "-c", 'echo begun; cat "$1" > /dev/null', "sh", str(fifo))
    until(lambda: look(base).size > 0, "the first line")
    os.kill(int((base / "pid").read_text()), signal.SIGKILL)
    seen = look(base)
    assert (seen.alive, seen.is_interrupted) == (True, False)
    let_go(fifo)
    until(lambda: not look(base).alive, "the end of the command")
    assert look(base).is_interrupted


def test_a_node_started_anew_since_has_interrupted_it(base: Path) -> None:
    start(base, "sleep", "600")
    (base / "system").write_text("another start\n")
    seen = look(base)
    assert (seen.alive, seen.rebooted, seen.is_interrupted) == (False, True, True)


def test_the_command_has_the_usual_mask_of_new_files(base: Path) -> None:
    before = os.umask(0o022)
    try:
        start(base, "sh", "-c", "umask")
    finally:
        os.umask(before)
    assert ended(base).chunk == b"0022\n"
    assert base.stat().st_mode & 0o777 == 0o700
    assert (base / "nohup.out").stat().st_mode & 0o777 == 0o600


def test_the_command_has_the_language_of_a_fresh_login(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions run under LC_ALL=C; the vendor's command is run as somebody who logs in does."""
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    start(base, "sh", "-c", 'echo "${LC_ALL-none} $LANG"')
    assert ended(base).chunk == b"none en_US.UTF-8\n"


def shim(directory: Path, name: str, script: str) -> None:
    """A command of this name that does something else; `$REAL` is the one it stands for."""
    directory.mkdir(exist_ok=True)
    real = shutil.which(name)
    (directory / name).write_text(f"#!/bin/sh\nREAL={real}\n{script}\n")
    (directory / name).chmod(0o755)


def look_in(base: Path, path: Path) -> Progress | None:
    """A look with the commands of `path` before all others; None when it is no answer."""
    words = remote.script(FOLLOW, str(base), "0", "100000")
    environment = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}"}
    done = subprocess.run(words, capture_output=True, env=environment, check=False)
    try:
        seen = parse_progress(Answer(done.returncode, done.stdout, done.stderr, 0.0))
    except ValueError:
        return None
    return seen if done.returncode == 0 else None


HELPERS = ("cat", "cut", "date", "ps", "sed", "stat", "tail")
WAYS_TO_FAIL = ("kill -9 $$", "exit 126")


@pytest.mark.parametrize("helper", HELPERS)
@pytest.mark.parametrize("whose", ["the wrapper", "its command"])
def test_a_helper_that_fails_says_nothing_of_a_living_command(
    base: Path, tmp_path: Path, whose: str, helper: str
) -> None:
    """A node short of memory: neither interrupted nor rebooted."""
    start(base, "sleep", "600")
    if whose == "its command":
        until(lambda: b"sleep" in commands_of(base), "the command")
        wrapper = (base / "pid").read_text().strip()
        os.kill(int(wrapper), signal.SIGKILL)
        until(lambda: not Path("/proc", wrapper).exists(), "the end of the wrapper")
    for way in WAYS_TO_FAIL:
        shim(tmp_path / "bin", helper, way)
        seen = look_in(base, tmp_path / "bin")
        assert seen is None or (seen.alive and not seen.rebooted and not seen.is_interrupted)
    assert look(base).alive


def commands_of(base: Path) -> bytes:
    """The command lines of the session."""
    pid = (base / "pid").read_text().strip()
    return subprocess.run(["ps", "-o", "args=", "-s", pid], capture_output=True, check=False).stdout


@pytest.mark.parametrize("helper", HELPERS)
def test_a_helper_that_fails_hides_no_exit_status(base: Path, tmp_path: Path, helper: str) -> None:
    start(base, "sh", "-c", "exit 7")
    ended(base)
    for way in WAYS_TO_FAIL:
        shim(tmp_path / "bin", helper, way)
        seen = look_in(base, tmp_path / "bin")
        assert seen is None or seen.status == 7


@pytest.mark.parametrize("helper", ["cut", "cat"])
def test_a_helper_that_fails_at_the_start_makes_no_record_of_another_start_of_the_node(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, helper: str
) -> None:
    with monkeypatch.context() as patched:
        shim(tmp_path / "bin", helper, WAYS_TO_FAIL[0])
        patched.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        start(base, "sleep", "600")
    assert not look(base).is_interrupted


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB; needs root."""
    place = tmp_path / "small"
    place.mkdir()
    size = ("-o", "size=1m,nr_inodes=64")
    if subprocess.run(["mount", "-t", "tmpfs", *size, "none", place], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(place: Path) -> None:
    """Not a byte is left."""
    with (place / "full").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def test_on_a_full_disk_nothing_is_started_and_it_is_said(base: Path, small_disk: Path) -> None:
    there = small_disk / "upgrade-1"
    base.parent.mkdir(parents=True)
    fill(small_disk)
    words = remote.script(
        START,
        str(root_of(base)),
        "1",
        str(there),
        "touch",
        str(base.parent / "ran"),
    )
    refused = run_script(words)
    assert refused.code not in (0, remote.STARTED_BEFORE, remote.SUPERSEDED)
    assert "100% " in refused.errors  # what df says of the file system
    assert not look(there).exists
    (small_disk / "full").unlink()
    assert run_script(words).code == 0
    until(lambda: look(there).has_ended, "an exit status")
    assert (base.parent / "ran").exists()


def test_a_disk_that_fills_up_while_it_runs_loses_no_exit_status(
    base: Path, small_disk: Path
) -> None:
    there = small_disk / "upgrade-1"
    go = base.parent / "go"
    base.parent.mkdir(parents=True)
    os.mkfifo(go)
    script = 'echo begun; cat "$1" > /dev/null; exit 7'
    command = ("sh", "-c", script, "sh", str(go))
    run_script(remote.script(START, str(root_of(base)), "1", str(there), *command))
    until(lambda: look(there).size > 0, "the first line")
    fill(small_disk)
    let_go(go)
    until(lambda: look(there).has_ended, "an exit status")
    assert look(there).status == 7


def test_a_lease_is_renewed_on_a_full_disk(small_disk: Path) -> None:
    root = small_disk / "records"
    run_script(remote.script(remote.ACQUIRE, str(root), "60", ""), b"{}\n")
    os.utime(root / "lock", (0, 0))
    fill(small_disk)
    assert run_script(remote.script(remote.RENEW, str(root), "1")).code == 0
    assert (root / "lock").stat().st_mtime > 0
