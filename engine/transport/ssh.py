"""The transport to real nodes: the operator's OpenSSH client, one connection a node."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.atomic import atomic_write
from engine.errors import Refused, UsageError
from engine.model.answer import Answer, Known, Lost, LostKind, question
from engine.model.inventory import Inventory
from engine.model.login import Login, SocketWay
from engine.secrets import Secret
from engine.transport.answers import Collector, LineSplitter, Sink
from engine.transport.base import OnChunk, OnLine
from engine.transport.connection import OPEN_DEADLINE, SESSIONS, Connection
from engine.transport.diagnosis import FORWARDING_OFF, forward_was_refused
from engine.transport.firewall import Firewall, Latch
from engine.transport.identity import Identities
from engine.transport.lane import Lanes, NotAsked, fits
from engine.transport.private import PrivateDirectory, not_started, require
from engine.transport.relay import RELAY_DEADLINE, Relay, relay_argv, why_no_relay
from engine.transport.session import Session
from engine.transport.wrapper import Demux, new_nonce, open_command, remote_command

T = TypeVar("T")

NETWORK_MARGIN = 10.0
"""Seconds for the way there and back on top of the time a command has on the node."""
_LISTENS = "00010000"
"""The flag (__SO_ACCEPTCON) of listening sockets in /proc/net/unix."""
_NOT_STARTED = ("Session open refused by peer", "kex_exchange_identification", "banner exchange")
"""ssh's texts when it could open no session: then nothing ran, and asking again does no harm."""
_ASKED_FOR = "read from master failed"
"""ssh's text when the connection broke after the session was asked for: it may run already."""


class _NotKept(Exception):
    """The command failed: what it wrote does not become a file."""


