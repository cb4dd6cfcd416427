"""Reads JSON of a snapshot strictly: each key once, each value of its kind, none left over."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from rehearsal.errors import UsageError

T = TypeVar("T")
MASKED = "*"
"""What stands in a snapshot for a value that is not told."""
_MANY = 20_000
_LONG = 4096
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,199}\Z")
NODE = re.compile(r"node-[1-9][0-9]{0,2}\Z")


class SnapshotError(UsageError):
    """The snapshot is not one that a twin can be made of; one sentence says why."""


class Fields:
    """One object of a snapshot; `where` names it in messages, as `cluster.nodes[0]`."""

    def __init__(self, content: object, where: str) -> None:
        if not isinstance(content, dict):
            raise SnapshotError(f"{where} is no object of keys and values")
        self.where = where
        self._content: dict[str, Any] = content
        self._read: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether it is there, and is not null."""
        return self._content.get(key) is not None

    def raw(self, key: str) -> Any:
        """The value, whatever it is; SnapshotError where there is none."""
        self._read.add(key)
        if key not in self._content:
            raise SnapshotError(f"{self.where} has no {key!r}")
        return self._content[key]

    def text(self, key: str, default: str | None = None, most: int = _LONG) -> str:
        """A text of one line; the default where it is missing or null."""
        if default is not None and not self.has(key):
            self._read.add(key)
            return default
        return line(self.raw(key), self.at(key), most)

    def long_text(self, key: str, most: int) -> str:
        """A text of many lines."""
        value = self.raw(key)
        if not isinstance(value, str) or len(value) > most or "\x00" in value:
            raise SnapshotError(f"{self.at(key)} is no text of up to {most} characters")
        return value

    def word(self, key: str, known: Collection[str], default: str | None = None) -> str:
        """One of the known words."""
        value = self.text(key, default)
        if value not in known:
            raise SnapshotError(f"{self.at(key)} is {value!r}, known are {', '.join(known)}")
        return value

    def ident(self, key: str) -> str:
        """A name that pacemaker takes as an id."""
        return ident(self.raw(key), self.at(key))

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number from 0."""
        if default is not None and not self.has(key):
            self._read.add(key)
            return default
        return number(self.raw(key), self.at(key))

    def truth(self, key: str, default: bool | None = None) -> bool:
        """true or false."""
        if default is not None and not self.has(key):
            self._read.add(key)
            return default
        value = self.raw(key)
        if not isinstance(value, bool):
            raise SnapshotError(f"{self.at(key)} is neither true nor false")
        return value

    def objects(self, key: str, read: Callable[[Fields], T], most: int = _MANY) -> tuple[T, ...]:
        """A list of objects, each read by `read` and without a key that it does not know."""
        found = []
        for position, content in enumerate(self.items(key, most)):
            one = Fields(content, f"{self.at(key)}[{position}]")
            found.append(read(one))
            one.done()
        return tuple(found)

    def object(self, key: str) -> Fields:
        """An object; an empty one where it is missing or null."""
        self._read.add(key)
        return Fields(self._content.get(key) or {}, self.at(key))

    def items(self, key: str, most: int = _MANY) -> Sequence[Any]:
        """A list; an empty one where it is missing or null."""
        self._read.add(key)
        found = self._content.get(key)
        if found is None:
            return ()
        if not isinstance(found, list) or len(found) > most:
            raise SnapshotError(f"{self.at(key)} is no list of up to {most}")
        return found

    def texts(self, key: str, most: int = _MANY) -> tuple[str, ...]:
        """A list of texts of one line."""
        return tuple(line(one, self.at(key)) for one in self.items(key, most))

    def pairs(self, key: str) -> Mapping[str, str]:
        """An object of texts by name; an empty one where it is missing or null."""
        return self.object(key).as_pairs()

    def as_pairs(self) -> Mapping[str, str]:
        """All of it, as texts by name."""
        return {self._key(key): line(value, self.at(key)) for key, value in self._all()}

    def as_numbers(self) -> Mapping[str, int]:
        """All of it, as whole numbers by name."""
        return {self._key(key): number(value, self.at(key)) for key, value in self._all()}

    def as_truths(self) -> Mapping[str, bool]:
        """All of it, as true or false by name."""
        return {self._key(key): self.truth(key) for key, _ in self._all()}

    def by_name(self, read: Callable[[Fields], T]) -> Mapping[str, T]:
        """All of it, as objects by name."""
        found = {}
        for key in [key for key, _ in self._all()]:
            one = self.object(key)
            found[self._key(key)] = read(one)
            one.done()
        return found

    def names(self) -> Sequence[str]:
        """All keys; they count as read."""
        return [self._key(key) for key, _ in self._all()]

    def _all(self) -> Sequence[tuple[str, Any]]:
        if len(self._content) > _MANY:
            raise SnapshotError(f"{self.where} has more than {_MANY} keys")
        self._read |= set(self._content)
        return list(self._content.items())

    def _key(self, key: str) -> str:
        return line(key, f"a key of {self.where}")

    def at(self, key: str) -> str:
        """Where in the snapshot the value of a key is."""
        return f"{self.where}.{key}" if self.where else key

    def done(self) -> None:
        """SnapshotError where there are keys that nobody has read: what they mean is not known."""
        unknown = sorted(set(self._content) - self._read)
        if unknown:
            raise SnapshotError(f"{self.where or 'it'} has {unknown[0]!r}, which is not known")


def line(value: object, where: str, most: int = _LONG) -> str:
    """A text of one line, which XML and a command's argument can carry."""
    if not isinstance(value, str) or len(value) > most or _CONTROL.search(value):
        raise SnapshotError(f"{where} is no text of one line, up to {most} characters")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise SnapshotError(f"{where} is no text of characters") from None
    return value


def ident(value: object, where: str) -> str:
    """A name that pacemaker takes as an id."""
    text = line(value, where)
    if not _ID.match(text):
        raise SnapshotError(f"{where} is {text[:80]!r}, which can't be a name in pacemaker")
    return text


def number(value: object, where: str) -> int:
    """A whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise SnapshotError(f"{where} is no whole number from 0")
    return value
