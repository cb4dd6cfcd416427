"""Secrets of a cluster that are made with it: ssh keys and shared tokens."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from rehearsal.run import run


@dataclass(frozen=True)
class SshKey:
    """A key pair in OpenSSH's formats."""

    private: str
    public: str


def ssh_key(directory: Path, name: str, comment: str) -> SshKey:
    """Make an ed25519 key pair `directory/name`, without a passphrase."""
    path = directory / name
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
    public = path.with_suffix(".pub").read_text(encoding="ascii")
    return SshKey(path.read_text(encoding="ascii"), public.strip())


@dataclass(frozen=True)
class Secrets:
    """What the nodes of a cluster share among themselves."""

    corosync: bytes
    pacemaker: bytes
    pcsd_token: str

    @classmethod
    def make(cls) -> "Secrets":
        return cls(secrets.token_bytes(256), secrets.token_bytes(4096), secrets.token_hex(64))
