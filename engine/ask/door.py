"""The transport as a run uses it: the first refusal of the role firewall ends the run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.errors import Refused
from engine.model.answer import Answer, Known, Lost
from engine.secrets import Secret
from engine.transport.base import OnChunk, OnLine, Transport


class Door:
    """Passes everything on to `transport`; after a refusal nothing is sent any more.

    `on_refused` is told of the first refusal, wherever it comes from: a question, a batch, a
    change, a start, a forwarded socket. See `Transport` for the methods.
    """

    def __init__(self, transport: Transport, on_refused: Callable[[Refused], None]) -> None:
        self._transport = transport
        self._on_refused = on_refused
        self._lock = threading.Lock()
        self.refused: Refused | None = None

    @property
    def on_stranger(self) -> Callable[[Lost], None]:
        return self._transport.on_stranger

    @on_stranger.setter
    def on_stranger(self, tell: Callable[[Lost], None]) -> None:
        self._transport.on_stranger = tell

    def confirm(self, node: str, known: Known) -> None:
        self._transport.confirm(node, known)

    def run(
        self,
        node: str,
        argv: Sequence[str],
        *,
        stdin: bytes | Secret | None = None,
        deadline: float,
        gate: Sequence[str] = (),
    ) -> Answer:
        with self._watched(node):
            return self._transport.run(node, argv, stdin=stdin, deadline=deadline, gate=gate)

    def ask_batch(
        self, node: str, argvs: Sequence[Sequence[str]], *, deadline: float
    ) -> list[Answer | Lost]:
        with self._watched(node):
            return self._transport.ask_batch(node, argvs, deadline=deadline)

    def stream(
        self,
        node: str,
        argv: Sequence[str],
        *,
        on_line: OnLine | None = None,
        on_chunk: OnChunk | None = None,
        deadline: float,
    ) -> Answer:
        with self._watched(node):
            return self._transport.stream(
                node, argv, on_line=on_line, on_chunk=on_chunk, deadline=deadline
            )

    def fetch(self, node: str, argv: Sequence[str], path: Path, *, deadline: float) -> Answer:
        with self._watched(node):
            return self._transport.fetch(node, argv, path, deadline=deadline)

    @contextlib.contextmanager
    def forward(self, node: str, remote_socket: str) -> Iterator[Path]:
        with self._watched(node), self._transport.forward(node, remote_socket) as local:
            yield local

    def close(self) -> None:
        self._transport.close()

    @contextlib.contextmanager
    def _watched(self, node: str) -> Iterator[None]:
        if self.refused is not None:
            raise Refused(f"nothing is sent to {node} any more after: {self.refused}", node, "", "")
        try:
            yield
        except Refused as refused:
            with self._lock:
                first, self.refused = self.refused is None, self.refused or refused
            if first:
                self._on_refused(refused)
            raise
