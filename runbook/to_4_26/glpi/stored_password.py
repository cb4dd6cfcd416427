"""Stored passwords of the GLPI plugin: telling whether one is new and reading it (ocs-glpi 2.2).

The plugin stores base64(nonce + ciphertext + tag) of the url-encoded password, by
XChaCha20-Poly1305 (IETF) with the 32 bytes of `glpicrypt.key`; the nonce is the associated data.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from nacl import exceptions
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_ABYTES,
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
)

from engine.ask.look import Look
from engine.model.answer import Answer
from engine.model.finding import Finding
from engine.model.query import Query
from engine.secrets import Secret
from runbook.to_4_26.glpi.place import ASKED_FOR, KEY_FILE, GlpiPlace
from runbook.to_4_26.glpi.servers import OcsServer

_NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_SHORTEST = _NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES + 1
_KEY = crypto_aead_xchacha20poly1305_ietf_KEYBYTES


class CantDecrypt(Exception):
    """Why a stored password can't be decrypted; the text holds neither value nor key."""


def keyed_digest(stored: Secret, key: Secret) -> str:
    """What is kept of a stored password to see later whether it changed: an HMAC-SHA256.

    The key is thrown away with the attempt: the value before the upgrade is reversible, so
    any other digest could be tried out against common passwords.
    """
    return hmac.new(key.reveal().encode(), stored.reveal().encode(), hashlib.sha256).hexdigest()


def is_unchanged(stored: Secret, key: Secret, digest: str) -> bool:
    """Whether this is the value whose digest was kept."""
    return hmac.compare_digest(keyed_digest(stored, key), digest)


def has_new_form(stored: Secret) -> bool:
    """Whether it can be of the new form at all: valid base64, long enough for nonce and tag."""
    try:
        return len(_decoded(stored)) >= _SHORTEST
    except CantDecrypt:
        return False


def decrypt(stored: Secret, key: Secret) -> Secret:
    """The password. `key` is the content of glpicrypt.key in base64; CantDecrypt says why not."""
    raw_key = _raw_key(key)
    raw = _decoded(stored)
    if len(raw) < _SHORTEST:
        raise CantDecrypt(f"it has {len(raw)} bytes, too few for the new form ({_SHORTEST})")
    nonce = raw[:_NONCE]
    try:
        plain = crypto_aead_xchacha20poly1305_ietf_decrypt(raw[_NONCE:], nonce, nonce, raw_key)
        return Secret(unquote(plain.decode("ascii"), errors="strict"))
    except (exceptions.CryptoError, ValueError):
        # the library's text could show parts of what it worked on
        raise CantDecrypt("it does not decrypt with GLPI's key") from None


def unusable(key: Secret) -> str:
    """Why nothing can be decrypted by this key; '' when it has the form of one."""
    try:
        _raw_key(key)
    except CantDecrypt as error:
        return str(error)
    return ""


def _raw_key(key: Secret) -> bytes:
    try:
        raw_key = base64.b64decode("".join(key.reveal().split()), validate=True)
    except binascii.Error:
        raise CantDecrypt("GLPI's key could not be read as base64") from None
    if len(raw_key) != _KEY:
        raise CantDecrypt(f"GLPI's key has {len(raw_key)} bytes, expected {_KEY}")
    return raw_key


def _decoded(stored: Secret) -> bytes:
    try:
        return base64.b64decode(stored.reveal(), validate=True)
    except (binascii.Error, ValueError):
        raise CantDecrypt("it is no base64") from None


_READ_KEY = '[ -f "$1" ] || exit 44; exec base64 -w 0 -- "$1"'


@dataclass(frozen=True)
class KeyAnswer:
    """GLPI's key, by which stored passwords are read after the upgrade; or why it can't be had.

    Asked before the upgrade, too.
    """

    key: Secret | None
    problem: str = ""


def glpi_key(directory: str) -> Query[KeyAnswer]:
    """GLPI's key in its configuration directory; never recorded.

    Asked on the node where GLPI's shared directory is mounted.
    """
    path = f"{directory}/{KEY_FILE}"

    def parse(answer: Answer) -> KeyAnswer:
        if answer.code == 44:
            return KeyAnswer(None, f"there is no {path}; {ASKED_FOR}")
        key = Secret(answer.text.strip())
        if why := unusable(key):
            return KeyAnswer(None, f"{path}: {why}")
        return KeyAnswer(key)

    return Query(
        name="GLPI's key",
        argv=("sh", "-c", _READ_KEY, "key", path),
        parse=parse,
        ok_codes=(0, 44),
        secret=True,
        deadline=60.0,
    )


def key_at(look: Look, node: str, place: GlpiPlace) -> KeyAnswer:
    """GLPI's key on the node where its directory is mounted."""
    if place.directory is None:
        return KeyAnswer(None, f"which key GLPI uses can't be told: {place.sentence}. {ASKED_FOR}")
    return look.ask(node, glpi_key(place.directory))


def missing_before(servers: Iterable[OcsServer], key: KeyAnswer) -> list[Finding]:
    """Before the upgrade: servers whose new password nobody could read after it (G03)."""
    if key.key is not None:
        return []
    return [
        Finding(
            code=f"glpi-key-missing{'' if server.is_active else '-inactive'}",
            subject=f"OCS server {server.name}",
            observed=f"{server}: {key.problem}",
            expected=f"GLPI's {KEY_FILE}, by which the password that the upgrade sets is read",
            remedy="Put it back from a backup: without it GLPI can read no stored password, and"
            " the new one can't be proved. If this GLPI has none yet (older than 9.5), and the"
            " upgrade makes it, accept this finding. " + ASKED_FOR,
            guide=("G03",),
        )
        for server in servers
        if server.is_standard and not server.is_soap
    ]
