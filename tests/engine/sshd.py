"""A real sshd on loopback for the tests: its own keys, a free port, gone at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.model.answer import Known
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.queries.identity import WHO
from engine.transport.firewall import Firewall
from engine.transport.ssh import SshTransport

USER = pwd.getpwuid(os.getuid()).pw_name
NODE = "node1"
SUDOER = "upgrade"
"""A user of this machine, but only where sshd runs with rules for sudo."""
ANYTHING = f"{SUDOER} ALL=(ALL) NOPASSWD: ALL"


@dataclass
class Sshd:
    """A running sshd. `host` is how the inventory would name it; files lie in `directory`."""

    directory: Path
    port: int
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def known_hosts(self) -> Path:
        return self.directory / "known_hosts"

    def host(self, name: str = NODE, role: Role = Role.OPERATIVE) -> Host:
        return Host(
            name=name,
            role=role,
            address="127.0.0.1",
            user=USER,
            port=self.port,
            key_file=self.directory / "user_key",
            ssh_args=("-F", str(self.directory / "ssh_config")),
        )

    def sudoer(self) -> Host:
        """The host as it is for somebody who becomes root there by sudo."""
        return replace(self.host(), user=SUDOER, become=True)

    def transport(self, *hosts: Host) -> SshTransport:
        return transport(*(hosts or (self.host(),)))

    def reload(self) -> None:
        """Read the configuration anew, until it is served."""
        mark = self._log.read_text().count("Server listening")
        self.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 20
        while self._log.read_text().count("Server listening") == mark:
            assert time.monotonic() < until, f"sshd does not reload: {self._log.read_text()}"
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    def becomes(self, machine: Known) -> None:
        """Another machine takes its address, its port and its host key."""
        self.kill_connections()
        self.stop()
        self.process = _start(self.directory, machine)
        _wait_for(self.port, self.process, self.directory / "log")
        _until_left(self.port)

    def kill_connections(self) -> None:
        """Kill the processes that serve connections; the listening one stays."""
        for pid in children(self.process.pid):
            for child in [*children(pid), pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, 9)


def transport(*hosts: Host) -> SshTransport:
    """The door to these hosts, confirmed as this machine, which all of them are."""
    opened = stranger_transport(*hosts)
    for host in hosts:
        opened.confirm(host.name, this_machine())
    return opened


def stranger_transport(*hosts: Host) -> SshTransport:
    """The door to these hosts, of which nothing is known yet."""
    listed = inventory(*hosts)
    return SshTransport(listed, Firewall(listed), WHO.argv)


def this_machine() -> Known:
    """As every sshd of these tests would tell it."""
    place = Path("/etc/machine-id")
    machine_id = place.read_text().strip() if place.exists() else ""
    return Known(machine_id, Path("/proc/sys/kernel/hostname").read_text().strip())


def inventory(*hosts: Host) -> Inventory:
    return Inventory(Path("test.ini"), hosts, Settings("test", Environment.REHEARSAL))


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []  # it ended meanwhile, and has none any more
    return [int(word) for word in text.split()]


def key(path: Path) -> None:
    """A new ed25519 key pair without a passphrase."""
    for old in (path, path.with_name(f"{path.name}.pub")):
        old.unlink(missing_ok=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def write_known_hosts(sshd_directory: Path, port: int, public: str) -> None:
    (sshd_directory / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")


def _start(
    directory: Path, machine: Known | None = None, etc: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """sshd, in namespaces of its own with another machine's id and name if one is given.

    `etc` are files of the directory that take the place of those of /etc there.
    """
    program = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/bin")
    assert program, "sshd is missing: apt-get install --no-install-recommends openssh-server"
    words = [program, "-D", "-e", "-f", str(directory / "sshd_config")]
    if etc:
        over = 'for f in $2; do mount --bind "$1/$f" "/etc/$f" || exit; done; shift 2; exec "$@"'
        words = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            over,
            "sh",
            str(directory),
            " ".join(etc),
            *words,
        ]
    if machine is not None:
        place = directory / "machine-id"
        place.write_text(f"{machine.machine_id}\n")
        script = 'mount --bind "$1" /etc/machine-id && hostname "$2" && shift 2 && exec "$@"'
        inside = ["unshare", "--mount", "--uts", "sh", "-c", script, "sh"]
        words = [*inside, str(place), machine.hostname, *words]
    # With -E each connection's process opens the log by its name, and makes it anew in a directory
    # that is just being removed.
    with (directory / "log").open("ab") as log:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=log, start_new_session=True)


@contextlib.contextmanager
def running(
    options: Sequence[str] = (), machine: Known | None = None, sudoers: Sequence[str] = ()
) -> Iterator[Sshd]:
    """sshd with `options` (lines of sshd_config that win over ours), on `machine` if given.

    `sudoers`: the whole /etc/sudoers of its sessions, which have the user `SUDOER` too.
    """
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sshd-") as name:
        directory = Path(name)
        for which in ("host_key", "user_key"):
            key(directory / which)
        (directory / "authorized_keys").write_text((directory / "user_key.pub").read_text())
        port = free_port()
        _configure(directory, port, options)
        write_known_hosts(directory, port, (directory / "host_key.pub").read_text())
        etc = _write_etc(directory, sudoers) if sudoers else ()
        server = Sshd(directory, port, _start(directory, machine, etc))
        try:
            _wait_for(port, server.process, directory / "log")
            yield server
        finally:
            server.kill_connections()
            server.process.send_signal(signal.SIGCONT)
            server.stop()


def _write_etc(directory: Path, sudoers: Sequence[str]) -> tuple[str, ...]:
    """Files that take the place of this machine's in sessions of an sshd."""
    assert shutil.which("sudo"), "sudo is missing: apt-get install --no-install-recommends sudo"
    directory.chmod(0o755)  # the user's home and key
    own = {
        "passwd": f"{SUDOER}:x:4711:4711::{directory}:/bin/sh",
        "shadow": f"{SUDOER}:*:19000:0:99999:7:::",
        "group": f"{SUDOER}:x:4711:",
    }
    for name, line in own.items():
        text = Path("/etc", name).read_text()
        (directory / name).write_text(f"{text}{line}\n")
    (directory / "shadow").chmod(0o600)
    (directory / "sudoers").write_text("\n".join(sudoers) + "\n")
    (directory / "sudoers").chmod(0o440)
    return (*own, "sudoers")


