"""Stored passwords of the GLPI plugin: telling whether one is new and reading it (ocs-glpi 2.2).

The plugin stores base64(nonce + ciphertext + tag) of the url-encoded password, by
XChaCha20-Poly1305 (IETF) with the 32 bytes of `glpicrypt.key`; the nonce is the associated data.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import unquote

from nacl import exceptions
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_ABYTES,
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
)

from engine.secrets import Secret

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
