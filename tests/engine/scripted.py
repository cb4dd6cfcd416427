"""Transports without nodes, for tests: other implementations of the same protocol, not patches.

`ScriptedTransport` knows which commands come in which order; `FakeTransport` answers by node and
command in any order, for questions in parallel.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Refused, UsageError
from engine.model.answer import Answer, Known, Lost, question
from engine.model.login import Login, SocketWay
from engine.secrets import Secret
from engine.transport.answers import LineSplitter
from engine.transport.base import OnChunk, OnLine
from engine.transport.identity import Identities

Argv = tuple[str, ...]
Reply = Answer | Lost
Sockets = Mapping[tuple[str, str], Path]
"""(node, remote socket) -> the local socket that `forward` hands out."""


def said(stdout: str | bytes = b"", code: int = 0, stderr: str | bytes = b"") -> Answer:
    """An answer for a script: `said("4.21")`."""
    out = stdout.encode() if isinstance(stdout, str) else stdout
    err = stderr.encode() if isinstance(stderr, str) else stderr
    return Answer(code, out, err, 0.0)


class Unexpected(AssertionError):
    """A command that the test does not know, or not yet, or one that never came."""


@dataclass(frozen=True)
class Call:
    """An expected command. `argv` may be a predicate; `stdin` is compared when it is given."""

    node: str
    argv: Sequence[str] | Callable[[Argv], bool]
    answer: Reply = field(default_factory=said)
    stdin: bytes | Secret | None = None

    def is_met_by(self, node: str, argv: Argv, stdin: bytes | Secret | None) -> bool:
        if node != self.node or (self.stdin is not None and stdin != self.stdin):
            return False
        return self.argv(argv) if callable(self.argv) else argv == tuple(self.argv)

    def __str__(self) -> str:
        if callable(self.argv):
            return f"{self.node}: a command that meets {self.argv.__qualname__}"
        return f"{self.node}: {question(self.argv)}"


class _Double:
    """What both doubles share: every way to ask leads to `_reply`."""

    def __init__(self, sockets: Sockets | None) -> None:
        self._sockets = dict(sockets or {})
        self._lock = threading.Lock()
        self._strangers: dict[str, Callable[[], None]] = {}
        self.asked: list[tuple[str, Argv]] = []
        """Everything that was asked, in its order."""
        self.question: Argv | None = None
        """Asks a machine who it is: all that passes before `confirm`, as at the real door. None:
        whoever asks before is the test's own business."""
        self.confirmed: dict[str, Known] = {}
        self.on_refused: Callable[[Refused], None] = lambda _: None
        self.on_stranger: Callable[[Lost], None] = lambda _: None
        self.on_login: Callable[[Login], None] = lambda _: None
        self.on_socket: Callable[[SocketWay], None] = lambda _: None

    def confirm(self, node: str, known: Known) -> None:
        """See `Transport.confirm`."""
        self.confirmed[node] = known

    def becomes(self, node: str, seen: Known) -> None:
        """From now on another machine answers for a confirmed node, as the real door tells it."""
        identities = Identities(())
        identities.on_stranger = self.on_stranger
        identities.confirm(node, self.confirmed[node])
        self._strangers[node] = lambda: identities.met(node, self.confirmed[node], seen)

    def _reply(self, node: str, argv: Argv, stdin: bytes | Secret | None) -> Reply:
        raise NotImplementedError

    def forget(self) -> None:
        """Nothing is known of any machine, as in a new run."""
        self.confirmed.clear()
        self._strangers.clear()

    def _meet(self, node: str, argv: Sequence[str]) -> None:
        if node in self._strangers:
            self._strangers[node]()
        if self.question is not None and node not in self.confirmed:
            Identities(self.question).expected(node, [argv])

    def _ask(self, node: str, argv: Sequence[str], stdin: bytes | Secret | None) -> Reply:
        self._meet(node, argv)
        with self._lock:
            self.asked.append((node, tuple(argv)))
            return self._reply(node, tuple(argv), stdin)

    def run(
        self,
        node: str,
        argv: Sequence[str],
        *,
        stdin: bytes | Secret | None = None,
        deadline: float,
        gate: Sequence[str] = (),
    ) -> Answer:
        if deadline <= 0:
            raise UsageError(f"a deadline is a positive number of seconds, not {deadline!r}")
        reply = self._ask(node, argv, stdin)
        if isinstance(reply, Lost):
            raise reply
        return reply

    def ask(self, node: str, argv: Sequence[str], *, deadline: float) -> Answer:
        return self.run(node, argv, deadline=deadline)

    def ask_batch(
        self, node: str, argvs: Sequence[Sequence[str]], *, deadline: float
    ) -> list[Answer | Lost]:
        replies = [self._ask(node, argv, None) for argv in argvs]
        if replies and isinstance(replies[0], Lost) and not replies[0].may_have_run:
            raise replies[0]
        return replies

    def stream(
        self,
        node: str,
        argv: Sequence[str],
        *,
        on_line: OnLine | None = None,
        on_chunk: OnChunk | None = None,
        deadline: float,
    ) -> Answer:
        answer = self.run(node, argv, deadline=deadline)
        if on_chunk is not None:
            on_chunk(answer.stdout)
        elif on_line is not None:
            splitter = LineSplitter(on_line)
            splitter.feed(answer.stdout)
            splitter.finish()
        else:
            raise UsageError("stream needs exactly one of on_line and on_chunk")
        return Answer(answer.code, b"", answer.stderr, answer.seconds)

    def fetch(self, node: str, argv: Sequence[str], path: Path, *, deadline: float) -> Answer:
        answer = self.run(node, argv, deadline=deadline)
        if answer.code == 0:
            path.write_bytes(answer.stdout)
            path.chmod(0o600)
        return Answer(answer.code, b"", answer.stderr, answer.seconds)

    @contextlib.contextmanager
    def forward(self, node: str, remote_socket: str) -> Iterator[Path]:
        self._meet(node, ())
        if (node, remote_socket) not in self._sockets:
            raise Unexpected(f"no socket {remote_socket} on {node} was expected")
        yield self._sockets[node, remote_socket]

    @contextlib.contextmanager
    def dial(self, node: str, path: str) -> Iterator[socket.socket]:
        """As forwarding does: somebody lets us in, whoever listens behind."""
        with self.forward(node, path) as local, socket.socket(socket.AF_UNIX) as ours:
            with contextlib.suppress(OSError):
                ours.connect(str(local))
            yield ours

    def close(self) -> None:
        """Nothing to close."""