@dataclass
class BehindJump:
    """A node that is reached through a jump host, each a real sshd of its own."""

    jump: Sshd
    node: Sshd

    def host(self, *ssh_args: str) -> Host:
        """The node as an inventory names it, through the jump host unless `ssh_args` say else."""
        host = self.node.host()
        return replace(host, ssh_args=(*host.ssh_args, *(ssh_args or ("-J", "jump"))))

    def configure(self, *lines: str) -> None:
        """The operator's ssh configuration, with `lines` for everything but the jump host."""
        jump, node = self.jump.directory, self.node.directory
        text = [
            "Host jump",
            "  HostName 127.0.0.1",
            f"  Port {self.jump.port}",
            f"  User {USER}",
            f"  IdentityFile {jump}/user_key",
            "  IdentitiesOnly yes",
            f"  UserKnownHostsFile {jump}/known_hosts",
            "  ProxyCommand none",
            "Host *",
            f"  UserKnownHostsFile {node}/known_hosts",
            "  GlobalKnownHostsFile /dev/null",
            "  IdentityAgent none",
            *(f"  {line}" for line in lines),
        ]
        (node / "ssh_config").write_text("\n".join(text) + "\n")


@contextlib.contextmanager
def behind_jump(jump: Sequence[str] = (), node: Sequence[str] = ()) -> Iterator[BehindJump]:
    """Two sshd; the options are as for `running`."""
    with running(jump) as first, running(node) as second:
        both = BehindJump(first, second)
        both.configure()
        yield both


@contextlib.contextmanager
def full(server: Sshd) -> Iterator[None]:
    """A stranger holds the only connection before login that MaxStartups 1:100:1 allows."""
    until = time.monotonic() + 20
    while True:
        with socket.create_connection(("127.0.0.1", server.port), 5) as held:
            # one that is too many is told "Exceeded MaxStartups": ours may still have counted
            if held.recv(4) == b"SSH-":
                yield
                return
        assert time.monotonic() < until, "sshd greets nobody"
        time.sleep(0.05)


def _configure(directory: Path, port: int, options: Sequence[str]) -> None:
    lines = [
        *options,
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {directory}/host_key",
        f"AuthorizedKeysFile {directory}/authorized_keys",
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "AcceptEnv LANG LC_*",
        "KexAlgorithms curve25519-sha256",
        # bash reads the start-up files of this machine's user at SHLVL 1 only.
        "SetEnv SHLVL=2",
    ]
    if not any(option.startswith("MaxStartups") for option in options):
        lines.append("MaxStartups 64:30:128")  # here the last one counts (9.2), not the first
    (directory / "sshd_config").write_text("\n".join(lines) + "\n")
    (directory / "ssh_config").write_text(
        f"Host *\n  UserKnownHostsFile {directory}/known_hosts\n"
        "  GlobalKnownHostsFile /dev/null\n  IdentityAgent none\n"
    )


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, f"sshd ended: {log.read_text()}"
        assert time.monotonic() < until, f"sshd does not listen: {log.read_text()}"
        time.sleep(0.02)


def _until_left(port: int) -> None:
    """Wait until no client holds a connection that was killed: what it asks there is lost."""
    until = time.monotonic() + 20
    while _is_held(port):
        assert time.monotonic() < until, f"a client of port {port} does not let go"
        time.sleep(0.02)


def _is_held(port: int) -> bool:
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    states = {state for _, _, remote, state, *_ in rows if remote.endswith(f":{port:04X}")}
    return bool(states & {ESTABLISHED, CLOSE_WAIT})


ESTABLISHED, CLOSE_WAIT = "01", "08"
"""States of /proc/net/tcp, as the kernel's header of TCP states counts them."""


def with_key(host: Host, path: Path) -> Host:
    return replace(host, key_file=path)
