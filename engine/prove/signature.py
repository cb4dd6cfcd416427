"""Signing the evidence with the operator's own ssh key, by OpenSSH's `ssh-keygen -Y sign`.

Keys of an agent work: nobody is asked for a passphrase in the middle of the night. Without a key
that signs by itself the evidence stays unsigned, and says why.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.given_path import is_file
from engine.model.inventory import Host
from engine.verify import NAMESPACE, Wrong, key_of, signer_of

REHEARSAL = "neteye-runbook-rehearsal"
"""Namespace of a rehearsal's statement."""
DEADLINE = 30.0
"""Seconds for one call; a key that waits to be touched gets this long."""
_TOO_OLD = re.compile(r"illegal option|unknown option", re.I)
_KEY = re.compile(r"with \S+ key (SHA256:\S+)")
_PROBE = b"can this key sign?\n"


class CantSign(Exception):
    """Why the evidence stays unsigned."""


class CantVerify(Exception):
    """Why a signature counts for nothing."""


@dataclass(frozen=True)
class Signer:
    """A key that has just signed something, so that it will again."""

    key: Path
    fingerprint: str

    def sign(self, text: bytes, namespace: str = NAMESPACE) -> bytes:
        """The armoured signature. Raises CantSign."""
        return _sign(self.key, text, namespace)


def find_signer(host: Host | None, directory: Path, chosen: Path | None = None) -> Signer:
    """The operator's key: the one of the inventory, else one that needs no question.

    `host` is a node: the identity files for it count when the agent has no key. `directory` (0700)
    is where public keys of the agent are laid for ssh-keygen. Raises CantSign with the reason.
    """
    try:
        return _first_that_signs(host, directory, chosen)
    except OSError as error:
        raise CantSign(f"{directory}: {error.strerror or error}") from error


def _first_that_signs(host: Host | None, directory: Path, chosen: Path | None) -> Signer:
    reasons = []
    for key in [chosen] if chosen is not None else _candidates(host, directory):
        try:
            signature = _sign(key, _PROBE)
            return Signer(key, _fingerprint(signature, directory))
        except CantSign as error:
            reasons.append(f"{key.name}: {error}")
    if not reasons:
        raise CantSign("there is no ssh key, neither of an agent nor of this user")
    raise CantSign("; ".join(reasons))


def _candidates(host: Host | None, directory: Path) -> Iterator[Path]:
    for number, line in enumerate(printed(["ssh-add", "-L"]).splitlines()):
        if line.startswith(("ssh-", "ecdsa-", "sk-")):
            path = directory / f"agent-{number}.pub"
            path.write_text(f"{line}\n", encoding="utf-8")
            yield path
    yield from _identity_files(host)
    if host is not None and host.key_file is not None:
        yield host.key_file


def _identity_files(host: Host | None) -> Iterator[Path]:
    """This user's, by the configuration of OpenSSH and its defaults."""
    for name, value in ssh_settings(host):
        if name == "identityfile" and is_file(path := Path(value).expanduser()):
            yield path


def ssh_settings(host: Host | None) -> Iterator[tuple[str, str]]:
    """Name and value of what OpenSSH goes by for a login to a node; names are in lower case."""
    login = [*host.ssh_args, "-l", host.user, "--", host.address] if host else ["localhost"]
    for line in printed(["ssh", "-G", *login]).splitlines():
        name, _, value = line.partition(" ")
        yield name, value


def signed_by(text: bytes, signature: bytes, allowed: Path, namespace: str) -> tuple[str, str]:
    """Who signed it, by the file of allowed signers, and the key's fingerprint. CantVerify."""
    with _laid_down(signature) as path:
        name, key = signer_of(path, allowed, namespace, text)
    return name, key.rpartition(" ")[2]


def is_signed_with(text: bytes, signature: bytes, namespace: str) -> str:
    """The fingerprint of the key that signed exactly this, whoever has it. CantVerify."""
    with _laid_down(signature) as path:
        return key_of(path, namespace, text).rpartition(" ")[2]


@contextmanager
def _laid_down(signature: bytes) -> Iterator[Path]:
    """The signature as a file; CantVerify when what is asked of it in the block fails."""
    try:
        with tempfile.NamedTemporaryFile(prefix="nr-signature-") as file:
            file.write(signature)
            file.flush()
            yield Path(file.name)
    except Wrong as wrong:
        raise CantVerify(str(wrong)) from wrong
    except OSError as error:
        raise CantVerify(f"it could not be checked: {error.strerror or error}") from error


def _sign(key: Path, text: bytes, namespace: str = NAMESPACE) -> bytes:
    done = _call(["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(key)], text)
    said = done.stderr.decode(errors="replace").strip()
    if _TOO_OLD.search(said):
        raise CantSign("ssh-keygen is older than OpenSSH 8.1 and can't sign")
    if done.returncode != 0 or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise CantSign(said.splitlines()[-1][:200] if said else f"exit code {done.returncode}")
    return done.stdout


def _fingerprint(signature: bytes, directory: Path) -> str:
    """Which key a signature of the probe is by."""
    with tempfile.NamedTemporaryFile(dir=directory, prefix="probe-") as file:
        file.write(signature)
        file.flush()
        words = ["ssh-keygen", "-Y", "check-novalidate", "-n", NAMESPACE, "-s", file.name]
        done = _call(words, _PROBE)
    found = _KEY.search(done.stdout.decode(errors="replace"))
    if done.returncode != 0 or found is None:
        raise CantSign("what it signed could not be checked")
    return found[1]


def printed(words: Sequence[str], agent: str = "") -> str:
    """What a command of OpenSSH prints; nothing when it fails: then it has no key for us.

    `agent`: the socket of another agent than that of the environment.
    """
    try:
        return _call(words, b"", agent).stdout.decode(errors="replace")
    except CantSign:
        return ""


def _call(words: Sequence[str], text: bytes, agent: str = "") -> subprocess.CompletedProcess[bytes]:
    """Without a terminal and without a window: a passphrase can't be asked for."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS")
    try:
        return subprocess.run(
            words,
            input=text,
            capture_output=True,
            env={
                **{name: value for name, value in os.environ.items() if name not in hidden},
                "SSH_ASKPASS_REQUIRE": "never",
                "LC_ALL": "C",
                **({"SSH_AUTH_SOCK": agent} if agent else {}),
            },
            start_new_session=True,
            timeout=DEADLINE,
            check=False,
        )
    except FileNotFoundError:
        raise CantSign(f"there is no {words[0]} on this machine") from None
    except subprocess.TimeoutExpired:
        raise CantSign(f"no answer within {DEADLINE:.0f} seconds") from None
    except OSError as error:
        raise CantSign(f"{words[0]}: {error.strerror or error}") from error
