"""How a node was reached: as whom and by which key, and its sockets in which way."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Login:
    """What the ssh client told when it was let in. Fingerprints only, no secret."""

    node: str
    user: str
    become: bool
    """Commands run as root through `sudo -n`."""
    method: str = ""
    """Of ssh, such as `publickey`; empty: the client did not tell."""
    key: str = ""
    """Fingerprint of the key that the server accepted; empty: not told, or another method."""
    key_name: str = ""
    """The file, or the comment of a key of the agent."""
    from_agent: bool = False
    host_key: str = ""
    """Fingerprint of the server's own key; it has one of each kind, and may show another one."""
    host_key_type: str = ""
    """Its kind, such as `ssh-ed25519`."""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class SocketWay:
    """How a Unix socket of a node was reached, such as the database's."""

    node: str
    socket: str
    by: str
    """`forwarding`, of ssh, or `relay`, a program on the node."""
    program: str = ""
    """Of a relay: `perl` or `python`."""
    become: bool = False
    """The relay runs as root through `sudo -n`."""
    why: str = ""
    """What was said of sshd when a relay had to take the place of forwarding."""

    def as_data(self) -> dict[str, Any]:
        return asdict(self)
