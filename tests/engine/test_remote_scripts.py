"""The record scripts of N, run for real by `sh` in a directory of this machine."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.attempt import detached_scripts, remote
from engine.attempt.fencing_token import Boot, boot_query, was_held_back
from engine.model.answer import Answer
from tests.engine.kit import run_script

LEASE = "60"


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


def said_by(answer: Answer) -> list[str]:
    """Generation, former state, age of the former lease."""
    return answer.text.splitlines()[0].split()[:3]


def uptime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def renewed_at(root: Path, seconds: float) -> None:
    """The lock as if it had been renewed at that uptime."""
    os.utime(root / "lock", (seconds, seconds))


def expire(root: Path) -> None:
    renewed_at(root, uptime() - 100)


# --- the lock


def test_the_first_one_gets_the_lock_and_its_generation(root: Path) -> None:
    assert said_by(acquire(root)) == ["1", "free", "0"]
    assert (root / "lock").read_text() == '1\nheld\n{"who": "me"}\n'
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / "lock").stat().st_mode & 0o777 == 0o600


def test_a_held_lock_is_refused_with_its_holder(root: Path) -> None:
    acquire(root)
    refused = acquire(root, holder='{"who": "other"}')
    assert refused.code == remote.HELD
    told = re.fullmatch(r'1\nheld\n\{"who": "me"\}\n(\d+)\n', refused.text)
    assert told, refused.text
    assert int(told[1]) < int(LEASE)
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


@pytest.mark.parametrize(
    ("told", "seconds", "code"),
    [
        (', "lease": "3600"', 600, remote.HELD),
        (', "lease": "15"', 17, 0),
        ("", 17, remote.HELD),
        (', "lease": "x"', 17, remote.HELD),
        (', "run": "\\"lease\\": \\"15\\""', 17, remote.HELD),
    ],
)
def test_the_lease_is_that_of_who_holds_the_lock(
    root: Path, told: str, seconds: int, code: int
) -> None:
    acquire(root, holder=f'{{"who": "me"{told}}}')
    renewed_at(root, uptime() - seconds)
    assert acquire(root, holder='{"who": "next", "lease": "60"}').code == code


def test_an_expired_lease_is_taken_over_with_a_newer_generation(root: Path) -> None:
    acquire(root)
    expire(root)
    taken = acquire(root, holder='{"who": "next"}')
    assert said_by(taken)[:2] == ["2", "held"]
    assert int(said_by(taken)[2]) >= int(LEASE)
    assert taken.text.splitlines()[1] == '{"who": "me"}'
    assert (root / "lock").read_text() == '2\nheld\n{"who": "next"}\n'


def test_a_renewed_lease_is_not_taken_over(root: Path) -> None:
    acquire(root)
    expire(root)
    assert on(root, remote.RENEW, "1").code == 0
    assert acquire(root).code == remote.HELD


def test_a_holder_known_to_be_gone_is_taken_over_by_its_generation_only(root: Path) -> None:
    acquire(root)
    assert acquire(root, over="7").code == remote.HELD
    assert said_by(acquire(root, over="1"))[:2] == ["2", "held"]
    assert acquire(root, over="1").code == remote.HELD


def test_a_lock_given_back_is_free_at_once(root: Path) -> None:
    acquire(root)
    assert on(root, remote.RELEASE, "1").code == 0
    assert (root / "lock").read_text() == "1\nfree\n"
    assert said_by(acquire(root))[:2] == ["2", "free"]


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
    assert uptime() - (root / "lock").stat().st_mtime < 50


def test_a_stamp_of_before_a_reboot_counts_from_the_start_of_the_node(root: Path) -> None:
    """Uptime began anew: who holds the lock has one lease from then on, and not for ever."""
    acquire(root)
    renewed_at(root, uptime() + 1_000_000)
    taken = acquire(root)
    expected = remote.HELD if uptime() < int(LEASE) else 0
    assert taken.code == expected
    assert int(said_by(taken)[2]) <= uptime()


@pytest.mark.parametrize("clock", ["1971-01-01", "2099-01-01"])
def test_the_wall_clock_of_the_node_makes_no_difference(root: Path, clock: str) -> None:
    """A `date` that tells another time, before and after: the lease is as old as it is."""
    acquire(root)
    shifted = remote.ACQUIRE.replace("set -eu", f"set -eu\ndate() {{ command date -d {clock}; }}")
    taken = run_script(remote.script(shifted, str(root), LEASE, ""), b"{}\n")
    assert taken.code == remote.HELD
    assert 0 <= int(taken.text.splitlines()[3]) < 50


def gate(root: Path, *command: str, token: str = "1") -> Answer:
    words = remote.script(remote.GUARD, str(root), token)
    return run_script((*words, *command), b"input")


def test_a_change_on_n_runs_under_its_own_generation(root: Path) -> None:
    acquire(root)
    seen = gate(root, "sh", "-c", 'cat; echo "<$1>"; exit 75', "sh", "a  b")
    assert (seen.text, seen.code, seen.errors) == ("input<a  b>\n", 75, "")


@pytest.mark.parametrize("how", ["taken over", "lock gone", "busy"])
def test_a_change_on_n_is_held_back(root: Path, tmp_path: Path, how: str) -> None:
    acquire(root)
    ran = tmp_path / "ran"
    if how == "busy":
        with (root / ".flock").open() as held:
            subprocess.run(["flock", str(held.fileno())], pass_fds=[held.fileno()], check=True)
            words = remote.script(remote.GUARD.replace("-w 20", "-w 0"), str(root), "1")
            seen = run_script((*words, "touch", str(ran)))
    else:
        if how == "taken over":
            acquire(root, over="1", holder='{"who": "other"}')
        else:
            (root / ".flock").unlink()
        seen = gate(root, "touch", str(ran))
    assert seen.code in (remote.SUPERSEDED, remote.BUSY)
    assert seen.errors.startswith(remote.NOT_STARTED)
    assert was_held_back(seen)
    assert not ran.exists()
    if how == "taken over":
        assert '"who": "other"' in seen.errors


def test_the_command_behind_the_gate_does_not_hold_the_lock_file(root: Path) -> None:
    acquire(root)
    script = 'flock -n "$1" true'
    assert gate(root, "sh", "-c", script, "sh", str(root / ".flock")).code == 0


def system() -> Boot:
    return boot_query().parse(run_script(remote.script(remote.BOOT)))


@pytest.mark.parametrize(
    ("left", "id_", "runs"), [(5, "", True), (-1, "", False), (5, "another start", False)]
)
def test_a_change_elsewhere_runs_within_the_lease_and_on_the_same_start(
    tmp_path: Path, left: int, id_: str, runs: bool
) -> None:
    now, ran = system(), tmp_path / "ran"
    words = remote.script(remote.GUARD_ELSEWHERE, str(now.uptime + left), id_ or now.id)
    seen = run_script((*words, "touch", str(ran)))
    assert ran.exists() is runs
    assert was_held_back(seen) is not runs


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
    with tarfile.open(fileobj=io.BytesIO(answer.stdout.split(b"\n", 2)[2])) as archive:
        files = sorted(member.name for member in archive if member.isfile())
    assert files == ["attempt", "attempts/A/journal/R.jsonl", "attempts/A/runs"]


@pytest.mark.parametrize("attempt", ["20261101T000000Z-neteye.new.example-ab12", "x.new.y"])
def test_a_cluster_of_any_name_is_in_the_archive(root: Path, attempt: str) -> None:
    """Only what a start that was cut off left among the commands is no record."""
    acquire(root)
    for name in ("upgrade-1", "upgrade-1.new.4711", "upgrade-1.new.gone"):
        on(root, remote.APPEND, "1", f"attempts/{attempt}/commands/{name}/pid", stdin=b"1\n")
    on(root, remote.REPLACE, "1", f"attempts/{attempt}/baseline.json", stdin=b"{}")
    on(root, remote.REPLACE, "1", "attempt", stdin=f"{attempt}\n".encode())
    answer = on(root, remote.READ)
    with tarfile.open(fileobj=io.BytesIO(answer.stdout.split(b"\n", 2)[2])) as archive:
        files = sorted(member.name for member in archive if member.isfile())
    base = f"attempts/{attempt}"
    assert files == ["attempt", f"{base}/baseline.json", f"{base}/commands/upgrade-1/pid"]


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


# --- what a power cut leaves


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """`mv` and `sync` write down what they do; the lines since the last look."""
    log, commands = tmp_path / "trace", tmp_path / "bin"
    commands.mkdir()
    for name in ("mv", "sync"):
        script = f'#!/bin/sh\necho "{name} $*" >> "{log}"\nexec {shutil.which(name)} "$@"\n'
        (commands / name).write_text(script)
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")

    def lines() -> list[str]:
        found = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return found

    return lines


def test_a_lock_that_was_taken_or_given_back_outlives_a_power_cut(
    root: Path, traced: Callable[[], list[str]]
) -> None:
    """Its file, and then its name: the token would begin anew, or one would hold it twice."""
    whole = [f"sync {root}/lock.new", f"mv {root}/lock.new {root}/lock", f"sync {root}"]
    acquire(root)
    assert traced() == [f"sync {root.parent}", *whole]
    on(root, remote.RELEASE, "1")
    assert traced() == whole
    acquire(root)
    assert traced() == whole


def test_a_replaced_file_outlives_a_power_cut(root: Path, traced: Callable[[], list[str]]) -> None:
    acquire(root)
    traced()
    base = root / "attempts" / "A B"
    on(root, remote.REPLACE, "1", "attempts/A B/baseline.json", stdin=b"{}")
    assert traced() == [
        f"sync {base}/baseline.json.new",
        f"mv {base}/baseline.json.new {base}/baseline.json",
        f"sync {base} {base.parent} {root}",
    ]
    on(root, remote.REPLACE, "1", "attempt", stdin=b"A B\n")
    assert traced()[1:] == [f"mv {root}/attempt.new {root}/attempt", f"sync {root}"]


def test_a_new_journal_outlives_a_power_cut(root: Path, traced: Callable[[], list[str]]) -> None:
    """Its name too, once; lines that are appended later cost one look at the disk."""
    acquire(root)
    traced()
    journal = root / "attempts" / "A" / "journal"
    on(root, remote.APPEND, "1", "attempts/A/journal/R", stdin=b"one\n")
    above = f"sync {journal} {journal.parent} {journal.parent.parent} {root}"
    runs = root / "attempts" / "A" / "runs"
    # who finds the journal noted can count on its lines
    noted = [f"sync {runs}.new", f"mv {runs}.new {runs}", f"sync {above.partition(' ')[2]}"]
    noted[2] = noted[2].replace(f"{journal} ", "")
    assert traced() == [f"sync {journal}/R", above, *noted]
    on(root, remote.APPEND, "1", "attempts/A/journal/R", stdin=b"two\n")
    assert traced() == [f"sync {journal}/R"]
    for torn in ("one\ntorn", "one\nto\0\0"):  # a file system may leave zeros
        (journal / "R").write_text(torn)
        on(root, remote.APPEND, "1", "attempts/A/journal/R", stdin=b"two\n")
        assert traced()[1:] == [f"sync {journal}/R", above, *noted]
        assert (journal / "R").read_text() == "one\ntwo\n"


def test_a_command_that_was_started_outlives_a_power_cut(
    root: Path, tmp_path: Path, traced: Callable[[], list[str]]
) -> None:
    """Before it runs: what the node did would otherwise count as never begun."""
    acquire(root)
    traced()
    base = tmp_path / "commands" / "upgrade-1"
    trace = ("sh", "-c", 'echo began >> "$1"', "sh", str(tmp_path / "trace"))
    assert on(root, detached_scripts.START, "1", str(base), *trace).code == 0
    end = time.monotonic() + 20
    while not (base / "status").exists() and time.monotonic() < end:
        time.sleep(0.01)
    lines = traced()
    new = next(line.split()[-1] for line in lines).removesuffix("/status.new")
    before = lines[: lines.index("began")]
    assert [line for line in before if not line.startswith(f"mv -T {new} {base}.new")] == [
        f"sync {new}/status.new",
        f"sync {new}/starttime {new}/system {new}/pid {new}",
        f"mv -T {new} {base}",
        f"sync {base.parent} {tmp_path}",
    ]
