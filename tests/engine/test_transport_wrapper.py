"""The frame around commands: whatever the chunks and the bytes, the parts come out as they were."""

from __future__ import annotations

import signal
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.model.answer import Lost, LostKind
from engine.model.inventory import Host, Role
from engine.transport.answers import LINE_LIMIT, Collector, LineSplitter
from engine.transport.wrapper import Demux, new_nonce, remote_command

NONCE = "0123456789abcdef0123456789abcdef"


def mark(word: str, uptime: float = 1.5) -> bytes:
    return f"\x1e{NONCE}:{word}:{uptime:.2f}\n".encode()


# Output that looks like the beginning of a mark is the hard case.
pieces = st.one_of(
    st.binary(max_size=50),
    st.integers(0, 40).map(lambda n: mark("0")[:n].replace(NONCE.encode(), NONCE[:-1].encode())),
    st.sampled_from([b"\x1e", b"\x1e\x1e", b"\x1e" + NONCE[:5].encode(), b"\n"]),
)
outputs = st.lists(st.lists(pieces, max_size=5).map(b"".join), min_size=1, max_size=5)


def demux(stream: bytes, cuts: list[int], commands: int) -> tuple[Demux, list[bytes]]:
    parts = [b""] * (commands + 1)

    def take(index: int, data: bytes) -> None:
        parts[index] += data

    taken = Demux(NONCE, take)
    ends = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    for start, end in pairwise(ends):
        taken.feed(stream[start:end])
    taken.finish()
    return taken, parts


@given(
    noise=st.binary(max_size=30),
    bodies=outputs,
    after=st.binary(max_size=20),
    cuts=st.lists(st.integers(0, 2000), max_size=20),
)
def test_any_chunks_give_the_outputs_back(
    noise: bytes, bodies: list[bytes], after: bytes, cuts: list[int]
) -> None:
    stream = noise + mark("begin") + b"".join(body + mark("7") for body in bodies) + after
    taken, parts = demux(stream, cuts, len(bodies))
    assert parts == [*bodies, after]
    assert taken.before == noise
    assert [m.code for m in taken.marks] == [None] + [7] * len(bodies)


@given(body=st.binary(max_size=100), cuts=st.lists(st.integers(0, 200), max_size=9))
def test_a_stream_that_breaks_off_loses_nothing(body: bytes, cuts: list[int]) -> None:
    taken, parts = demux(mark("begin") + body, cuts, 1)
    assert (parts[0], taken.ended) == (body, 0)


def test_a_line_is_not_held_back() -> None:
    seen: list[bytes] = []
    taken = Demux(NONCE, lambda _, data: seen.append(data))
    taken.feed(mark("begin") + b"a line\n")
    assert seen == [b"a line\n"]


@given(chunks=st.lists(st.text("ab\nü", max_size=20), max_size=10))
def test_lines_do_not_depend_on_chunks(chunks: list[str]) -> None:
    lines: list[str] = []
    splitter = LineSplitter(lines.append)
    for chunk in chunks:
        splitter.feed(chunk.encode())
    splitter.finish()
    text = "".join(chunks)
    assert lines == (text.removesuffix("\n").split("\n") if text else [])


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    lines: list[str] = []
    splitter = LineSplitter(lines.append)
    for _ in range(40):
        splitter.feed(b"x" * 100_000)
    assert [len(line) for line in lines] == [LINE_LIMIT] * 3
    assert len(splitter._rest) < LINE_LIMIT


@pytest.mark.parametrize("shell", ["sh", "bash", "dash"])
def test_the_script_is_for_any_posix_shell(shell: str) -> None:
    command = remote_command(NONCE, [["printf", "%s", "a b"], ["false"]], 10, become=False)
    line = command.replace(b" sh -c ", b" %s -c " % shell.encode(), 1)
    done = subprocess.run([shell, "-c", line], capture_output=True, check=True)
    parts: dict[int, bytes] = {}
    taken = Demux(NONCE, parts.__setitem__)
    taken.feed(done.stdout)
    assert parts == {0: b"a b"}
    assert [m.code for m in taken.marks] == [None, 0, 1]


def test_sudo_asks_for_nothing() -> None:
    line = remote_command(new_nonce(), [["id"]], 10, become=True)
    assert line.splitlines()[1].startswith(b"sudo -n -H -- /usr/bin/env LC_ALL=C PATH=")


def test_two_sessions_never_share_a_word() -> None:
    assert len({new_nonce() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("deadline", [0.0, -5.0, 0.0001, float("nan"), float("inf")])
def test_a_deadline_is_a_time(deadline: float) -> None:
    with pytest.raises(UsageError, match="positive number of seconds"):
        remote_command(NONCE, [["id"]], deadline, become=False)


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGTERM, 255])
@pytest.mark.parametrize("become", [False, True])
def test_an_ssh_that_was_ended_before_the_begin_may_have_sent_its_command(
    code: int, become: bool
) -> None:
    """The begin is said by the node: without it nobody knows how far the command came."""
    collector = Collector("n", [["pcs", "property", "set", "x=1"]], 10)
    collector.demuxes(NONCE)
    with pytest.raises(Lost, match="the connection was lost when pcs") as lost:
        collector.results(code, Host("n", Role.OPERATIVE, "192.0.2.1", become=become))
    assert lost.value.kind is LostKind.CONNECTION_LOST
    assert lost.value.may_have_run
