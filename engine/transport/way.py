"""The way to a host as ssh itself reads its configuration: what lies between, and which keys.

Asked on this machine alone, and only when a connection could not be opened.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.given_path import is_file
from engine.model.groups import grouped
from engine.model.inventory import Host
from engine.transport.options import configuration_command
from engine.transport.session import ssh_environment

_LOCAL = 5.0
"""Seconds for a command on this machine that asks nobody else."""
_BANNER = 3.0
"""Seconds in which a jump host's sshd greets."""


@dataclass(frozen=True)
class Way:
    """`hop` is what lies between in words, '' when the connection is direct."""

    hop: str = ""
    jumps: tuple[str, ...] = ()
    """The jump hosts (ProxyJump) in their order; none when the hop is another program."""
    is_silent: bool = False
    """The first jump host was asked from here and does not greet."""
    locked: tuple[str, ...] = ()
    """Private keys for the node that have a passphrase and are not in the agent, in words."""
    locked_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The same for the jump hosts."""


DIRECT = Way()


def way_to(host: Host, *, timed_out: bool = False, denied: bool = False) -> Way:
    """How ssh goes to `host`; on request, whether its hop greets and which keys are locked."""
    settings = _settings(configuration_command(host))
    jump, proxy = _first(settings, "proxyjump"), _first(settings, "proxycommand")
    locked = _locked(settings) if denied else ()
    if jump:
        jumps = tuple(jump.split(","))
        config = _config_file(host)
        of = {name: _settings(["ssh", *config, "-G", "--", _uri(name)]) for name in jumps}
        return Way(
            f"the jump host{'s' if len(jumps) > 1 else ''} {jump}",
            jumps=jumps,
            is_silent=timed_out and not _greets(of[jumps[0]]),
            locked=locked,
            locked_at={name: _locked(of[name]) for name in jumps} if denied else {},
        )
    # its arguments may hold a password
    return Way(f"the ProxyCommand {_program(proxy)}" if proxy else "", locked=locked)


def _settings(command: list[str]) -> dict[str, list[str]]:
    """What `ssh -G` prints: keyword and value a line, keywords in lower case."""
    lines = (line.partition(" ") for line in _code_and_output(command)[1].splitlines())
    return grouped((keyword, value) for keyword, _, value in lines)


def _first(settings: dict[str, list[str]], keyword: str) -> str:
    value = settings.get(keyword, [""])[0]
    return "" if value == "none" and keyword != "identityagent" else value


def _config_file(host: Host) -> list[str]:
    """The jump host's ssh gets the configuration file and nothing else of ours."""
    words = host.ssh_args
    at = words.index("-F") if "-F" in words else len(words)
    return list(words[at : at + 2])


def _uri(jump: str) -> str:
    """[USER@]HOST[:PORT] as one word that ssh takes."""
    return jump if jump.startswith("ssh://") else f"ssh://{jump}"


def _greets(settings: dict[str, list[str]]) -> bool:
    """Whether a direct connection from here is greeted; True when that can't be asked."""
    address, port = _first(settings, "hostname"), _first(settings, "port")
    if not address or _first(settings, "proxyjump") or _first(settings, "proxycommand"):
        return True
    try:
        with socket.create_connection((address, int(port or 22)), timeout=_BANNER) as connection:
            connection.settimeout(_BANNER)
            return connection.recv(1) != b""
    except OSError:
        return False


def _program(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    return next((word for word in words if word != "exec"), "")


def _locked(settings: dict[str, list[str]]) -> tuple[str, ...]:
    """Those keys that ssh would offer, but can't open without a passphrase."""
    keys = [Path(text).expanduser() for text in settings.get("identityfile", [])]
    locked = [key for key in keys if is_file(key) and _is_locked(key)]
    if not locked:
        return ()
    held = _held_by_agent(_first(settings, "identityagent"))
    prints = {key: _fingerprint(key) for key in locked}
    return tuple(
        f"the key {key} has a passphrase, and"
        f" {'the agent does not hold it' if held else 'there is no agent that holds it'}"
        for key in locked
        if not held or (prints[key] and prints[key] not in held)
    )


def _is_locked(key: Path) -> bool:
    code, said = _code_and_output(["ssh-keygen", "-y", "-P", "", "-f", str(key)])
    return code != 0 and "incorrect passphrase" in said


def _fingerprint(key: Path) -> str:
    """'' of an old PEM key without its .pub: it tells nothing before it is opened."""
    words = _code_and_output(["ssh-keygen", "-l", "-f", str(key)])[1].split()
    return words[1] if len(words) > 2 and words[1].startswith("SHA256:") else ""


def _held_by_agent(agent: str) -> frozenset[str]:
    """Fingerprints of the agent's keys; none without an agent. `agent` as IdentityAgent has it."""
    if agent.startswith("$"):
        agent = os.environ.get(agent[1:].strip("{}"), "")
    own = agent and agent != "SSH_AUTH_SOCK"
    socket_path = {"SSH_AUTH_SOCK": str(Path(agent).expanduser())} if own else {}
    code, said = _code_and_output(["ssh-add", "-l"], socket_path)
    return frozenset(line.split()[1] for line in said.splitlines()) if code == 0 else frozenset()


def _code_and_output(
    command: list[str], environment: dict[str, str] | None = None
) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**ssh_environment(), **(environment or {})},
            start_new_session=True,
            timeout=_LOCAL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 255, ""
    return done.returncode, done.stdout.decode("utf-8", "backslashreplace")
