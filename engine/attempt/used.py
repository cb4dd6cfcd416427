"""Which approvals have counted for an attempt already: an approval is for one attempt.

The journals of all attempts lie on N, and those of a run whose approvals counted have the fact that
says so, from before its first change on. What lies on another node, or was removed there, nobody
knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from engine.attempt.remote import NO_RECORDS, ROOT, script
from engine.errors import ParseError
from engine.model.answer import Answer
from engine.model.approval import Approved
from engine.model.facts import APPROVED
from engine.model.query import Query
from engine.verify import read_json

_FIND = """
[ -d "$1/attempts" ] || exit 3
cd "$1/attempts" || exit 2
set -- "$2" */journal/*.jsonl
[ -e "$2" ] || exit 3
word=$1
shift
exec grep -H -F -e "$word" -- "$@"
"""
_NONE = 1
"""grep's word for it."""

_FACT = ("fact", APPROVED)
_NAMES = tuple(field.name for field in fields(Approved))

Used = Mapping[Approved, str]
"""An approval that has counted -> the attempt that it counted for."""


def used_query(root: str = ROOT) -> Query[Used]:
    """Asks N; `root` is where the records lie."""
    return Query(
        name="approvals that have counted",
        argv=script(_FIND, root, f'"name": "{APPROVED}"'),
        parse=_used,
        ok_codes=(0, _NONE, NO_RECORDS),
    )


def _used(answer: Answer) -> Used:
    """`ATTEMPT/journal/RUN.jsonl:LINE` each; the first attempt of each approval counts.

    A line that was torn when N went down is passed over: its run has changed nothing, as no change
    is made before the lines ahead of it are on N.
    """
    found: dict[Approved, str] = {}
    for line in answer.text.split("\n"):
        place, _, text = line.partition(":")
        try:
            event = read_json(text)
        except ValueError:
            continue
        for one in _given(event, place):
            found.setdefault(one, place.partition("/")[0])
    return found


def _given(event: Any, place: str) -> list[Approved]:
    """The approvals that a line tells of. ParseError when it is written otherwise than by a run."""
    if not isinstance(event, dict) or (event.get("event"), event.get("name")) != _FACT:
        return []
    try:
        return [Approved(*(str(one[name]) for name in _NAMES)) for one in event["given"]]
    except (KeyError, TypeError) as error:
        problem = f"is not written as a run writes it: {error!r}"
        raise ParseError(f"{ROOT}/attempts/{place}", APPROVED, problem) from error


USED = used_query()
