"""Values of CAPACITY made anew: of the class and the shape that the snapshot tells."""

from __future__ import annotations

import re

NULL = "null"
INT_MIN, INT_MAX = -2147483648, 2147483647
_SPACE = " \t\n\x0b\x0c\r"
_DECORATED = re.compile(rf"[{_SPACE}]*([+-]?[0-9]+)[{_SPACE}]*\Z")
_LEADING = re.compile(rf"[{_SPACE}]*[+-]?[0-9]")
SAMPLES = {
    "integer": "8191",
    "decorated integer": " 8192",
    "blank": "",
    "leading number": "8192 MB",
    "text": "unknown",
    "out of range": "99999999999",
}
"""Class -> a value of it, where the shape tells none."""
CLASSES = (NULL, *SAMPLES)
SHAPE = re.compile(r"[a9x .,+:/_()-]{0,40}\Z")
_MADE = str.maketrans({"9": "4", "a": "b", "x": "~"})


def class_of(value: str | None) -> str:
    """How a value behaves when the column becomes an integer.

    >>> class_of("+8192"), class_of("8192 MB"), class_of("No")
    ('decorated integer', 'leading number', 'text')
    """
    if value is None:
        return NULL
    if not value.strip(_SPACE):
        return "blank"
    if re.fullmatch("[0-9]+", value):
        return "integer" if int(value) <= INT_MAX else "out of range"
    decorated = _DECORATED.match(value)
    if decorated:
        fits = INT_MIN <= int(decorated[1]) <= INT_MAX
        return "decorated integer" if fits else "out of range"
    return "leading number" if _LEADING.match(value) else "text"


def made(kind: str, shape: str, literal: str | None) -> str | None:
    """A value of the class `kind`: the literal one, else one of the shape.

    In a shape 9 is a digit, a is a letter, x is what is neither; others stand for themselves.
    """
    if kind == NULL:
        return None
    value = shape.translate(_MADE) if literal is None else literal
    return value if class_of(value) == kind else SAMPLES[kind]
