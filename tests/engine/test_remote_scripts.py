"""The record scripts of N, run for real by `sh` in a directory of this machine."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import remote
from engine.detached import Progress, parse_progress
from engine.transport.base import Answer
from tests.engine.kit import run_script

LEASE = "60"


def until(condition: Callable[[], bool], what: str, deadline: float = 20.0) -> None:
    """Poll a fact of this machine; fails with what was waited for."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"not within {deadline} s: {what}"
        time.sleep(0.01)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "with space" / "records"


def acquire(root: Path, over: str = "", holder: str = '{"who": "me"}') -> Answer:
    argv = remote.script(remote.ACQUIRE, str(root), LEASE, over)
    return run_script(argv, f"{holder}\n".encode())


def on(root: Path, source: str, *arguments: str, stdin: bytes = b"") -> Answer:
    if source in (remote.APPEND, remote.REPLACE):
        arguments = (*arguments, str(len(stdin)))
    return run_script(remote.script(source, str(root), *arguments), stdin)


def expire(root: Path) -> None:
    old = time.time() - 3600
    os.utime(root / "lock", (old, old))


# --- the lock


def test_the_first_one_gets_the_lock_and_its_generation(root: Path) -> None:
    assert acquire(root).text == "1 free\n"
    assert (root / "lock").read_text() == '1\nheld\n{"who": "me"}\n'
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / "lock").stat().st_mode & 0o777 == 0o600


def test_a_held_lock_is_refused_with_its_holder(root: Path) -> None:
    acquire(root)
    refused = acquire(root, holder='{"who": "other"}')
    assert refused.code == remote.HELD
    assert refused.text == '1\nheld\n{"who": "me"}\n'
    assert (root / "lock").read_text() == '1\nheld\n{"who": "me"}\n'


def test_of_many_at_once_exactly_one_gets_it(root: Path) -> None:
    argv = remote.script(remote.ACQUIRE, str(root), LEASE, "")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    many = [subprocess.Popen(argv, **pipes) for _ in range(6)]  # type: ignore[call-overload]
    for number, one in enumerate(many):
        one.stdin.write(b'{"who": "%d"}\n' % number)
        one.stdin.close()
    codes = [one.wait(timeout=30) for one in many]
    for one in many:
        one.stdout.close()
        one.stderr.close()
    assert sorted(codes) == [0, *[remote.HELD] * 5]
    winner = codes.index(0)
    assert (root / "lock").read_text() == f'1\nheld\n{{"who": "{winner}"}}\n'


def test_an_expired_lease_is_taken_over_with_a_newer_generation(root: Path) -> None:
    acquire(root)
    expire(root)
    assert acquire(root, holder='{"who": "next"}').text == "2 held\n"
    assert (root / "lock").read_text() == '2\nheld\n{"who": "next"}\n'


def test_a_renewed_lease_is_not_taken_over(root: Path) -> None:
    acquire(root)
    expire(root)
    assert on(root, remote.RENEW, "1").code == 0
    assert acquire(root).code == remote.HELD


def test_a_holder_known_to_be_gone_is_taken_over_by_its_generation_only(root: Path) -> None:
    acquire(root)
    assert acquire(root, over="7").code == remote.HELD
    assert acquire(root, over="1").text == "2 held\n"
    assert acquire(root, over="1").code == remote.HELD


def test_a_lock_given_back_is_free_at_once(root: Path) -> None:
    acquire(root)
    assert on(root, remote.RELEASE, "1").code == 0
    assert (root / "lock").read_text() == "1\nfree\n"
    assert acquire(root).text == "2 free\n"


WRITES = {
    "renew": (remote.RENEW, ()),
    "release": (remote.RELEASE, ()),
    "append": (remote.APPEND, ("journal",)),
    "replace": (remote.REPLACE, ("attempt",)),
}


@pytest.mark.parametrize("name", WRITES)
def test_the_one_who_was_superseded_writes_nothing_more(root: Path, name: str) -> None:
    source, files = WRITES[name]
    acquire(root)
    acquire(root, over="1")
    before = (root / "lock").read_text()
    assert on(root, source, "1", *files, stdin=b"late\n").code == remote.SUPERSEDED
    assert (root / "lock").read_text() == before
    assert not any((root / file).exists() for file in files)


