"""A small server that speaks MySQL's protocol on a Unix socket, for tests of the database door.

It knows logins, records statements and answers each with what the test prepared. The real thing is
asked in the integration test; this one can fail in ways the real one does not on demand.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pymysql._auth import scramble_native_password

SALT = b"12345678901234567890"
# protocol 4.1, secure connection, plugin auth, connect with database, transactions, long flags
CAPABILITIES = 0x0000_0200 | 0x0000_8000 | 0x0008_0000 | 0x8 | 0x2000 | 0x1 | 0x4
Answers = Mapping[str, Sequence[str | None] | int]


@dataclass
class Mysqld:
    """`logins`: user -> password. `answers`: statement -> rows of one column, or an error.

    The error 0 is a server that dies; None among the rows, one that dies in the middle of them.
    """

    path: Path
    logins: Mapping[str, str]
    answers: Answers
    statements: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


@contextlib.contextmanager
def serving(path: Path, logins: Mapping[str, str], answers: Answers) -> Iterator[Mysqld]:
    server = Mysqld(path, logins, answers)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=_accept, args=(listener, server), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _accept(listener: socket.socket, server: Mysqld) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_Client(client, server).serve, daemon=True).start()


class _Client:
    def __init__(self, client: socket.socket, server: Mysqld) -> None:
        self.client, self.server, self.number = client, server, 0

    def serve(self) -> None:
        with self.client, contextlib.suppress(OSError, EOFError):
            self.send(_greeting())
            if not self.logged_in(self.receive()):
                return
            while True:
                packet = self.receive()
                if packet[:1] == b"\x01":
                    return
                self.answer(packet[1:].decode())

    def logged_in(self, packet: bytes) -> bool:
        user, _, rest = packet[32:].partition(b"\0")
        scramble = rest[1 : 1 + rest[0]]
        name = user.decode()
        self.server.users.append(name)
        password = self.server.logins.get(name)
        if password is None or scramble != scramble_native_password(password.encode(), SALT):
            self.error(1045, f"Access denied for user '{name}' (using password: YES)")
            return False
        self.ok()
        return True

    def answer(self, statement: str) -> None:
        self.server.statements.append(statement)
        answer = self.server.answers.get(statement, [])
        if statement.startswith("SET "):
            self.ok()
        elif isinstance(answer, int):
            if answer == 0:
                raise EOFError
            self.error(answer, "the text quotes s3cr3t data")
        else:
            self.rows(answer)

    def rows(self, values: Sequence[str | None]) -> None:
        self.send(b"\x01")
        names = b"".join(_text(name) for name in (b"def", b"", b"t", b"t", b"value", b"value"))
        self.send(names + b"\x0c" + struct.pack("<HIBHBH", 45, 255, 253, 0, 0, 0))
        self.send(b"\xfe\0\0\x02\0")
        for value in values:
            if value is None:
                raise EOFError
            self.send(_text(value.encode()))
        self.send(b"\xfe\0\0\x02\0")

    def ok(self) -> None:
        self.send(b"\0\0\0\x02\0\0\0")

    def error(self, number: int, text: str) -> None:
        self.send(b"\xff" + struct.pack("<H", number) + b"#HY000" + text.encode())

    def send(self, data: bytes) -> None:
        head = struct.pack("<I", len(data))[:3] + bytes([self.number % 256])
        self.client.sendall(head + data)
        self.number += 1

    def receive(self) -> bytes:
        head = self.exactly(4)
        self.number = head[3] + 1
        return self.exactly(int.from_bytes(head[:3], "little"))

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            chunk = self.client.recv(size - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data


def _text(value: bytes) -> bytes:
    assert len(value) < 251
    return bytes([len(value)]) + value


def _greeting() -> bytes:
    low, high = CAPABILITIES & 0xFFFF, CAPABILITIES >> 16
    return (
        b"\x0a10.11.19-MariaDB\0"
        + struct.pack("<I", 1)
        + SALT[:8]
        + b"\0"
        + struct.pack("<HBHHB", low, 45, 2, high, 21)
        + b"\0" * 10
        + SALT[8:]
        + b"\0mysql_native_password\0"
    )
