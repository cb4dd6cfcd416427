"""One multiplexed ssh connection to one node: opened lazily, opened anew when lost."""

from __future__ import annotations

import contextlib
import random
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import UsageError
from engine.model.inventory import Host
from engine.transport.base import Lost, LostKind
from engine.transport.diagnosis import BUSY, diagnose, diagnose_forward
from engine.transport.session import ssh_environment

CONNECT_TIMEOUT = 10
"""Seconds for TCP and the server's banner (each hop)."""
OPEN_DEADLINE = 25.0
"""Seconds for the whole login, tries included."""
ALIVE_INTERVAL, ALIVE_COUNT = 5, 4
"""A connection that was silent for 20 to 25 seconds is lost."""
IDLE = 300
"""Seconds after which an unused connection ends; it ends so too when the runbook was killed."""
SESSIONS = 8
"""Sessions at a time; sshd's default MaxSessions is 10 (rehearsal facts 8)."""

_OPTIONS = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "ClearAllForwardings": "yes",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "RequestTTY": "no",
    "ConnectionAttempts": "1",
    "ConnectTimeout": str(CONNECT_TIMEOUT),
    "ServerAliveInterval": str(ALIVE_INTERVAL),
    "ServerAliveCountMax": str(ALIVE_COUNT),
    "ControlMaster": "yes",
    "ControlPersist": str(IDLE),
    "LogLevel": "INFO",
    "StreamLocalBindMask": "0177",
}

# A client that finds no control socket must end, not open a connection of its own in silence.
_CLIENT = (
    *("ssh", "-F", "/dev/null", "-T", "-e", "none"),
    *("-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ProxyCommand=false"),
    *("-o", "LogLevel=ERROR"),
)

_opening = threading.BoundedSemaphore(8)
"""New connections at a time: several nodes may share a jump host with its MaxStartups of 10."""


def master_command(host: Host, control: Path, log: Path) -> list[str]:
    """The ssh client that logs in and stays as the connection; our options win over any file."""
    command = ["ssh", "-f", "-N", "-S", str(control), "-E", str(log)]
    for name, value in _OPTIONS.items():
        command += ["-o", f"{name}={value}"]
    command += host.ssh_args
    if host.key_file is not None:
        # IdentitiesOnly: keys of the agent must not use up the server's MaxAuthTries first.
        command += ["-i", str(host.key_file), "-o", "IdentitiesOnly=yes"]
    if host.port != 22:  # the default leaves the port to the operator's own configuration
        command += ["-p", str(host.port)]
    return [*command, "-l", host.user, "--", host.address]


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
        self._log = directory / f"{name}.log"

    def client(self, command: bytes) -> list[bytes]:
        """Arguments of an ssh client that runs `command` over this connection, opened if needed."""
        words = [*_CLIENT, "-S", str(self._ensure()), "--", self.host.address]
        return [*(word.encode() for word in words), command]

    @contextlib.contextmanager
    def forward(self, remote: str) -> Iterator[Path]:
        """A local socket in the private directory, connected to the node's socket `remote`."""
        if not remote.startswith("/") or ":" in remote:
            raise UsageError(f"{remote!r} is no socket path; expected an absolute one without ':'")
        control = self._ensure()
        with self._lock:
            self._forwards += 1
            local = self._directory / f"{self._name}f{self._forwards}"
        seen = self._log.stat().st_size
        spec = f"{local}:{remote}"
        done = self._ask_master(control, "forward", "-L", spec)
        if done.returncode:
            raise Lost(
                self.host.name,
                f"the socket {remote} could not be forwarded: {done.stderr.decode().strip()}",
                LostKind.FORWARDING if control.exists() else LostKind.CONNECTION_LOST,
            )
        try:
            yield local
        except Exception as error:
            why = diagnose_forward(self._read_log(seen))
            if why is None:
                raise
            raise Lost(self.host.name, why, LostKind.FORWARDING) from error
        finally:
            self._ask_master(control, "cancel", "-L", spec)
            local.unlink(missing_ok=True)

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            if self._control is not None and _accepts(self._control):
                self._ask_master(self._control, "exit")
            self._control = None

    def log_text(self) -> str:
        """What ssh said about this connection, for diagnosis."""
        return self._read_log(0)

    def _ensure(self) -> Path:
        with self._lock:
            if self._control is None or not _accepts(self._control):
                self._control = self._open()
            return self._control

    def _open(self) -> Path:
        """Log in. Lost when that can't be; dropped connections are tried again for a while."""
        until = time.monotonic() + OPEN_DEADLINE
        pause = 0.2
        while True:
            if self._closing.is_set():
                raise Lost(self.host.name, "the transport was closed", LostKind.UNREACHABLE)
            self._count += 1
            control = self._directory / f"{self._name}c{self._count}"
            with _opening:
                started = time.monotonic()
                seen, code = self._log_size(), self._login(control, max(1.0, until - started))
            if code == 0 and _accepts(control):
                return control
            log = self._read_log(seen)
            pause = min(2 * pause, 3.0) * random.uniform(0.7, 1.3)
            if not BUSY.search(log) or time.monotonic() + pause > until:
                took = None if code is not None else time.monotonic() - started
                kind, why = diagnose(self.host, log, took)
                raise Lost(self.host.name, why, kind)
            self._closing.wait(pause)

    def _login(self, control: Path, timeout: float) -> int | None:
        """ssh's exit code after login (it goes on in the background), None if it took too long."""
        command = master_command(self.host, control, self._log)
        # A jump host's ssh does not know -E: its messages come by standard error.
        with self._log.open("ab") as log:
            try:
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

    def _ask_master(
        self, control: Path, verb: str, *arguments: str
    ) -> subprocess.CompletedProcess[bytes]:
        command = [*_CLIENT, "-S", str(control), "-O", verb, *arguments, "--", self.host.address]
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
        except subprocess.TimeoutExpired:
            late = f"{shlex.join(['ssh', '-O', verb])} took more than {CONNECT_TIMEOUT} seconds"
            return subprocess.CompletedProcess(command, 255, b"", late.encode())

    def _log_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def _read_log(self, start: int) -> str:
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(start)
            return log.read(65536).decode("utf-8", "backslashreplace")


def _accepts(control: Path) -> bool:
    """A master listens there. Says nothing about the network behind it."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(control))
        except OSError:
            return False
        return True
