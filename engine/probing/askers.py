"""Asking one target again and again: the way that answers is kept, its connection held open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.ask.sql import socket_of
from engine.errors import RunbookError, Unanswered
from engine.model.answer import Lost, LostKind
from engine.model.probe import Manner, Target, Way
from engine.probing.asking import LIMIT, NoAnswer, NoWay, Silence, ask
from engine.transport.base import Transport
from engine.transport.database import connect, still_answers

_LEAVE_OUT = 30
"""Questions for which a node that is out of reach is not tried again: that takes long."""


class Asker:
    """Asks a service on its ways; `ask` raises NoAnswer or NoWay."""

    def __init__(self, target: Target, transport: Transport, carrier: str = "") -> None:
        """`carrier` is the node that carries what is asked directly; empty: not known."""
        self._transport = transport
        self._carrier = carrier
        self._ways = target.ways
        self._held = contextlib.ExitStack()
        self._local: Path | None = None
        self.way: Way | None = None
        """The way on which the service has answered."""

    def ask(self) -> None:
        """Try all ways until one has answered; from then on ask by that one."""
        if self.way is not None:
            self._ask(self.way)
            return
        problems: list[str] = []
        for way in self._ways:
            try:
                self._ask(way)
            except (NoAnswer, NoWay) as error:
                self.close()
                problems.append(f"{way}: {error}")
            else:
                self.way = way
                return
        raise NoAnswer("; ".join(problems))

    def close(self) -> None:
        """End what is held open; the next question opens it anew."""
        self._local = None
        with contextlib.suppress(RunbookError, OSError):
            self._held.close()

    def _ask(self, way: Way) -> None:
        if not way.through:
            self._ask_directly(way)
            return
        try:
            if self._local is None:
                host = f"[{way.host}]" if ":" in way.host else way.host
                remote = f"{host}:{way.port}"
                self._local = self._held.enter_context(self._transport.forward(way.through, remote))
            if not ask(way, self._local) and (lost := _lost(self._transport, way.through)):
                self.close()
                raise NoWay(str(lost), way.through)
        except NoWay:
            self.close()
            raise
        except NoAnswer as error:
            if lost := _lost(self._transport, way.through):
                self.close()
                raise NoWay(str(lost), way.through) from error
            raise
        except RunbookError as error:
            self.close()
            raise NoWay(str(error), way.through if _is_out_of_reach(error) else "") from error

    def _ask_directly(self, way: Way) -> None:
        """Silence is the service's only while the node that carries it can be reached."""
        try:
            ask(way)
        except Silence as error:
            if self._carrier and (lost := _lost(self._transport, self._carrier)):
                why = f"not known: the machine of the run did not reach {self._carrier} either"
                raise NoWay(f"{why}; {error}; {lost}", self._carrier) from error
            raise


class DatabaseAsker:
    """One session of the database, held open; a statement a question.

    Pacemaker moves the service when nodes go into standby: without an answer it is looked for on
    the node where it was and on the others in turn. It is a gap only when all nodes say so
    themselves: on a node that can't be asked, the service may answer.
    """

    def __init__(self, nodes: Sequence[str], transport: Transport) -> None:
        self._transport = transport
        self._nodes = tuple(nodes)
        self._held = contextlib.ExitStack()
        self._answers: Callable[[], None] | None = None
        self._failed = 0
        self._said_no: dict[str, bool] = {}
        """What came of each node since the last answer: its own word, or nothing (False)."""
        self._left_out: dict[str, int] = {}
        self.way: Way | None = None

    def ask(self) -> None:
        node = self._where()
        try:
            self._ask(node)
        except RunbookError as error:
            self._failed += 1
            self.close()
            self._said_no[node] = _is_of_the_node(error)
            if not self._said_no[node]:
                self._left_out[node] = self._failed + _LEAVE_OUT
            if all(self._said_no.values()):
                raise NoAnswer(str(error)) from error
            raise NoWay(str(error), node if _is_out_of_reach(error) else "") from error
        self._failed = 0
        self._said_no.clear()
        self._left_out.clear()
        self.way = Way(Manner.DATABASE, through=node)

    def _ask(self, node: str) -> None:
        if self._answers is not None:
            with contextlib.suppress(RunbookError):
                self._answers()
                return
            self.close()  # the server or the way to it: a new session tells
        self._answers = self._open(node)
        self._answers()

    def close(self) -> None:
        self._answers = None
        with contextlib.suppress(RunbookError, OSError):
            self._held.close()

    def _where(self) -> str:
        last = self.way.through if self.way else self._nodes[0]
        if self._failed % 2 == 0:
            return last
        others = [node for node in self._nodes if node != last and self._is_tried(node)]
        return others[self._failed // 2 % len(others)] if others else last

    def _is_tried(self, node: str) -> bool:
        return self._left_out.get(node, 0) <= self._failed

    def _open(self, node: str) -> Callable[[], None]:
        # asked of the node's own client each time: of a forwarded socket that gives no answer
        # nobody can tell whether the server or the way is gone
        socket = socket_of(self._transport, node)
        connection = self._held.enter_context(
            connect(
                self._transport,
                node,
                socket_path=socket,
                database=None,
                statement_limit=LIMIT,
            )
        )
        return lambda: still_answers(node, connection)


def _lost(transport: Transport, node: str) -> Lost | None:
    """Why the node can't be asked now: of a connection that is silent ssh knows only later."""
    try:
        transport.run(node, ("true",), deadline=LIMIT)
    except Lost as lost:
        return lost
    return None


def _is_out_of_reach(error: RunbookError) -> bool:
    """The way to the node broke, or nothing comes over it; what it refuses is its own word."""
    lost = error if isinstance(error, Lost) else error.__cause__
    if not isinstance(lost, Lost):
        return False
    if lost.kind is LostKind.DEADLINE:
        return lost.partial is None
    return lost.kind in (LostKind.UNREACHABLE, LostKind.CONNECTION_LOST)


def _is_of_the_node(error: RunbookError) -> bool:
    """The node could be asked, and has no server that answers; else nothing is known of it."""
    lost = error if isinstance(error, Lost) else error.__cause__
    if not isinstance(lost, Lost):
        return isinstance(error, Unanswered)
    # its client began there and was ended: the server does not react
    return lost.kind is LostKind.DEADLINE and lost.partial is not None


def asker_of(target: Target, transport: Transport, nodes: Sequence[str]) -> Asker | DatabaseAsker:
    """`nodes` are those on which the database may run, the most likely one first."""
    if target.ways[0].manner is Manner.DATABASE:
        return DatabaseAsker(nodes, transport)
    return Asker(target, transport, next(iter(nodes), ""))
