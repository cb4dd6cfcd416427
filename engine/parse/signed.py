"""Files that somebody signed (JSON), an approval or a rehearsal's statement -> what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from engine.errors import ParseError
from engine.model.approval import Approval, Statement
from engine.model.event import stamp
from engine.parse.fields import Fields, json_value

SCHEMA = 1
LARGEST_SIGNED = 16 << 20
"""Bytes of such a file; an approval has the facts of a plan in it, every step's commands too."""
_TEXTS = ("run", "cluster", "environment", "scenario", "runbook", "source", "target", "key")

T = TypeVar("T")


@dataclass(frozen=True)
class Signed(Generic[T]):
    """What a file says, its fields as they are written for the signature, and that itself."""

    content: T
    fields: dict[str, Any]
    signature: str
    """Empty when nobody signed."""


def parse_approval(text: str, source: str) -> Signed[Approval]:
    """Raises ParseError for anything but an approval as `python -m engine approve` writes it."""
    own, given = _read(text, source, "an approval", ("plan", "material", "name", "given", "until"))
    own.entry("material")
    approval = Approval(
        own.text("plan"),
        given["material"],
        own.text("name"),
        *(_as_written(own, name, source) for name in ("given", "until")),
    )
    return Signed(approval, given, own.text("signature"))


def _as_written(own: Fields, name: str, source: str) -> datetime:
    """A moment in the one form in which it is written: whoever checks it compares texts."""
    moment = own.moment(name)
    if stamp(moment) != own.text(name):
        raise ParseError(source, name, f"is {own.text(name)!r}, expected {stamp(moment)!r}")
    return moment


def parse_statement(text: str, source: str) -> Signed[Statement]:
    """Raises ParseError for anything but a statement as a rehearsal writes it."""
    own, given = _read(text, source, "a statement", (*_TEXTS, "nodes", "finished"))
    nodes = own.entry("nodes")
    statement = Statement(
        **{name: own.text(name, may_be_empty=True) for name in _TEXTS},
        nodes={role: nodes.number(role) for role in given["nodes"]},
        finished=own.moment("finished"),
    )
    return Signed(statement, given, own.text("signature", may_be_empty=True))


def _read(text: str, source: str, what: str, names: Sequence[str]) -> tuple[Fields, dict[str, Any]]:
    """The file's fields with their readers, and as they stand there without the signature."""
    value = json_value(text, source)
    own = Fields(value, source, "")
    given: dict[str, Any] = dict(value)  # type: ignore[call-overload]
    wanted = ["schema", *names, "signature"]
    if set(given) != set(wanted):
        raise ParseError(source, "", f"has not the fields of {what}: {', '.join(wanted)}")
    if own.number("schema") != SCHEMA:
        raise ParseError(source, "schema", f"is {given['schema']}, this runbook reads {SCHEMA}")
    del given["signature"]
    return own, given
