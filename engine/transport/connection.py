"""One multiplexed ssh connection to one node: opened lazily, opened anew when lost."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UsageError
from engine.model.answer import Lost, LostKind
from engine.model.inventory import Host
from engine.model.login import Login
from engine.transport.causes import SILENT
from engine.transport.diagnosis import diagnose, has_reason, is_busy
from engine.transport.login import login_of, without_told
from engine.transport.options import CLIENT, CONNECT_TIMEOUT, aloud_command, master_command
from engine.transport.private import not_started, why_no_room
from engine.transport.session import ssh_environment
from engine.transport.way import way_to

OPEN_DEADLINE = 25.0
"""Seconds for the whole login, tries included."""
SESSIONS = 8
"""Sessions at a time; sshd's default MaxSessions is 10 (rehearsal facts 8)."""

_HOST_PORT = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}", re.ASCII)

_FAILED = 255
"""ssh's own exit code."""

_opening = threading.BoundedSemaphore(8)
"""New connections at a time: several nodes may share a jump host with its MaxStartups of 10."""


@dataclass(frozen=True)
class Forward:
    """A forwarded socket, and what ssh said since it is there."""

    local: Path
    said: Callable[[], str]


class Connection:
    """The connection to one host. Thread-safe."""

    def __init__(self, host: Host, directory: Path, name: str) -> None:
        self.host = host
        self.sessions = threading.BoundedSemaphore(SESSIONS)
        self._directory = directory
        self._name = name
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._count = 0
        self._forwards = 0
        self._control: Path | None = None
        self._under_way: Future[Path] | None = None
        self._recognised: Path | None = None
        self._log = directory / f"{name}.log"
        self.on_login: Callable[[Login], None] = lambda _: None

    def reach(self) -> Path:
        """The control socket of the connection, which is opened if needed.

        Lost when that can't be. A login counts for everybody who came while it was under way, also
        one that failed: a silent node takes ten seconds for each. It is no lock that they wait for,
        as whoever asks again at once would have it again before those who waited.
        """
        ours: Future[Path] | None = None
        try:
            with self._lock:
                if self._control is not None and _accepts(self._control):
                    return self._control
                if (login := self._under_way) is None:
                    login = ours = self._under_way = Future()
            if ours is None:
                return _result_of(login)
            self._control = self._open()
            ours.set_result(self._control)
            return self._control
        except BaseException as error:
            if ours is not None:
                off = Lost(self.host.name, "the login was broken off", LostKind.UNREACHABLE)
                ours.set_exception(error if isinstance(error, Lost) else off)
            raise
        finally:
            if ours is not None:
                self._under_way = None

    def is_new(self, control: Path) -> bool:
        """No session over this connection has shown yet which machine is there."""
        return control != self._recognised

    def recognise(self, control: Path) -> None:
        """Note that a session over this connection has shown which machine is there."""
        self._recognised = control

    def client(self, control: Path, command: bytes) -> list[bytes]:
        """Arguments of an ssh client that runs `command` over this connection."""
        words = [*CLIENT, "-S", str(control), "--", self.host.address]
        return [*(word.encode() for word in words), command]

    @contextlib.contextmanager
    def forward(self, remote: str, look: Callable[[], object]) -> Iterator[Forward]:
        """A local socket in the private directory, connected to `remote` of the node.

        `look` runs a session, which finds out whether a new connection leads to the machine that
        is meant; it raises Lost when not.
        """
        is_path = remote.startswith("/") and ":" not in remote
        if not is_path and not _HOST_PORT.fullmatch(remote):
            raise UsageError(
                f"{remote!r} is no socket path; expected an absolute one without ':', or HOST:PORT"
            )
        while self.is_new(control := self.reach()):
            look()
        with self._lock:
            self._forwards += 1
            local = self._directory / f"{self._name}f{self._forwards}"
        seen = self.log_size()
        spec = f"{local}:{remote}"
        done = self._ask_master(control, "forward", "-L", spec)
        if done.returncode:
            why = f"the socket {remote} could not be forwarded: {done.stderr.decode().strip()}"
            raise Lost(self.host.name, why, LostKind.UNREACHABLE)
        try:
            yield Forward(local, lambda: self.said_since(seen))
        finally:
            self._ask_master(control, "cancel", "-L", spec)
            local.unlink(missing_ok=True)

    def close(self) -> None:
        self._closing.set()
        if login := self._under_way:
            wait([login])
        with self._lock:
            if self._control is not None and _accepts(self._control):
                self._ask_master(self._control, "exit")
            self._control = None

    def log_size(self) -> int:
        """How much ssh has said about this connection, in bytes."""
        return self._log.stat().st_size if self._log.exists() else 0

    def said_since(self, size: int) -> str:
        """What ssh has said by itself since `log_size` was that."""
        return without_told(self._logged_since(size))

    def _logged_since(self, size: int) -> str:
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(size)
            return log.read(65536).decode("utf-8", "backslashreplace")

    def _open(self) -> Path:
        """Log in. Lost when that can't be; dropped connections are tried again for a while.

        One of the tries may be a login that lets a hop's own messages through.
        """
        until, pause, aloud = time.monotonic() + OPEN_DEADLINE, 0.2, False
        while True:
            if self._closing.is_set():
                raise Lost(self.host.name, "the transport was closed", LostKind.UNREACHABLE)
            seen, control = self.log_size(), self._new_control()
            with _opening:
                started = time.monotonic()
                left = max(1.0, until - started)
                code = self._login_aloud(left) if aloud else self._login(control, left)
            if code == 0 and not aloud and _accepts(control):
                self.on_login(login_of(self.host, self._logged_since(seen)))
                return control
            if aloud and code not in (None, _FAILED):
                aloud = False  # by now it is let in
                continue
            log, way = self.said_since(seen), way_to(self.host)
            if not aloud and not has_reason(log, way) and time.monotonic() + pause < until:
                aloud = True
                continue
            pause = min(2 * pause, 3.0) * random.uniform(0.7, 1.3)
            if not is_busy(log, way) or time.monotonic() + pause > until:
                raise self._lost(log, None if code is not None else time.monotonic() - started)
            self._closing.wait(pause)

    def _new_control(self) -> Path:
        self._count += 1
        return self._directory / f"{self._name}c{self._count}"

    def _lost(self, log: str, took: float | None) -> Lost:
        way = way_to(
            self.host,
            timed_out=re.search(SILENT, log) is not None,
            denied="Permission denied (" in log,
        )
        kind, why = diagnose(self.host, log, took, way)
        if not log.strip() and (full := why_no_room(self._directory)):
            why += f"; what it said could not be kept in {self._directory.parent}: {full}"
        return Lost(self.host.name, why, kind)

    def _login_aloud(self, timeout: float) -> int | None:
        return self._run_ssh(aloud_command(self.host, self._log), timeout)

    def _login(self, control: Path, timeout: float) -> int | None:
        """ssh's exit code after login (it goes on in the background), None if it took too long."""
        return self._run_ssh(master_command(self.host, control, self._log), timeout)

    def _ask_master(
        self, control: Path, verb: str, *arguments: str
    ) -> subprocess.CompletedProcess[bytes]:
        command = [*CLIENT, "-S", str(control), "-O", verb, *arguments, "--", self.host.address]
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=ssh_environment(),
                start_new_session=True,
                timeout=CONNECT_TIMEOUT,
                check=False,
            )
        except OSError as error:
            return subprocess.CompletedProcess(command, 255, b"", not_started(error).encode())
        except subprocess.TimeoutExpired:
            late = f"ssh -O {verb} was not done after {CONNECT_TIMEOUT} seconds"
            return subprocess.CompletedProcess(command, 255, b"", late.encode())

    def _run_ssh(self, command: list[str], timeout: float) -> int | None:
        try:
            # A jump host's ssh does not know -E: its messages come by standard error.
            with self._log.open("ab") as log:
                return subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    env=ssh_environment(),
                    start_new_session=True,
                    timeout=timeout,
                    check=False,
                ).returncode
        except subprocess.TimeoutExpired:
            return None
        except OSError as error:
            raise Lost(self.host.name, not_started(error), LostKind.UNREACHABLE) from error


def _result_of(login: Future[Path]) -> Path:
    try:
        return login.result()
    except Lost as lost:  # one of its own for each thread
        raise Lost(lost.node, lost.why, lost.kind) from lost


def _accepts(control: Path) -> bool:
    """A master listens there. Says nothing about the network behind it."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(control))
        except OSError:
            return False
        return True
