"""Files that somebody signed (JSON), an approval or a rehearsal's statement -> what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from engine.errors import ParseError
from engine.model.approval import Approval, Statement
from engine.model.event import stamp
from engine.parse.fields import Fields, json_value
from engine.parse.prediction import prediction_of

SCHEMA = 1
LARGEST_SIGNED = 16 << 20
"""Bytes of such a file; an approval has the facts of a plan in it, every step's commands too."""
_ACCEPTED = ("code", "subject", "by", "reason")
WITH_MACHINES, WITH_RELEASES, STATEMENT_SCHEMA = 2, 3, 4
"""Of a rehearsal's statement; the first form does not say what was accepted, and where it was, the
second one not what the nodes ran, the third one predicts nothing."""
_RAN = ("base", "releases")
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
    forms = {SCHEMA: ("plan", "material", "name", "given", "until")}
    own, given = _read(text, source, "an approval", forms)
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
    first = (*_TEXTS, "nodes", "finished")
    second = (*first, "accepted", "runbooks", "machines")
    third = (*second, *_RAN)
    forms = {SCHEMA: first, WITH_MACHINES: second, WITH_RELEASES: third}
    forms[STATEMENT_SCHEMA] = (*third, "predicted")
    own, given = _read(text, source, "a statement", forms)
    nodes = own.entry("nodes")
    values: dict[str, Any] = {name: own.text(name, may_be_empty=True) for name in _TEXTS}
    if given["schema"] >= WITH_MACHINES:
        values |= _told_since(own, given, source)
    if given["schema"] >= WITH_RELEASES:
        values |= {
            "base": own.text("base", may_be_empty=True),
            "releases": _texts(own, given, "releases"),
        }
    if given["schema"] >= STATEMENT_SCHEMA:
        values["predicted"] = prediction_of(own.entry("predicted"))
    statement = Statement(
        **values,
        nodes={role: nodes.number(role) for role in given["nodes"]},
        finished=own.moment("finished"),
    )
    return Signed(statement, given, own.text("signature", may_be_empty=True))


def _told_since(own: Fields, given: Mapping[str, Any], source: str) -> dict[str, Any]:
    """What a statement of the second form says beside that of the first."""
    runbooks = given["runbooks"]
    if not isinstance(runbooks, list) or not all(isinstance(one, str) for one in runbooks):
        raise ParseError(source, "runbooks", "is no list of strings")
    return {
        "accepted": [
            {name: one.text(name, may_be_empty=True) for name in _ACCEPTED}
            for one in own.objects("accepted")
        ],
        "runbooks": runbooks,
        "machines": _texts(own, given, "machines"),
    }


def _texts(own: Fields, given: Mapping[str, Any], name: str) -> dict[str, str]:
    """Node -> text."""
    entry = own.entry(name)
    return {node: entry.text(node) for node in given[name]}


def _read(
    text: str, source: str, what: str, forms: Mapping[int, Sequence[str]]
) -> tuple[Fields, dict[str, Any]]:
    """The file's fields with their readers, and as they stand there without the signature.

    `forms`: the fields of each schema.
    """
    value = json_value(text, source)
    own = Fields(value, source, "")
    given: dict[str, Any] = dict(value)  # type: ignore[call-overload]
    schema = own.number("schema")
    if schema not in forms:
        known = " or ".join(map(str, forms))
        raise ParseError(source, "schema", f"is {schema}, this runbook reads {known}")
    wanted = ["schema", *forms[schema], "signature"]
    if set(given) != set(wanted):
        raise ParseError(source, "", f"has not the fields of {what}: {', '.join(wanted)}")
    del given["signature"]
    return own, given
