"""The key by which an attempt compares secrets, as only their HMACs are on record."""

from __future__ import annotations

import secrets

from engine.attempt.remote import NO_RECORDS, ROOT, script
from engine.model.answer import Answer
from engine.model.query import Query
from engine.secrets import Secret

KEY_FILE = "comparison.key"
"""Its name in the attempt's directory on N."""

_READ = '[ -s "$1" ] || exit 3; exec cat -- "$1"'


def new_key() -> Secret:
    """A key for one attempt: 32 random bytes, as hexadecimal digits."""
    return Secret(secrets.token_bytes(32).hex())


def key_place(attempt: str) -> str:
    """Where the key of an attempt lies, below the root of the records."""
    return f"attempts/{attempt}/{KEY_FILE}"


def _key(answer: Answer) -> Secret | None:
    return Secret(answer.text.strip()) if answer.code == 0 else None


def comparison_key_of(attempt: str) -> Query[Secret | None]:
    """Asks N for the key; None: it is not there, or was thrown away.

    By it an attempt tells whether a secret has changed, without keeping the secret: only HMACs of
    secrets are on record. It lies on N alone, is never handed over with the records, and is thrown
    away when the attempt is over: from then on nobody can try guesses against what was recorded.
    """
    return Query(
        name="key of the attempt's comparisons",
        argv=script(_READ, f"{ROOT}/{key_place(attempt)}"),
        parse=_key,
        ok_codes=(0, NO_RECORDS),
        secret=True,
    )