@pytest.mark.parametrize("name", WRITES)
def test_nobody_waits_for_ever_for_the_lock_file(root: Path, name: str) -> None:
    source, files = WRITES[name]
    acquire(root)
    with (root / ".flock").open() as held:
        subprocess.run(["flock", "-x", str(held.fileno())], pass_fds=[held.fileno()], check=True)
        impatient = source.replace("flock -w 20", "flock -w 0")
        assert impatient != source
        assert on(root, impatient, "1", *files).code == remote.BUSY


# --- the files


def test_appended_lines_stand_one_after_the_other(root: Path) -> None:
    acquire(root)
    file = "attempts/A/journal/R.jsonl"
    assert on(root, remote.APPEND, "1", file, stdin=b"one\n").code == 0
    assert on(root, remote.APPEND, "1", file, stdin=b"two\nthree\n").code == 0
    assert (root / file).read_text() == "one\ntwo\nthree\n"
    assert (root / file).stat().st_mode & 0o777 == 0o600


def test_writing_renews_the_lease(root: Path) -> None:
    acquire(root)
    expire(root)
    on(root, remote.APPEND, "1", "file", stdin=b"one\n")
    assert time.time() - (root / "lock").stat().st_mtime < 60


def test_a_replaced_file_is_whole(root: Path) -> None:
    acquire(root)
    on(root, remote.REPLACE, "1", "attempt", stdin=b"a long former text\n")
    on(root, remote.REPLACE, "1", "attempt", stdin=b"B\n")
    assert (root / "attempt").read_text() == "B\n"
    assert sorted(p.name for p in root.iterdir()) == [".flock", "attempt", "lock"]


def test_an_archive_has_the_current_attempt_without_bulk(root: Path) -> None:
    acquire(root)
    for file in ("attempts/A/journal/R.jsonl", "attempts/A/backups/big", "attempts/OLD/x"):
        on(root, remote.APPEND, "1", file, stdin=b"text\n")
    on(root, remote.APPEND, "1", "attempts/A/commands/c/nohup.out", stdin=b"log\n")
    on(root, remote.REPLACE, "1", "attempt", stdin=b"A\n")
    answer = on(root, remote.READ)
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as archive:
        files = sorted(member.name for member in archive if member.isfile())
    assert files == ["attempt", "attempts/A/journal/R.jsonl"]


def test_no_records_are_told_from_unreadable_ones(root: Path) -> None:
    assert on(root, remote.READ).code == remote.NO_RECORDS
    acquire(root)
    assert on(root, remote.READ).code == remote.NO_RECORDS
    on(root, remote.REPLACE, "1", "attempt", stdin=b"gone\n")
    assert on(root, remote.READ).code not in (0, remote.NO_RECORDS)


def test_hostile_arguments_are_data(root: Path) -> None:
    hostile = "x'; touch pwned; $(touch pwned) `touch pwned`"
    acquire(root)
    on(root, remote.REPLACE, "1", hostile, stdin=b"B\n")
    assert (root / hostile).read_text() == "B\n"
    assert not list(root.rglob("pwned"))


# --- detached commands


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Path]:
    """Directory of a command; what was started below it is ended afterwards."""
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


def start(base: Path, *argv: str) -> Answer:
    return run_script(remote.script(remote.START, str(base), *argv))


def look(base: Path, offset: int = 0, most: int = 100_000) -> Progress:
    return parse_progress(
        run_script(remote.script(remote.FOLLOW, str(base), str(offset), str(most)))
    )


def ended(base: Path) -> Progress:
    until(lambda: look(base).has_ended, "an exit status")
    return look(base)


def test_exit_status_and_log_are_written(base: Path) -> None:
    assert start(base, "sh", "-c", "echo out; echo err >&2; exit 7").code == 0
    seen = ended(base)
    assert (seen.status, seen.is_interrupted) == (7, False)
    assert seen.chunk == b"out\nerr\n"
    assert seen.size == 8


def test_a_command_is_started_once_only(base: Path) -> None:
    start(base, "sh", "-c", 'echo x >> "$1"', "sh", str(base.parent / "count"))
    ended(base)
    second = start(base, "sh", "-c", 'echo x >> "$1"', "sh", str(base.parent / "count"))
    assert second.code == remote.STARTED_BEFORE
    assert (base.parent / "count").read_text() == "x\n"
    assert look(base).status == 0


def test_of_two_starts_at_once_one_is_refused(base: Path) -> None:
    argv = remote.script(remote.START, str(base), "true")
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
    fifo.write_text("go")
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


def test_a_directory_that_can_not_be_made_is_not_started_before(tmp_path: Path) -> None:
    assert start(tmp_path / ("x" * 300), "true").code not in (0, remote.STARTED_BEFORE)
