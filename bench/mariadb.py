"""A throw-away MariaDB server in a container of the node image, and the door to it as to a node.

Its data lie in a directory of the caller's choosing and outlive the container: what was made is
there when the server is started on the same directory again.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import DictCursor

from engine.model.answer import Answer, Lost, LostKind
from engine.secrets import Secret
from engine.transport.base import OnChunk, OnLine
from engine.transport.ssh import SshTransport
from rehearsal import host, image
from rehearsal.podman import limits, podman
from rehearsal.to_4_26 import STEP

Say = Callable[[str], None]

NODE = "node1"
BUFFER_POOL = "512M"
"""Smaller than the table, as on a server that has other tables, too."""

_START = f"""
set -e
mkdir -p /run/mysqld /exchange/data /exchange/tmp /exchange/lib
rm -f /exchange/db.sock
ln -s /exchange/db.sock /run/mysqld/mysqld.sock
rmdir /var/lib/neteye-runbook 2>/dev/null || true
ln -s /exchange/lib /var/lib/neteye-runbook
chown mysql /exchange/data /exchange/tmp
[ -d /exchange/data/mysql ] || mariadb-install-db --user=mysql --datadir=/exchange/data \
  --skip-test-db --auth-root-authentication-method=normal > /exchange/install.log 2>&1
exec mariadbd --user=mysql --datadir=/exchange/data --tmpdir=/exchange/tmp \
  --socket=/exchange/db.sock --skip-networking --pid-file=/exchange/data/pid --server-id=1 \
  --innodb-buffer-pool-size={BUFFER_POOL} --innodb-log-file-size=256M \
  --innodb-flush-log-at-trx-commit=2
"""


class Server:
    """The running server. `directory` holds its socket, its data and its temporary files."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory
        self.socket = directory / "db.sock"

    def connect(self) -> Connection[DictCursor]:
        """A session of root that may change anything."""
        return pymysql.connect(
            unix_socket=str(self.socket),
            user="root",
            charset="utf8mb4",
            autocommit=True,
            cursorclass=DictCursor,
        )

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def wait(self, seconds: float = 180.0) -> None:
        """Until it answers: after a kill it has to recover first."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.connect().close()
                return
            except pymysql.err.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Server]:
    """A server with its data in `directory`, stopped at the end; the data stay."""
    host.prepare()
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o777)
    name = f"runbook-bench-{uuid.uuid4().hex[:8]}"
    podman(
        *("run", "--detach", "--rm", "--network", "none", "--name", name),
        *("--volume", f"{directory.resolve()}:/exchange", *limits()),
        *(image.ensure(STEP, lambda _: None), "bash", "-c", _START),
        timeout=600,
    )
    server = Server(name, directory)
    try:
        server.wait()
        yield server
    finally:
        # TERM reaches mariadbd, which has taken the place of the shell: a clean end
        podman("stop", "--time", "120", name, timeout=180, check=False)
        podman("rm", "--force", "--ignore", "--time", "0", name)


class ContainerTransport:
    """The door of the engine to this one container.

    Commands go by `podman exec`. What the controller's memory depends on, forwarded sockets and
    fetched files, goes through the real transport and an sshd on this machine.
    """

    def __init__(self, server: Server, ssh: SshTransport) -> None:
        self._server = server
        self._ssh = ssh

    def _argv(self, argv: Sequence[str]) -> list[str]:
        return ["podman", "--runtime", "runc", "exec", "-i", self._server.name, *argv]

    def run(
        self,
        node: str,
        argv: Sequence[str],
        *,
        stdin: bytes | Secret | None = None,
        deadline: float,
        gate: Sequence[str] = (),
    ) -> Answer:
        given = stdin.reveal().encode() if isinstance(stdin, Secret) else (stdin or b"")
        begun = time.monotonic()
        try:
            done = subprocess.run(
                self._argv(argv), input=given, capture_output=True, check=False, timeout=deadline
            )
        except subprocess.TimeoutExpired:
            raise Lost(node, f"not done within {deadline} s", LostKind.DEADLINE) from None
        return Answer(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)

    def ask(self, node: str, argv: Sequence[str], *, deadline: float) -> Answer:
        return self.run(node, argv, deadline=deadline)

    def ask_batch(
        self, node: str, argvs: Sequence[Sequence[str]], *, deadline: float
    ) -> list[Answer | Lost]:
        return [self.run(node, argv, deadline=deadline) for argv in argvs]

    def stream(
        self,
        node: str,
        argv: Sequence[str],
        *,
        on_line: OnLine | None = None,
        on_chunk: OnChunk | None = None,
        deadline: float,
    ) -> Answer:
        raise NotImplementedError

    def fetch(self, node: str, argv: Sequence[str], path: Path, *, deadline: float) -> Answer:
        return self._ssh.fetch(node, argv, path, deadline=deadline)

    def dial(self, node: str, path: str) -> AbstractContextManager[socket.socket]:
        return self._ssh.dial(node, str(self._server.socket))

    def close(self) -> None:
        """Nothing is kept open."""
