"""Answers over a real sshd: codes, bytes, quoting, secrets, batches, streams, many at a time."""

from __future__ import annotations

import hashlib
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import Refused, UsageError
from engine.model.answer import OUTPUT_LIMIT, Answer, Lost, LostKind
from engine.model.inventory import Role
from engine.secrets import Secret
from engine.transport.base import in_parallel
from engine.transport.ssh import SshTransport
from tests.engine.sshd import NODE, Sshd, running, transport

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
nasty = st.one_of(
    words,
    st.sampled_from(
        ["", " ", "'", '"', "\\", "$HOME", "`id`", "$(id)", "\n", "a\nb\n", "-n", "--"]
    ),
    st.sampled_from(
        ["!x", "*", "~", "{a,b}", ";reboot", "&", "|", "%s", "\x1e", "\t", "ü", "\udcff"]
    ),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def door(server: Sshd) -> Iterator[SshTransport]:
    with server.transport() as opened:
        yield opened


@pytest.mark.parametrize("code", [0, 1, 3, 124, 126, 127, 137, 254, 255])
def test_the_commands_own_code_comes_back(door: SshTransport, code: int) -> None:
    answer = door.run(NODE, ["sh", "-c", f"echo out; echo err >&2; exit {code}"], deadline=20)
    assert (answer.code, answer.stdout, answer.stderr) == (code, b"out\n", b"err\n")


def test_a_command_that_is_not_there_is_127(door: SshTransport) -> None:
    answer = door.run(NODE, ["no-such-command"], deadline=20)
    assert answer.code == 127
    assert "no-such-command" in answer.errors


def test_a_command_killed_by_a_signal_is_an_answer(door: SshTransport) -> None:
    assert door.run(NODE, ["sh", "-c", "kill -9 $$"], deadline=20).code == 137


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(arguments=st.lists(nasty, min_size=1, max_size=6))
def test_arguments_arrive_as_they_are(door: SshTransport, arguments: list[str]) -> None:
    answer = door.run(NODE, ["printf", "%s\\0", *arguments], deadline=20)
    sent = [argument.encode("utf-8", "surrogateescape") for argument in arguments]
    assert answer.stdout.split(b"\0")[:-1] == sent


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=300_000))
def test_bytes_come_and_go_unchanged(door: SshTransport, data: bytes) -> None:
    assert door.run(NODE, ["cat"], stdin=data, deadline=20).stdout == data


def test_bytes_that_are_no_utf8_are_kept_and_shown(door: SshTransport) -> None:
    answer = door.run(NODE, ["printf", r"caf\351\n\377"], deadline=20)
    assert answer.stdout == b"caf\xe9\n\xff"
    assert answer.text == "caf\\xe9\n\\xff"


def test_a_million_bytes_of_input_that_nobody_reads(door: SshTransport) -> None:
    assert door.run(NODE, ["true"], stdin=b"x" * 1_000_000, deadline=20).code == 0


def test_commands_run_in_plain_english_and_with_sbin(door: SshTransport) -> None:
    answer = door.run(NODE, ["sh", "-c", 'echo "$LC_ALL $PATH"'], deadline=20)
    assert answer.text.startswith("C /usr/local/sbin:")


def test_there_is_nothing_to_read_without_stdin(door: SshTransport) -> None:
    assert door.run(NODE, ["cat"], deadline=20).stdout == b""


def test_an_output_over_the_limit_is_cut_and_flagged(door: SshTransport) -> None:
    answer = door.run(NODE, ["sh", "-c", "head -c 100000000 /dev/zero; exit 7"], deadline=120)
    assert answer.truncated
    assert (answer.code, len(answer.stdout)) == (7, OUTPUT_LIMIT)


def test_a_short_output_is_not_flagged(door: SshTransport) -> None:
    assert not door.run(NODE, ["echo"], deadline=20).truncated


def test_seconds_are_those_on_the_node(door: SshTransport) -> None:
    answer = door.run(NODE, ["sleep", "0.3"], deadline=20)
    assert 0.25 <= answer.seconds < 20


def test_an_answer_prints_sizes_only() -> None:
    assert "geheim" not in repr(Answer(0, b"geheim", b"geheim", 0.1))
    assert "<6 bytes>" in str(Answer(0, b"geheim", b"geheim", 0.1))


def test_a_background_process_does_not_hold_the_answer(door: SshTransport) -> None:
    begun = time.monotonic()
    answer = door.run(NODE, ["sh", "-c", "sleep 300 & echo done; echo e >&2"], deadline=240)
    assert (answer.stdout, answer.stderr) == (b"done\n", b"e\n")
    assert time.monotonic() - begun < 200


def test_a_secret_is_in_no_argument_list_nor_environment(door: SshTransport) -> None:
    secret = Secret("s3cr3t-Wq7-never-in-argv")
    raw = secret.reveal().encode()
    seen: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for name in ("cmdline", "environ"):
                for file in Path("/proc").glob(f"[0-9]*/{name}"):
                    try:
                        if raw in file.read_bytes():
                            seen.append(str(file))
                    except OSError:
                        continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    answer = door.run(NODE, ["sh", "-c", "cat; sleep 0.5"], stdin=secret, deadline=20)
    over.set()
    watcher.join()
    assert answer.stdout == raw
    assert seen == []


