"""An ssh in the background that dies after it took a session's request: nothing is asked twice."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.answer import Lost, LostKind
from engine.transport.connection import Connection
from engine.transport.firewall import Firewall
from engine.transport.ssh import SshTransport
from tests.engine import kit

HELLO, ALIVE, NEW_SESSION, IS_ALIVE = 1, 0x10000004, 0x10000002, 0x80000005


class Master:
    """Speaks as much of ssh's protocol for shared connections as it takes to die on the way."""

    def __init__(self, path: Path) -> None:
        self.requests = 0
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                with client:
                    self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        while (message := self._read(client)) is not None:
            kind, number = struct.unpack(">II", message[:8])
            if kind == HELLO:
                client.sendall(_packed(HELLO, 4))
            elif kind == ALIVE:
                client.sendall(_packed(IS_ALIVE, number, os.getpid()))
            elif kind == NEW_SESSION:
                self.requests += 1
                for _ in range(3):  # standard input, output and error
                    _, descriptors, _, _ = socket.recv_fds(client, 1, 1)
                    for descriptor in descriptors:
                        os.close(descriptor)
                return

    @staticmethod
    def _read(client: socket.socket) -> bytes | None:
        head = client.recv(4, socket.MSG_WAITALL)
        if len(head) < 4:
            return None
        return client.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)


def _packed(*numbers: int) -> bytes:
    body = struct.pack(f">{len(numbers)}I", *numbers)
    return struct.pack(">I", len(body)) + body


@pytest.fixture
def master(monkeypatch: pytest.MonkeyPatch) -> Iterator[Master]:
    """Every connection is this master's."""
    with tempfile.TemporaryDirectory() as directory:  # a short one: socket paths end at 108 bytes
        path = Path(directory) / "c"
        made = Master(path)
        monkeypatch.setattr(Connection, "reach", lambda self: path)
        monkeypatch.setattr("engine.transport.ssh.OPEN_DEADLINE", 1.0)
        yield made
        made.close()


def test_a_command_on_its_way_when_the_master_died_is_not_sent_again(master: Master) -> None:
    """ssh then tries a connection of its own, and what it says of that is not the reason."""
    inventory = kit.inventory()
    with (
        SshTransport(inventory, Firewall(inventory), ["true"]) as door,
        pytest.raises(Lost, match="read from master failed") as lost,
    ):
        door.run(kit.N, ["true"], deadline=5)
    assert master.requests == 1
    assert lost.value.kind is LostKind.CONNECTION_LOST
    assert lost.value.may_have_run