class ScriptedTransport(_Double):
    """Expects exactly these calls in this order; a context manager that checks nothing is left."""

    def __init__(self, expected: Iterable[Call], sockets: Sockets | None = None) -> None:
        super().__init__(sockets)
        self._expected = list(expected)
        self._next = 0

    def __enter__(self) -> ScriptedTransport:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()

    def finish(self) -> None:
        """Fail when expected commands never came."""
        left = len(self._expected) - self._next
        if left:
            raise Unexpected(f"{left} expected command(s) never came\n{self._script()}")

    def _reply(self, node: str, argv: Argv, stdin: bytes | Secret | None) -> Reply:
        came = f"{node}: {question(argv)}"
        if self._next == len(self._expected):
            raise Unexpected(f"unexpected, after the last one: {came}\n{self._script()}")
        call = self._expected[self._next]
        if not call.is_met_by(node, argv, stdin):
            later = self._expected[self._next + 1 :]
            early = any(other.is_met_by(node, argv, stdin) for other in later)
            how = "out of order" if early else "unexpected"
            raise Unexpected(f"{how}: {came}\n{self._script()}")
        self._next += 1
        return call.answer

    def _script(self) -> str:
        lines = ["the script (x came, > was next):"]
        for number, call in enumerate(self._expected):
            sign = "x" if number < self._next else ">" if number == self._next else " "
            lines.append(f" {sign} {number + 1:3} {call}")
        return "\n".join(lines)


Answers = Mapping[tuple[str, Argv], Reply | Callable[[], Reply]]


class FakeTransport(_Double):
    """Answers by (node, argv) in any order, as often as asked. A callable is asked each time."""

    def __init__(self, answers: Answers, sockets: Sockets | None = None) -> None:
        super().__init__(sockets)
        self._answers = dict(answers)

    def _reply(self, node: str, argv: Argv, stdin: bytes | Secret | None) -> Reply:
        try:
            reply = self._answers[node, argv]
        except KeyError:
            known = "\n".join(f"   {name}: {question(words)}" for name, words in self._answers)
            raise Unexpected(f"no answer for {node}: {question(argv)}; known:\n{known}") from None
        return reply() if callable(reply) else reply
