"""A rehearsal's statement (JSON) -> its content, what of it was signed, the signature."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import ParseError
from engine.model.statement import Statement

SCHEMA = 1
_TEXTS = (
    *("run", "cluster", "environment", "scenario", "runbook", "source", "target", "finished"),
    "key",
)
_FIELDS = {"schema", "nodes", "signature", *_TEXTS}


@dataclass(frozen=True)
class SignedStatement:
    statement: Statement
    signed: dict[str, Any]
    """Everything but the signature."""
    signature: str
    """Empty when nobody signed."""


def parse_statement(text: str, source: str) -> SignedStatement:
    """Raises ParseError for anything but a statement as a rehearsal writes it."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ParseError(source, "", f"is no JSON ({error})") from error
    if not isinstance(content, dict) or set(content) != _FIELDS:
        raise ParseError(source, "", f"has not the fields of a statement: {', '.join(_FIELDS)}")
    if content["schema"] != SCHEMA:
        raise ParseError(source, "schema", f"is {content['schema']!r}, this reads {SCHEMA}")
    for name in (*_TEXTS, "signature"):
        if not isinstance(content[name], str):
            raise ParseError(source, name, f"is {content[name]!r}, expected a text")
    nodes = content["nodes"]
    if not isinstance(nodes, dict) or not all(isinstance(n, int) for n in nodes.values()):
        raise ParseError(source, "nodes", f"is {nodes!r}, expected a number for each role")
    try:
        finished = datetime.fromisoformat(content["finished"])
    except ValueError:
        finished = datetime.min
    if finished.tzinfo is None:
        raise ParseError(source, "finished", f"is {content['finished']!r}, expected ISO 8601, zone")
    plain = {name: content[name] for name in _TEXTS if name != "finished"}
    signed = {name: value for name, value in content.items() if name != "signature"}
    return SignedStatement(
        Statement(**plain, nodes=nodes, finished=finished), signed, content["signature"]
    )
