"""The options of our ssh clients. Those given here win over the operator's configuration files."""

from __future__ import annotations

from pathlib import Path

from engine.model.inventory import Host
from engine.transport.login import telling_options

CONNECT_TIMEOUT = 10
"""Seconds for TCP and the server's banner (each hop)."""
ALIVE_INTERVAL, ALIVE_COUNT = 5, 4
"""A connection that was silent for 20 to 25 seconds is lost."""
IDLE = 300
"""Seconds after which an unused connection ends; it ends so too when the runbook was killed."""
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
CLIENT = (
    *("ssh", "-F", "/dev/null", "-T", "-e", "none"),
    *("-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ProxyCommand=false"),
    *("-o", "LogLevel=ERROR"),
)
"""A client that uses an open connection, followed by `-S SOCKET` and what it is to do."""


def master_command(host: Host, control: Path, log: Path) -> list[str]:
    """The ssh client that logs in and stays as the connection."""
    quiet = ["ssh", "-f", "-N", "-S", str(control), "-E", str(log), *_options()]
    return [*quiet, *telling_options(), *_target(host)]


def aloud_command(host: Host, log: Path) -> list[str]:
    """A login for its messages: with a control socket, ssh hides what a jump host's ssh says."""
    alone = ["-S", "none", "-o", "ControlMaster=no", "-o", "ControlPersist=no"]
    return ["ssh", *alone, "-E", str(log), *_options(), *_target(host), "exit"]


def configuration_command(host: Host) -> list[str]:
    """A client that prints its configuration for this host, and connects to nobody."""
    return ["ssh", "-G", *_options(), *_target(host)]


def _options() -> list[str]:
    return [word for name, value in _OPTIONS.items() for word in ("-o", f"{name}={value}")]


def _target(host: Host) -> list[str]:
    words = [*host.ssh_args]
    if host.key_file is not None:
        # IdentitiesOnly: keys of the agent must not use up the server's MaxAuthTries first.
        words += ["-i", str(host.key_file), "-o", "IdentitiesOnly=yes"]
    if host.port != 22:  # the default leaves the port to the operator's own configuration
        words += ["-p", str(host.port)]
    return [*words, "-l", host.user, "--", host.address]
