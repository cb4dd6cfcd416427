"""Passwords drawn anew, of the length and the classes of characters that the real ones have."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rehearsal.like.fields import Fields, SnapshotError
from rehearsal.standins.settings import AWKWARD

CLASSES: Mapping[str, str] = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digit": string.digits,
    "punctuation": AWKWARD,
    "blank": " ",
    "quote": "\"'",
    "backslash": "\\",
    "other": "äöüß",
}
"""Class -> its characters. What ends a value in a configuration file is a class of its own."""
_PLAIN = ("lower", "upper", "digit")
_LONGEST = 512


@dataclass(frozen=True)
class Shape:
    """What is told of a password: how long, and which classes of characters are in it."""

    length: int
    classes: tuple[str, ...]


def shape(one: Fields) -> Shape:
    """The keys `length` and `classes` of an object; raises SnapshotError."""
    length, classes = one.number("length"), one.texts("classes")
    unknown = next((name for name in classes if name not in CLASSES), None)
    if unknown is not None:
        raise SnapshotError(f"{one.at('classes')} has {unknown!r}, which is not known")
    if not len(set(classes)) <= length <= _LONGEST or (length and not classes):
        raise SnapshotError(f"{one.where}: {length} characters can't be of {len(classes)} classes")
    return Shape(length, classes)


def password(of: Shape, generator: random.Random) -> str:
    """One of that shape: each class is in it, no other, and its ends are plain where it can be."""
    classes = list(dict.fromkeys(of.classes))
    every = "".join(CLASSES[name] for name in classes)
    drawn = [generator.choice(CLASSES[name]) for name in classes]
    drawn += [generator.choice(every) for _ in range(of.length - len(drawn))]
    generator.shuffle(drawn)
    return "".join(_plain_ends(drawn))


def _plain_ends(drawn: Sequence[str]) -> list[str]:
    """A sign at an end would be taken for a comment, a section or punctuation."""
    found = list(drawn)
    plain = [i for i, letter in enumerate(found) if any(letter in CLASSES[c] for c in _PLAIN)]
    if plain:
        found[0], found[plain[0]] = found[plain[0]], found[0]
    if len(plain) > 1:
        found[-1], found[plain[-1]] = found[plain[-1]], found[-1]
    return found
