"""Readers of single fields for the parsers: there and of the right kind, or a ParseError.

Each reader names the source (command or file), the element and the field it looked for, so
that the message alone tells what the answer lacked. Nothing here falls back to a default
unless the caller passes one.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

from engine.errors import ParseError
from engine.model.cluster import INFINITY
from engine.model.visible import is_blank
from engine.verify import read_json

EXCERPT = 80
"""Characters of an unexpected text that a message shows."""

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # xsd:boolean
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


def excerpt(text: str) -> str:
    """The text in quotes, in one line, cut to a length that fits a message."""
    shown = text if len(text) <= EXCERPT else text[:EXCERPT] + "..."
    return repr(shown)


def integer(text: str, source: str, where: str) -> int:
    """A decimal number of at most 18 digits."""
    if not _INTEGER.fullmatch(text.strip()):
        raise ParseError(source, where, f"is {excerpt(text)}, expected a whole number")
    return int(text.strip())


def xml_root(text: str, source: str) -> Element:
    """The root element of an XML answer; a document type is refused (no entities to expand)."""
    if not text.strip():
        raise ParseError(source, "document", "is empty, expected XML")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ParseError(source, "document", "has a document type, expected plain XML")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        problem = f"is no XML ({error}); it begins {excerpt(text.strip())}"
        raise ParseError(source, "document", problem) from None


def child(parent: Element, tag: str, source: str) -> Element:
    """The only required child of this name."""
    found = parent.find(tag)
    if found is None:
        raise ParseError(source, f"<{parent.tag}>", f"has no element <{tag}>")
    return found


def attribute(element: Element, name: str, source: str) -> str:
    """A required attribute."""
    value = element.get(name)
    if value is None:
        raise ParseError(source, _element(element), f"has no attribute {name}")
    return value


def flag(element: Element, name: str, source: str, default: bool | None = None) -> bool:
    """A boolean attribute; required unless a default is given."""
    value = element.get(name)
    if value is None and default is not None:
        return default
    value = attribute(element, name, source)
    if value not in _BOOLEANS:
        problem = f"is {excerpt(value)}, expected true or false"
        raise ParseError(source, f"{_element(element)}/@{name}", problem)
    return _BOOLEANS[value]


def _element(element: Element) -> str:
    """`<node neteye01>`: the tag and what the element calls itself."""
    own = element.get("name") or element.get("id") or element.get("op_key")
    return f"<{element.tag} {own}>" if own else f"<{element.tag}>"


def json_value(text: str, source: str) -> object:
    """The value of a JSON answer; a key that is there twice is refused, nothing is guessed."""
    if not text.strip():
        raise ParseError(source, "document", "is empty, expected JSON")
    try:
        value: object = read_json(text, _once)
    except ValueError as error:
        problem = f"is no JSON ({error}); it begins {excerpt(text.strip())}"
        raise ParseError(source, "document", problem) from None
    return value


def json_object(text: str, source: str) -> dict[str, Any]:
    """The same of an answer that has to be an object."""
    value = json_value(text, source)
    if not isinstance(value, dict):
        raise ParseError(source, "document", f"is {_kind(value)}, expected an object")
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} is there twice")
    return result


class Fields:
    """A JSON object with readers for its keys.

    >>> Fields({"volume": 0}, "drbdsetup status --json", "devices[0]").number("volume")
    0
    """

    def __init__(self, value: object, source: str, where: str) -> None:
        if not isinstance(value, dict):
            raise ParseError(source, where, f"is {_kind(value)}, expected an object")
        self._values: Mapping[str, object] = value
        self._source = source
        self._where = where

    def has(self, key: str) -> bool:
        """Whether the key is there with a value; null counts as not there."""
        return self._values.get(key) is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, in their order."""
        return tuple(self._values)

    @property
    def filled(self) -> tuple[str, ...]:
        """Keys whose values are neither null, empty nor zero."""
        return tuple(key for key, value in self._values.items() if value)

    def path(self, key: str) -> str:
        """How messages name a key of this object."""
        return f"{self._where}.{key}" if self._where else key

    def text(self, key: str, *, may_be_empty: bool = False) -> str:
        """A required string, not empty unless it may be."""
        value = self._required(key)
        if not isinstance(value, str):
            raise self._wrong(key, value, "a string")
        if is_blank(value) and not may_be_empty:
            raise ParseError(self._source, self.path(key), "is empty, expected a string")
        return value

    def moment(self, key: str) -> datetime:
        """A required moment, in ISO 8601 with a zone."""
        plain = self.text(key)
        try:
            moment = datetime.fromisoformat(plain)
        except ValueError:
            moment = datetime.min
        if moment.tzinfo is None:
            problem = f"is {excerpt(plain)}, expected ISO 8601 with a zone"
            raise ParseError(self._source, self.path(key), problem)
        return moment

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number; required unless a default is given."""
        if default is not None and not self.has(key):
            return default
        value = self._required(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(key, value, "a whole number")
        return value

    def amount(self, key: str) -> float:
        """A required number, whole or not."""
        value = self._required(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._wrong(key, value, "a number")
        return float(value)

    def boolean(self, key: str, default: bool | None = None) -> bool:
        """true or false; required unless a default is given."""
        if default is not None and not self.has(key):
            return default
        value = self._required(key)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A required list of strings, which may be empty."""
        value = self._required(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, value, "a list of strings")
        return tuple(value)

    def objects(self, key: str, required: bool = True) -> tuple[Fields, ...]:
        """A list of objects; empty when it is not required and not there."""
        if not required and not self.has(key):
            return ()
        value = self._required(key)
        return objects(value, self._source, self.path(key))

    def entry(self, key: str) -> Fields:
        """A required object."""
        return Fields(self._required(key), self._source, self.path(key))

    def _required(self, key: str) -> object:
        if not self.has(key):
            problem = f"is missing; there are {', '.join(sorted(self._values)) or 'no keys'}"
            raise ParseError(self._source, self.path(key), problem)
        return self._values[key]

    def _wrong(self, key: str, value: object, expected: str) -> ParseError:
        shown = "" if isinstance(value, dict | list) else f" {excerpt(json.dumps(value))}"
        problem = f"is {_kind(value)}{shown}, expected {expected}"
        return ParseError(self._source, self.path(key), problem)


def objects(value: object, source: str, where: str) -> tuple[Fields, ...]:
    """A JSON list of objects; messages name an entry by its index."""
    if not isinstance(value, list):
        raise ParseError(source, where or "document", f"is {_kind(value)}, expected a list")
    return tuple(Fields(item, source, f"{where}[{i}]") for i, item in enumerate(value))


_KINDS: Sequence[tuple[type, str]] = (
    (bool, "the boolean"),
    (int, "the number"),
    (float, "the number"),
    (str, "the string"),
    (list, "a list"),
    (dict, "an object"),
)


def _kind(value: object) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")


_WORDS = {"INFINITY": INFINITY, "+INFINITY": INFINITY, "-INFINITY": -INFINITY}


def score_text(text: str, source: str, where: str) -> str:
    """One spelling for a score: `-1000000` of crm_mon is `-INFINITY` of the configuration."""
    value = _WORDS[text] if text in _WORDS else integer(text, source, where)
    if value <= -INFINITY:
        return "-INFINITY"
    return "INFINITY" if value >= INFINITY else str(value)
