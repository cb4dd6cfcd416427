"""What comes back from a node: an answer, or a `Lost` that says why there is none."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.errors import RunbookError
from engine.model.definition import is_same_node, short

OUTPUT_LIMIT = 64 * 1024 * 1024
"""Bytes of each output stream that an `Answer` keeps; the rest is read, counted and dropped."""


@dataclass(frozen=True, repr=False)
class Answer:
    """What a command said. Prints sizes only: content may be confidential."""

    code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    """How long the command ran on the node, the way there and back not counted."""
    truncated: bool = False
    """An output was longer than the transport's limit; only its beginning is kept."""

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are no UTF-8 appear as \\xNN."""
        return self.stdout.decode("utf-8", "backslashreplace")

    @property
    def errors(self) -> str:
        """Standard error as text; bytes that are no UTF-8 appear as \\xNN."""
        return self.stderr.decode("utf-8", "backslashreplace")

    @property
    def ok(self) -> bool:
        """The command ended with 0."""
        return self.code == 0

    def __repr__(self) -> str:
        cut = ", truncated" if self.truncated else ""
        return (
            f"Answer(code={self.code}, stdout=<{len(self.stdout)} bytes>, "
            f"stderr=<{len(self.stderr)} bytes>, seconds={self.seconds:.3f}{cut})"
        )


@dataclass(frozen=True, repr=False)
class DatedAnswer(Answer):
    """An answer that came before the one who takes it now has asked."""

    received: float = 0.0
    """When it came: seconds since 1970 by the controller's clock."""
    known: dict[Any, Any] = field(default_factory=dict, compare=False)
    """What has been made of it, for the next one who takes it."""


@dataclass(frozen=True)
class Known:
    """The machine that a node is."""

    machine_id: str
    hostname: str
    member: str = ""
    """Its name in pacemaker; empty: not compared."""

    def is_same_as(self, other: Known) -> bool:
        """The same machine id; names in any form, without case; the member where both are told."""
        return (
            self.machine_id == other.machine_id
            and is_same_node(short(self.hostname), short(other.hostname))
            and ("" in (self.member, other.member) or is_same_node(self.member, other.member))
        )

    def __str__(self) -> str:
        member = f", {self.member!r} in pacemaker" if self.member else ""
        return f"{self.hostname!r}{member} with machine id {self.machine_id or 'none'}"


ANOTHER_NOW = "it is another machine now"
"""Begins what a `Lost` of kind IDENTITY says when another machine has taken a node's place."""


class LostKind(StrEnum):
    """Why there is no answer."""

    DEADLINE = "deadline"
    """The command was started, and ended (or given up) when its time was over."""
    CONNECTION_LOST = "connection-lost"
    """The connection, or the shell around the command, broke while the command was under way."""
    UNREACHABLE = "unreachable"
    """No connection to the node's sshd: name, network, port, overload."""
    AUTHENTICATION = "authentication"
    """The node, or sudo on it, does not let this user in."""
    HOST_KEY = "host-key"
    """The host key is not known here, or is another one than the known one."""
    FORWARDING = "forwarding"
    """No way leads to the node's sockets: sshd forwards none (AllowStreamLocalForwarding,
    DisableForwarding), or no relay can be started in its place."""
    IDENTITY = "identity"
    """The connection leads to another machine, or to one that was not confirmed."""


NEVER_STARTED = frozenset(
    {LostKind.UNREACHABLE, LostKind.AUTHENTICATION, LostKind.HOST_KEY}
    | {LostKind.FORWARDING, LostKind.IDENTITY}
)


class Lost(RunbookError):
    """No answer came. `partial` is what had arrived until then, when the command had started."""

    def __init__(self, node: str, why: str, kind: LostKind, partial: Answer | None = None) -> None:
        super().__init__(f"{node}: {why}")
        self.node = node
        self.why = why
        self.kind = kind
        self.partial = partial
        self.known: Known | None = None
        self.seen: Known | None = None
        """For the kind IDENTITY: the machine that was confirmed, and the one that is there."""

    @property
    def is_refusal(self) -> bool:
        """The node was asked for a socket, and it was not its server that kept it back."""
        return self.kind is LostKind.FORWARDING

    @property
    def may_have_run(self) -> bool:
        """The command may have taken effect. False is proof that it never started."""
        return self.kind not in NEVER_STARTED


def question(argv: Sequence[str], limit: int = 160) -> str:
    """A command as one printable line for messages, cut when it is long.

    Of a script of several lines its name and arguments: the source tells an operator nothing.
    """
    if tuple(argv[1:2]) == ("-c",) and len(argv) > 3 and "\n" in argv[2]:
        argv = [*argv[:2], "...", *argv[3:]]
    line = shlex.join(argv).encode("unicode_escape").decode("ascii")
    return line if len(line) <= limit else f"{line[: limit - 4]} ..."
