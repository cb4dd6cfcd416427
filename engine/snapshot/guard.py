"""The last look before a snapshot is written: nothing that was replaced may stand in it.

It does not go by how something was replaced. It looks for every original, in the forms in which one
could have slipped through.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.errors import RunbookError

_SHORTEST = 3
"""Bytes; a shorter text stands in every other word."""
_SHORTEST_ENCODED = 6
"""For what is looked for without regard to what stands beside it."""
_PIECES = re.compile(r"[^0-9a-z]+")
_ADDRESS = re.compile(r"(?<![0-9a-z.:-])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9a-z.-])")
_MAC = re.compile(r"(?<![0-9a-f:])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![0-9a-f:])")
_MAIL = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+\.[a-z]{2,}")
_NOBODYS = tuple(
    ipaddress.ip_network(one)
    for one in (
        *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15"),
        *("127.0.0.0/8", "0.0.0.0/32"),
    )
)


class NotWritten(RunbookError):
    """The snapshot was not written: it held something that names somebody. Says of which kind."""


def refuse_names(
    document: Mapping[str, Any],
    originals: Mapping[str, str],
    fixed: Iterable[str],
    clean: Callable[[str], str] = str,
    free: Iterable[str] = (),
) -> None:
    """Raise NotWritten when an original, a secret, an address or a mail address is in a text.

    `fixed` are words that are everybody's: an original that is made of them names nobody. `clean`
    masks the secrets that are known. `free` are keys whose texts may look like an address, as the
    versions of packages do.
    """
    texts = list(dict.fromkeys(_texts(document, frozenset(free))))
    pieces = {piece for word in fixed for piece in _PIECES.split(word.casefold())}
    whole = "\n".join(text for text, _ in texts)
    if any(_holds_secret(line, clean, pieces) for line in whole.splitlines()):
        raise _refused("a secret")
    folded = whole.casefold()
    for original, kind in originals.items():
        if not _is_everybodys(original, pieces) and _is_found(original, folded, whole):
            raise _refused(kind)
    for text in (text.casefold() for text, is_free in texts if not is_free):
        if _MAC.search(text):
            raise _refused("a hardware address")
        if _MAIL.search(text):
            raise _refused("a mail address")
        if any(map(_is_somebodys, _ADDRESS.findall(text))):
            raise _refused("an address")


def _holds_secret(line: str, clean: Callable[[str], str], pieces: set[str]) -> bool:
    """A secret that is a word of everybody's, such as the product's name, is not told by it."""
    if clean(line) == line:
        return False
    masked = [word for word in line.split() if clean(word) != word]
    return not masked or not all(_is_everybodys(word, pieces) for word in masked)


def _refused(kind: str) -> NotWritten:
    return NotWritten(
        f"the snapshot would have held {kind}, so it was not written; please hand in that this"
        " happened, with the version of the runbook: it is a fault of ours"
    )


def _texts(value: Any, free: frozenset[str], key: str = "") -> Iterator[tuple[str, bool]]:
    """Every text of the document, keys too, and whether it may look like an address."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name), key in free
            yield from _texts(inner, free, key if key in free else str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, free, key)
    elif isinstance(value, str):
        yield value, key in free


def _is_everybodys(original: str, pieces: set[str]) -> bool:
    parts = [part for part in _PIECES.split(original.casefold()) if part]
    if not parts:
        return not any(map(str.isalnum, original))
    return all(part in pieces or (part.isdecimal() and len(part) < 5) for part in parts)


def _is_found(original: str, folded: str, whole: str) -> bool:
    plain = original.strip().casefold()
    if len(plain.encode()) < _SHORTEST:
        return False
    backwards = {plain[::-1], ".".join(reversed(plain.split(".")))} - {plain}
    for form in (plain, *(one for one in backwards if len(one) >= _SHORTEST_ENCODED)):
        bounded = rf"(?<![0-9a-z]){re.escape(form)}(?![0-9a-z])"
        if form in folded and re.search(bounded, folded):
            return True
    return any(form in whole for form in _encoded(original.strip()))


def _encoded(text: str) -> Iterator[str]:
    if len(text) < _SHORTEST_ENCODED:
        return
    for raw in {text.encode(), text.lower().encode(), text.upper().encode()}:
        yield raw.hex()
        for offset in range(3):
            first, end = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
            yield base64.b64encode(bytes(offset) + raw)[first:end].decode()


def _is_somebodys(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not any(address in network for network in _NOBODYS if network.version == address.version)
