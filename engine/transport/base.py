"""What every transport promises: an answer, or a `Lost` that says why there is none.

The only door to nodes. An answer carries the command's own exit code, 255 included; whatever
keeps an answer from coming is a `Lost`, never a code. A missing answer is never taken for a good
one (design, promise 4): those who asked decide what follows from it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from engine.errors import Refused, RunbookError
from engine.model.answer import Answer, Known, Lost
from engine.model.login import Login, SocketWay
from engine.secrets import Secret

OnLine = Callable[[str], None]
OnChunk = Callable[[bytes], object]


class Transport(Protocol):
    """The door. Implementations are safe for use by several threads.

    `node` is a host's name in the inventory. `deadline` is in seconds; the command is ended on
    the node when it is over (TERM, 5 seconds later KILL, to its process group), also when the
    connection is gone by then. All methods raise `Refused` and `Lost`.

    Until `confirm` was called for a node, only the question who it is reaches it.
    """

    on_refused: Callable[[Refused], None]
    """Called at the first refusal of the role firewall, from any thread; from then on nothing but
    the run's bookkeeping is sent."""
    on_stranger: Callable[[Lost], None]
    """Called once for each node whose place another machine has taken; from any thread."""
    on_login: Callable[[Login], None]
    """Called when a connection to a node was opened, with whom it let in; from any thread."""

    on_socket: Callable[[SocketWay], None]
    """Called when a Unix socket of a node was reached, with the way; from any thread."""

    def confirm(self, node: str, known: Known) -> None:
        """Say which machine the node is: a connection that leads to another one sends nothing."""

    def run(
        self,
        node: str,
        argv: Sequence[str],
        *,
        stdin: bytes | Secret | None = None,
        deadline: float,
        gate: Sequence[str] = (),
    ) -> Answer:
        """Run one command and wait for its answer.

        `gate` goes before it on the node: a command that runs it, or ends without running it. The
        role firewall looks at the command alone.
        """

    def ask(self, node: str, argv: Sequence[str], *, deadline: float) -> Answer:
        """As `run`, of a command that only asks: it may share a session with other questions.

        Where the session broke before it was begun, it is asked again in one of its own.
        """

    def ask_batch(
        self, node: str, argvs: Sequence[Sequence[str]], *, deadline: float
    ) -> list[Answer | Lost]:
        """Run several commands one after the other in one round trip; `deadline` is for each.

        The list has one entry a command, in their order; entries of commands without an answer
        are `Lost` values. Raises `Lost` only when there was no sign that any was started.
        """

    def stream(
        self,
        node: str,
        argv: Sequence[str],
        *,
        on_line: OnLine | None = None,
        on_chunk: OnChunk | None = None,
        deadline: float,
    ) -> Answer:
        """Run one command and hand over its standard output as it comes, in constant memory.

        Exactly one callback. Lines come without their end, as `Answer.text` decodes. What a
        callback raises ends the session and is passed on. `Answer.stdout` is empty.
        """

    def fetch(self, node: str, argv: Sequence[str], path: Path, *, deadline: float) -> Answer:
        """Run one command and write its standard output to the local `path` (0600).

        The file appears when the answer is complete and its code is 0, never in part.
        `Answer.stdout` is empty.
        """

    def dial(self, node: str, path: str) -> AbstractContextManager[socket.socket]:
        """A connection to the Unix socket `path` of the node, as root, as long as the block lasts.

        ssh forwards it where root logs in; else, and where sshd forwards to no socket, a relay on
        the node does. Unanswered when the relay finds nobody who listens there. Lost (FORWARDING)
        when no relay can be started, or when the block fails as sshd forwards to no socket: dial
        again then, and a relay does.
        """

    def forward(self, node: str, remote_socket: str) -> AbstractContextManager[Path]:
        """A local Unix socket, connected to the node's Unix socket as long as the block lasts.

        `remote_socket` may also be HOST:PORT, as the node resolves and reaches it.
        """

    def close(self) -> None:
        """Close all connections; the transport can't be used afterwards."""


T = TypeVar("T")


def in_parallel(
    nodes: Iterable[str], fn: Callable[[str], T], limit: int = 32
) -> dict[str, T | RunbookError]:
    """`fn(node)` for each node, in threads; the result in the order of `nodes`.

    A RunbookError (`Lost`, `Refused`, `Unanswered` ...) is that node's result; any other
    exception is an error of the program and is raised, when all threads have ended.
    """
    names = tuple(dict.fromkeys(nodes))

    def guarded(node: str) -> T | RunbookError:
        try:
            return fn(node)
        except RunbookError as error:
            return error

    if not names:
        return {}
    with ThreadPoolExecutor(max_workers=min(limit, len(names))) as pool:
        return dict(zip(names, pool.map(guarded, names), strict=True))
