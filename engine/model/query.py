"""Questions as values: an argument list, a parser and a deadline. Asking never changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from engine.model.answer import Answer
from engine.secrets import Secret

T = TypeVar("T")
Row = Mapping[str, Any]
"""A row that a database answers, by its columns' names."""


@dataclass(frozen=True)
class Query(Generic[T]):
    """One question to one node."""

    name: str
    argv: tuple[str, ...]
    parse: Callable[[Answer], T]
    deadline: float = 30.0
    ok_codes: tuple[int, ...] = (0,)
    """Exit codes that are answers. Any other means: unanswered."""
    secret: bool = False
    """The answer is never recorded, only what is derived from it."""
    stdin: bytes | Secret | None = None
    recorded: Callable[[T], str] | None = None
    """What of the value goes on record, when the answer may hold more than is asked for."""


@dataclass(frozen=True)
class SqlQuery(Generic[T]):
    """One question to the database, in a read-only session on the node that runs it."""

    name: str
    database: str
    sql: str
    parse: Callable[[list[Row]], T]
    params: tuple[Any, ...] = ()
    deadline: float = 60.0
    secret: bool = False


@dataclass(frozen=True)
class LocalQuery(Generic[T]):
    """A question to the controller itself: its files, its room."""

    name: str
    where: str
    """What is looked at, in the place of a command."""
    ask: Callable[[], T]
    write: Callable[[T], str]
    """The answer as the evidence has it."""
    parse: Callable[[str], T]
    """The answer read back from there; ValueError."""


@dataclass
class Asked(Generic[T]):
    """The same question to several nodes: who answered what, and who did not answer and why."""

    question: str
    values: dict[str, T] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return not self.unanswered


def of_text(parser: Callable[[str], T]) -> Callable[[Answer], T]:
    """A parser of standard output as a query's `parse`."""
    return lambda answer: parser(answer.text)


def in_login_shell(*argv: str) -> tuple[str, ...]:
    """The command in a fresh login shell: `DNF0` lives in the login environment (facts, trap 8)."""
    # "$@" passes the arguments on untouched, whatever they contain
    return ("bash", "-lc", '"$@"', "bash", *argv)