class SshTransport:
    """Runs commands on the hosts of an inventory; `guard` looks at each of them first.

    `question` asks a machine who it is: all that is sent to one that was not confirmed.

    A context manager; connections end with it. Safe for use by several threads. UsageError when
    this machine lacks what ssh needs.
    """

    def __init__(self, inventory: Inventory, guard: Firewall, question: Sequence[str]) -> None:
        require(len(inventory.hosts))
        self.on_refused: Callable[[Refused], None] = lambda _: None
        self.on_stranger: Callable[[Lost], None] = lambda _: None
        self.on_login: Callable[[Login], None] = lambda _: None
        self.on_socket: Callable[[SocketWay], None] = lambda _: None
        self._forwards_none: dict[str, str] = {}
        """Nodes whose sshd was seen to forward to no socket, and what was said of it."""
        self._guard = Latch(guard)
        self._guard.on_refused = lambda refused: self.on_refused(refused)
        self._directory = PrivateDirectory()
        self._connections = {
            host.name: Connection(host, self._directory.path, str(number))
            for number, host in enumerate(inventory.hosts)
        }
        for connection in self._connections.values():
            connection.on_login = lambda login: self.on_login(login)
        self._lanes = {
            name: Lanes(connection, NETWORK_MARGIN)
            for name, connection in self._connections.items()
        }
        self._identities = Identities(question)
        self._identities.on_stranger = lambda lost: self.on_stranger(lost)
        self._closed = threading.Event()
        self._most_seconds = float(inventory.settings.command_seconds or math.inf)

    def confirm(self, node: str, known: Known) -> None:
        self._guard.check_node(node)
        self._identities.confirm(node, known)

    def __enter__(self) -> SshTransport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        node: str,
        argv: Sequence[str],
        *,
        stdin: bytes | Secret | None = None,
        deadline: float,
        gate: Sequence[str] = (),
    ) -> Answer:
        collector = Collector(node, [argv], self._within(deadline), gate=gate)
        return collector.only(self._ask(node, collector, stdin))

    def ask(self, node: str, argv: Sequence[str], *, deadline: float) -> Answer:
        collector = Collector(node, [argv], self._within(deadline))
        self._guard.check(node, argv)
        if fits(argv):
            known = self._identities.expected(node, collector.argvs)
            with contextlib.suppress(NotAsked):
                return collector.only(self._lanes[node].ask(collector, known))
        return collector.only(self._ask(node, collector, None))

    def ask_batch(
        self, node: str, argvs: Sequence[Sequence[str]], *, deadline: float
    ) -> list[Answer | Lost]:
        if not argvs:
            return []
        collector = Collector(node, argvs, self._within(deadline))
        return self._ask(node, collector, None)

    def _within(self, deadline: float) -> float:
        """What the inventory allows a command on a node."""
        return min(deadline, self._most_seconds)

    def stream(
        self,
        node: str,
        argv: Sequence[str],
        *,
        on_line: OnLine | None = None,
        on_chunk: OnChunk | None = None,
        deadline: float,
    ) -> Answer:
        if (on_line is None) == (on_chunk is None):
            raise UsageError("stream needs exactly one of on_line and on_chunk")
        splitter = LineSplitter(on_line) if on_line else None
        sink: Sink = splitter.feed if splitter else on_chunk  # type: ignore[assignment]
        collector = Collector(node, [argv], self._within(deadline), sink)
        results = self._ask(node, collector, None)
        if splitter:
            splitter.finish()
        return collector.only(results)

    def fetch(self, node: str, argv: Sequence[str], path: Path, *, deadline: float) -> Answer:
        with contextlib.suppress(_NotKept), atomic_write(path) as file:
            answer = self.stream(node, argv, on_chunk=file.write, deadline=deadline)
            if answer.code != 0:
                raise _NotKept
        return answer

    @contextlib.contextmanager
    def forward(self, node: str, remote_socket: str) -> Iterator[Path]:
        """See `Transport.forward`. `Lost` (FORWARDING) when the block fails for sshd's refusal."""
        self._guard.check_node(node)
        self._identities.expected(node, ())
        connection = self._connections[node]
        with connection.forward(remote_socket, partial(self._look, connection)) as forward:
            try:
                yield forward.local
            except Exception as error:
                refused = forward_was_refused(forward.said())
                is_path = remote_socket.startswith("/")
                if refused and is_path and self._is_served(node, remote_socket):
                    why = FORWARDING_OFF.format(remote_socket)
                    self._forwards_none[node] = why
                    raise Lost(node, why, LostKind.FORWARDING) from error
                raise

    @contextlib.contextmanager
    def dial(self, node: str, path: str) -> Iterator[socket.socket]:
        """See `Transport.dial`."""
        self._guard.check_node(node)
        host = self._connections[node].host
        if host.become or node in self._forwards_none:
            with self._relayed(node, path) as (ours, program):
                why = self._forwards_none.get(node, "")
                self.on_socket(SocketWay(node, path, "relay", program, host.become, why))
                yield ours
            return
        with self.forward(node, path) as local, socket.socket(socket.AF_UNIX) as ours:
            try:
                ours.connect(str(local))
            except OSError as error:
                why = f"the connection ended that was to lead to {path}: {error.strerror or error}"
                raise Lost(node, why, LostKind.CONNECTION_LOST) from error
            yield ours
            self.on_socket(SocketWay(node, path, "forwarding"))

    @contextlib.contextmanager
    def _relayed(self, node: str, path: str) -> Iterator[tuple[socket.socket, str]]:
        """A socket that a relay on the node connects to its socket `path`, and its program."""
        self._guard.check(node, relay_argv(path))
        connection, told = self._connections[node], bytearray()
        collector = Collector(node, [("relay", path)], RELAY_DEADLINE, told.extend)
        with self._session(connection, collector):
            begin = partial(self._begin_relay, connection, collector, path, told)
            relay, program = self._try(connection, collector, begin)
            try:
                yield relay.socket, program
            finally:
                relay.close()

    def _look(self, connection: Connection) -> None:
        """A session that only looks which machine is there. Lost when it is another one.

        When no answer comes, what was to follow has not been sent.
        """
        collector = Collector(connection.host.name, [["true"]], 10.0)
        try:
            collector.only(
                self._try(connection, collector, partial(self._once, connection, collector, None))
            )
        except Lost as lost:
            if not lost.may_have_run:
                raise
            why = f"nothing was sent: {lost.why}"
            raise Lost(lost.node, why, LostKind.UNREACHABLE) from lost

    def _is_served(self, node: str, socket: str) -> bool:
        """Somebody listens at this Unix socket of the node."""
        script = 'readlink -f -- "$1" && cat /proc/net/unix'
        answer = self.run(node, ["sh", "-c", script, "sh", socket], deadline=10.0)
        real, _, table = answer.text.partition("\n")
        entries = [line.split(None, 7) for line in table.splitlines()]
        listening = {entry[7] for entry in entries if len(entry) == 8 and entry[3] == _LISTENS}
        return not listening.isdisjoint({socket, real})

    def close(self) -> None:
        """Close all connections and remove their sockets."""
        if self._closed.is_set():
            return
        self._closed.set()
        for lanes in self._lanes.values():
            lanes.close()
        for connection in self._connections.values():
            connection.close()
        for lanes in self._lanes.values():
            lanes.join()
        self._directory.remove()

    def _ask(
        self, node: str, collector: Collector, stdin: bytes | Secret | None
    ) -> list[Answer | Lost]:
        data = stdin.reveal().encode() if isinstance(stdin, Secret) else stdin
        for argv in collector.argvs:
            self._guard.check(node, argv, data)
        connection = self._connections[node]
        with self._session(connection, collector):
            return self._try(
                connection, collector, partial(self._once, connection, collector, data)
            )

    @contextlib.contextmanager
    def _session(self, connection: Connection, collector: Collector) -> Iterator[None]:
        """One of the sessions that a connection may have at a time."""
        patience = collector.longest + NETWORK_MARGIN
        if not connection.sessions.acquire(timeout=patience):
            raise Lost(
                connection.host.name,
                f"{question(collector.argvs[0])} did not start: all {SESSIONS} sessions with "
                f"this node were busy for {patience:.0f} seconds",
                LostKind.UNREACHABLE,
            )
        try:
            yield
        finally:
            connection.sessions.release()

    def _try(
        self,
        connection: Connection,
        collector: Collector,
        once: Callable[[], tuple[T | None, str]],
    ) -> T:
        """Sessions until one could be opened; those before it never began."""
        until = time.monotonic() + OPEN_DEADLINE
        pause = 0.05
        while True:
            results, said = once()
            if results is not None:
                return results
            # Sessions of others on the way out may still count at the server for a moment.
            if time.monotonic() > until or self._closed.wait(pause):
                raise Lost(
                    connection.host.name,
                    f"sshd opens no session for {question(collector.argvs[0])}: "
                    f"{said}. Expected MaxSessions 10 (its default) in sshd_config",
                    LostKind.UNREACHABLE,
                )
            pause = min(pause * 2, 1.0)

    def _once(
        self, connection: Connection, collector: Collector, data: bytes | None
    ) -> tuple[list[Answer | Lost] | None, str]:
        """One session. No results, and ssh's words, when none could be opened."""
        host, nonce = connection.host, new_nonce()
        known = self._identities.expected(host.name, collector.argvs)
        while connection.is_new(control := connection.reach()) and data:
            self._look(connection)  # what is written arrives before the session itself can look
        known = _asked_once(known, connection, control)
        command = remote_command(nonce, collector.sent, collector.deadline, host.become, known)
        seen = connection.log_size()
        out, err = collector.demuxes(nonce)
        until = time.monotonic() + collector.longest + NETWORK_MARGIN
        client = connection.client(control, command)
        try:
            session = Session(client, data, out, err)
        except OSError as error:
            raise Lost(host.name, not_started(error), LostKind.UNREACHABLE) from error
        code = session.converse(len(collector.argvs), until)
        if said := self._turned_away(connection, known, code, out, err):
            return None, said
        if err.begun:
            connection.recognise(control)
        return collector.results(code, host, connection.said_since(seen)), ""

    def _begin_relay(
        self, connection: Connection, collector: Collector, path: str, told: bytearray
    ) -> tuple[tuple[Relay, str] | None, str]:
        """As `_once`: a relay that is connected on the node, and the name of its program."""
        host, nonce = connection.host, new_nonce()
        known = self._identities.expected(host.name, collector.argvs)
        control = connection.reach()
        known = _asked_once(known, connection, control)
        command = open_command(nonce, relay_argv(path), host.become, known)
        seen = connection.log_size()
        out, err = collector.demuxes(nonce)
        told.clear()
        until = time.monotonic() + collector.longest + NETWORK_MARGIN
        try:
            relay = Relay(connection.client(control, command), self._directory.path)
        except OSError as error:
            raise Lost(host.name, not_started(error), LostKind.UNREACHABLE) from error
        with contextlib.ExitStack() as failed:
            failed.callback(relay.close)
            status = relay.read_status(out, told, until)
            if status.startswith("+"):
                failed.pop_all()
            else:
                code = relay.end(err)
        if out.begun:
            connection.recognise(control)
        if status.startswith("+"):
            return (relay, status[1:]), ""
        if said := self._turned_away(connection, known, code, out, err):
            return None, said
        (result,) = collector.results(code, host, connection.said_since(seen))
        raise why_no_relay(path, status, result, self._forwards_none.get(host.name, ""))

    def _turned_away(
        self,
        connection: Connection,
        known: Known | None,
        code: int | None,
        out: Demux,
        err: Demux,
    ) -> str:
        """Why no command was started and it may be tried again; '' when that is not so."""
        if known is not None and (stranger := out.stranger or err.stranger) is not None:
            self._identities.met(connection.host.name, known, stranger)
            return "the node's name has another form now"
        said = err.before.decode("utf-8", "backslashreplace").strip()
        return said if code == 255 and not err.begun and _asked_for_no_session(said) else ""


def _asked_once(known: Known | None, connection: Connection, control: Path) -> Known | None:
    """Pacemaker's name for the machine is asked once a connection."""
    return known if known is None or connection.is_new(control) else replace(known, member="")


def _asked_for_no_session(said: str) -> bool:
    """No session was asked for. What ssh says later of its own connection does not count."""
    return _ASKED_FOR not in said and any(text in said for text in _NOT_STARTED)
