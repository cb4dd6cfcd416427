"""Values that tell nothing of whose they are, and shapes in the place of the others. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Collection

MASKED = "*"
"""In the place of a value that nobody but its owner needs."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,7}|INFINITY)", re.ASCII)
_DURATION = re.compile(r"[0-9]{1,7}(?:ms|msec|us|usec|s|sec|m|min|h|hr)?", re.ASCII | re.IGNORECASE)
_SWITCHES = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "enabled", "disabled"})
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){1,2}(?![.\w])", re.ASCII)
"""Of three numbers at most: four could be an address."""

_CLASSES = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digit": string.digits,
    "blank": string.whitespace,
    # what the target's configuration can't carry is told apart
    "quote": "'\"`",
    "backslash": "\\",
    "punctuation": "".join(set(string.punctuation) - set("'\"`\\")),
}


def is_harmless(value: str, words: Collection[str] = ()) -> bool:
    """A short number, a score, a time, a switch, or one of these words: nobody's name, and too
    short for a serial number."""
    return (
        _NUMBER.fullmatch(value) is not None
        or _DURATION.fullmatch(value) is not None
        or value.lower() in _SWITCHES
        or value in words
    )


def kept_or_masked(value: str, words: Collection[str] = ()) -> str:
    """The value where it is harmless, else `*`; '' stays."""
    return value if not value or is_harmless(value, words) else MASKED


def count_of(value: object, most: int) -> int | None:
    """A number of things; None for what is none, or is larger than any such number."""
    try:
        number = int(str(value))
    except ValueError:
        return None
    return number if 0 <= number <= most else None


def version_in(value: str) -> str:
    """The number that a version begins with, `2.1.5` of `2.1.5-a3f44794f94`; else `*`."""
    found = _VERSION.match(value)
    return found[0] if found else MASKED


def shape_of_secret(value: str) -> dict[str, object]:
    """Length in characters and classes of characters: one with the same is drawn anew."""
    classes = [name for name, characters in _CLASSES.items() if set(value) & set(characters)]
    if any(not char.isascii() for char in value):
        classes.append("other")
    return {"length": len(value), "classes": classes}
