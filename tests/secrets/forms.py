"""The forms in which a secret could turn up, and the search for them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

Secrets = Mapping[str, str | bytes]
"""Name -> secret; only names are ever told."""

_ESCAPE = re.compile("%[0-9A-F]{2}")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_KEPT = ("", "/", "-_.!~*'()", ";,/?:@&=+$-_.!~*'()#")
"""What a path, and JavaScript's two functions, leave as it is in a URL."""
_DIGESTS = ("md5", "sha1", "sha256", "sha512")
_PACKED = b"\x1f\x8b"


def forms_of(secret: str | bytes) -> frozenset[bytes]:
    """The secret as it is and encoded; digests without a key too: those can be tried out."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    found = {raw, *_urls(raw), *_base64(raw), *_digests(raw), *_digests(raw + b"\n")}
    found |= {raw.hex().encode(), raw.hex().upper().encode()}
    if isinstance(secret, str):
        in_json = json.dumps(secret)[1:-1]
        # report.html has JSON in an attribute
        texts = (html.escape(secret), in_json, html.escape(in_json), repr(secret)[1:-1])
        found |= {text.encode() for text in texts}
    return frozenset(found)


def _urls(raw: bytes) -> Iterator[bytes]:
    escaped = {quote(raw, safe=kept) for kept in _KEPT} | {quote_plus(raw)}
    for text in escaped:
        yield text.encode()
        yield _ESCAPE.sub(lambda match: match[0].lower(), text).encode()


def _base64(raw: bytes) -> Iterator[bytes]:
    """In a longer text its place decides: what depends on the secret alone, for each of three."""
    for before in range(3):
        first, end = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        inner = base64.b64encode(bytes(before) + raw)[first:end]
        yield inner
        yield inner.translate(_URL_SAFE)


def _digests(raw: bytes) -> Iterator[bytes]:
    for name in _DIGESTS:
        digest = hashlib.new(name, raw).hexdigest()
        yield from (digest.encode(), digest.upper().encode())
    # what MariaDB keeps of a password
    inner = hashlib.sha1(raw).digest()
    yield hashlib.sha1(inner).hexdigest().upper().encode()


def exposed(secrets: Secrets, contents: Iterable[tuple[str, bytes]]) -> list[str]:
    """What shows which secret, `PLACE: NAME`; never the secret itself."""
    forms = {name: forms_of(secret) for name, secret in secrets.items()}
    return [
        f"{place}: {name}"
        for place, content in contents
        for name, variants in forms.items()
        if any(form in content for form in variants)
    ]


def contents_of(directory: Path, without: str = "") -> Iterator[tuple[str, bytes]]:
    """Every file below with its name as a part of it; what is packed unpacked.

    `without`: the name of directories that are left out.
    """
    for path in sorted(directory.rglob("*")):
        place = path.relative_to(directory)
        if without and without in place.parts:
            continue
        yield f"name of {_safe(place)}", str(place).encode()
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            yield _safe(place), gzip.decompress(content) if content[:2] == _PACKED else content


def _safe(place: Path) -> str:
    """A place to look at, less its name: that may be what is exposed."""
    return f"{place.parent}/{place.name[:24]}"
