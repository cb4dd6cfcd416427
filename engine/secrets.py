"""A secret is a type with one way out."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import ClassVar

MASK = "********"


class Secret:
    """Text that prints as a mask everywhere; `reveal()` is the one way out.

    Equality is compared by HMAC with a key of this process, so that nothing about the
    values can be learnt from a recorded comparison.
    """

    __slots__ = ("_value",)
    _key = os.urandom(32)
    _watchers: ClassVar[list[Callable[[Secret], None]]] = []

    def __init__(self, value: str) -> None:
        self._value = value
        for watcher in self._watchers:
            watcher(self)

    @classmethod
    def watched_by(cls, watcher: Callable[[Secret], None]) -> None:
        """Call `watcher` with every secret that is made from now on, so that none is forgotten."""
        cls._watchers.append(watcher)

    @classmethod
    def unwatched_by(cls, watcher: Callable[[Secret], None]) -> None:
        """The opposite of `watched_by`."""
        cls._watchers.remove(watcher)

    def reveal(self) -> str:
        """The raw text. Only transports and renderers of file content call this."""
        return self._value

    def fingerprint(self) -> str:
        """Keyed digest for comparing secrets of several nodes; worthless outside this process."""
        return hmac.new(self._key, self._value.encode(), hashlib.sha256).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self.fingerprint(), other.fingerprint()
        )

    def __hash__(self) -> int:
        return hash(self.fingerprint())

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never pickled")