def test_start_up_files_that_print_do_not_disturb(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("echo noise; echo more noise >&2\n")
    with running([f"SetEnv HOME={tmp_path} SHLVL=0"]) as noisy, noisy.transport() as opened:
        raw = opened.run(NODE, ["sh", "-c", 'echo "$HOME"; echo e >&2'], deadline=20)
    assert (raw.text, raw.errors) == (f"{tmp_path}\n", "e\n")


def test_become_goes_through_sudo(tmp_path: Path) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text(
        '#!/bin/sh\n[ "$1 $2 $3" = "-n -H --" ] || exit 9\nshift 3\nBY=sudo exec "$@"\n'
    )
    sudo.chmod(0o755)
    with running([f"SetEnv PATH={tmp_path}:/usr/bin:/bin SHLVL=2"]) as server:
        host = server.host()
        with transport(replace(host, become=True)) as opened:
            answer = opened.run(NODE, ["sh", "-c", "echo $BY; cat"], stdin=b"in", deadline=20)
    assert answer.text == "sudo\nin"


class TestBatch:
    def test_each_command_has_its_own_answer(self, door: SshTransport) -> None:
        first, second, third, fourth = door.ask_batch(
            NODE,
            [
                ["printf", "a\nb"],
                ["sh", "-c", "echo e >&2; exit 255"],
                ["nope"],
                ["printf", "\x1e%s", "x"],
            ],
            deadline=20,
        )
        assert [getattr(a, "code", None) for a in (first, second, third, fourth)] == [
            0,
            255,
            127,
            0,
        ]
        assert isinstance(first, Answer)
        assert isinstance(second, Answer)
        assert isinstance(fourth, Answer)
        assert (first.stdout, second.stderr, fourth.stdout) == (b"a\nb", b"e\n", b"\x1ex")

    def test_one_that_hangs_does_not_spoil_the_others(self, door: SshTransport) -> None:
        slow, quick = door.ask_batch(
            NODE, [["sh", "-c", "echo part; exec sleep 600"], ["echo", "x"]], deadline=3
        )
        assert isinstance(slow, Lost)
        assert slow.kind is LostKind.DEADLINE
        assert slow.partial is not None
        assert slow.partial.stdout == b"part\n"
        assert isinstance(quick, Answer)
        assert quick.stdout == b"x\n"

    def test_none_is_none(self, door: SshTransport) -> None:
        assert door.ask_batch(NODE, [], deadline=5) == []

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(batch=st.lists(st.lists(nasty, min_size=1, max_size=4), min_size=1, max_size=8))
    def test_arguments_stay_apart(self, door: SshTransport, batch: list[list[str]]) -> None:
        argvs = [["printf", "%s\\0", *arguments] for arguments in batch]
        answers = door.ask_batch(NODE, argvs, deadline=20)
        for arguments, answer in zip(batch, answers, strict=True):
            assert isinstance(answer, Answer)
            sent = [argument.encode("utf-8", "surrogateescape") for argument in arguments]
            assert answer.stdout.split(b"\0")[:-1] == sent


class TestStream:
    def test_lines_come_as_they_are_printed(self, door: SshTransport, tmp_path: Path) -> None:
        came: list[str] = []
        go_on = tmp_path / "go on"

        def on_line(line: str) -> None:
            came.append(line)
            go_on.touch()

        script = 'echo one; until [ -e "$1" ]; do sleep 0.05; done; echo two; printf three; exit 5'
        argv = ["sh", "-c", script, "sh", str(go_on)]
        answer = door.stream(NODE, argv, on_line=on_line, deadline=60)
        assert came == ["one", "two", "three"]
        assert (answer.code, answer.stdout) == (5, b"")

    def test_what_a_callback_raises_is_passed_on(self, door: SshTransport) -> None:
        class Enough(Exception):
            pass

        def stop(line: str) -> None:
            raise Enough(line)

        begun = time.monotonic()
        with pytest.raises(Enough, match="first"):
            door.stream(NODE, ["sh", "-c", "echo first; sleep 300"], on_line=stop, deadline=240)
        assert time.monotonic() - begun < 200

    def test_it_needs_one_callback(self, door: SshTransport) -> None:
        with pytest.raises(UsageError, match="exactly one"):
            door.stream(NODE, ["true"], deadline=5)


class TestFetch:
    def test_a_big_file_in_constant_memory(self, door: SshTransport, tmp_path: Path) -> None:
        size = 100_000_000
        script = f"yes abcdefghijklmnop | head -c {size}"
        tracemalloc.start()
        try:
            answer = door.fetch(NODE, ["sh", "-c", script], tmp_path / "big", deadline=120)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert answer.code == 0
        assert peak < 8_000_000
        line = b"abcdefghijklmnop\n"
        expected = hashlib.sha256((line * (size // len(line) + 1))[:size]).hexdigest()
        with (tmp_path / "big").open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == expected
        assert (tmp_path / "big").stat().st_mode & 0o777 == 0o600

    def test_a_failed_command_leaves_no_file(self, door: SshTransport, tmp_path: Path) -> None:
        answer = door.fetch(NODE, ["sh", "-c", "echo x; exit 3"], tmp_path / "f", deadline=20)
        assert answer.code == 3
        assert list(tmp_path.iterdir()) == []

    def test_a_lost_one_leaves_no_file(self, door: SshTransport, tmp_path: Path) -> None:
        with pytest.raises(Lost):
            door.fetch(NODE, ["sh", "-c", "echo x; sleep 60"], tmp_path / "f", deadline=0.5)
        assert list(tmp_path.iterdir()) == []


class TestMany:
    def test_nodes_are_asked_at_the_same_time(self, server: Sshd, tmp_path: Path) -> None:
        hosts = [server.host(f"node{number}") for number in range(12)]
        all_there = f"ls {tmp_path} | grep -c ."
        script = f"touch {tmp_path}/$1; until [ $({all_there}) -eq 12 ]; do sleep 0.05; done"
        with transport(*hosts) as opened:
            answers = in_parallel(
                [host.name for host in hosts],
                lambda node: opened.run(node, ["sh", "-c", script, "sh", node], deadline=90),
            )
        assert all(isinstance(answer, Answer) for answer in answers.values()), answers

    def test_many_threads_on_one_connection(self, door: SshTransport) -> None:
        numbers = [str(number) for number in range(60)]
        answers = in_parallel(numbers, lambda n: door.run(NODE, ["echo", n], deadline=30))
        assert {n: a.text.strip() for n, a in answers.items() if isinstance(a, Answer)} == {
            n: n for n in numbers
        }

    def test_only_errors_of_ours_are_results(self) -> None:
        def ask(node: str) -> str:
            if node == "b":
                raise Lost(node, "away", LostKind.UNREACHABLE)
            return node

        results = in_parallel(["a", "b", "a"], ask)
        assert list(results) == ["a", "b"]
        assert isinstance(results["b"], Lost)
        with pytest.raises(ZeroDivisionError):
            in_parallel(["a"], lambda _: 1 / 0)
        assert in_parallel([], ask) == {}


class TestRefused:
    def test_a_node_that_is_not_listed(self) -> None:
        with running() as server, server.transport(server.host()) as opened:
            told: list[Refused] = []
            opened.on_refused = told.append
            with pytest.raises(Refused, match=r"node9.*not in the inventory"):
                opened.run("node9", ["true"], deadline=5)
            with pytest.raises(Refused, match="nothing is sent to node1 any more"):
                opened.run(NODE, ["true"], deadline=5)
            assert [refused.node for refused in told] == ["node9"]

    @pytest.mark.parametrize("way", ["run", "ask_batch", "stream", "fetch"])
    def test_the_firewall_stands_before_every_way_to_ask(self, way: str, tmp_path: Path) -> None:
        with running() as server, server.transport(server.host(role=Role.ELASTIC_ONLY)) as opened:
            argv = ["touch", str(tmp_path / "ran"), "neteye", "upgrade"]
            asks = {
                "run": lambda: opened.run(NODE, argv, deadline=5),
                "ask_batch": lambda: opened.ask_batch(NODE, [["true"], argv], deadline=5),
                "stream": lambda: opened.stream(NODE, argv, on_line=print, deadline=5),
                "fetch": lambda: opened.fetch(NODE, argv, tmp_path / "out", deadline=5),
            }
            with pytest.raises(Refused, match=r"^neteye upgrade is refused"):
                asks[way]()
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("deadline", [0, -1, float("nan"), float("inf")])
    def test_a_deadline_that_is_none(self, door: SshTransport, deadline: float) -> None:
        with pytest.raises(UsageError, match="deadline"):
            door.run(NODE, ["true"], deadline=deadline)

    @pytest.mark.parametrize("argv", [[], ["echo", "a\0b"]])
    def test_what_is_no_command(self, door: SshTransport, argv: list[str]) -> None:
        with pytest.raises(UsageError, match="not a command"):
            door.run(NODE, argv, deadline=5)

    def test_a_command_too_long_to_send(self, door: SshTransport) -> None:
        with pytest.raises(UsageError, match="standard input"):
            door.run(NODE, ["echo", "x" * 130_000], deadline=5)


def test_nothing_is_left_behind(server: Sshd) -> None:
    opened = server.transport()
    opened.run(NODE, ["true"], deadline=20)
    directory = opened._directory.path
    assert directory.stat().st_mode & 0o777 == 0o700
    assert len(str(directory)) < 60
    opened.close()
    opened.close()
    assert not directory.exists()
    mine = str(directory).encode()
    left = [file for file in Path("/proc").glob("[0-9]*/cmdline") if mine in _read(file)]
    assert left == []


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
