"""Which machine each node is: nothing runs on another one, whatever the connection leads to.

The first question to a node asks who it is; until the answer has been confirmed nothing else is
sent there. From then on each session begins, on the node, with a look at machine id and name. The
first one of a new connection looks at pacemaker's name for the node, too. A session that finds
another machine ends before its command. The look costs no round trip and no process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NoReturn

from engine.model.answer import ANOTHER_NOW, Known, Lost, LostKind


class Identities:
    """What is known of each node's machine. Thread-safe."""

    def __init__(self, question: Sequence[str]) -> None:
        self._question = tuple(question)
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}
        self._lost: dict[str, Lost] = {}
        self.on_stranger: Callable[[Lost], None] = lambda _: None

    def confirm(self, node: str, known: Known) -> None:
        """From now on the node is this machine."""
        with self._lock:
            self._known[node] = known

    def expected(self, node: str, argvs: Sequence[Sequence[str]]) -> Known | None:
        """Which machine must be there; None when it is to be asked who it is.

        Lost when another one has answered for the node, or nothing has been confirmed yet.
        """
        with self._lock:
            known, lost = self._known.get(node), self._lost.get(node)
        if lost is not None:
            raise lost
        if known is None and [tuple(argv) for argv in argvs] != [self._question]:
            why = "nothing is sent to it: which machine this is has not been confirmed"
            raise Lost(node, why, LostKind.IDENTITY)
        return known

    def met(self, node: str, known: Known, seen: Known) -> None:
        """A machine held the commands back. Returns when it is the same one with another form of
        its name: they may be sent again. Otherwise Lost, and nothing is sent there any more.
        """
        if seen.is_same_as(known):
            member = seen.member or self._known[node].member
            self.confirm(node, Known(known.machine_id, seen.hostname, member))
            return
        self._refuse(node, known, seen)

    def _refuse(self, node: str, known: Known, seen: Known) -> NoReturn:
        lost = Lost(
            node,
            f"{ANOTHER_NOW}: {known} was confirmed, {seen} is there. The command was"
            " not started, and nothing more is sent to it",
            LostKind.IDENTITY,
        )
        lost.known, lost.seen = known, seen
        with self._lock:
            is_first = self._lost.setdefault(node, lost) is lost
        if is_first:
            self.on_stranger(lost)
        raise lost
