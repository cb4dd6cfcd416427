"""An approval's file (JSON) -> what was signed, and the signature."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import ParseError
from engine.model.approval import Approval

SCHEMA = 1
_FIELDS = {"schema": int, "plan": str, "material": dict, "name": str, "given": str, "until": str}


@dataclass(frozen=True)
class SignedApproval:
    """The approval, its signed fields as they are to be written for the signature, that itself."""

    approval: Approval
    signed: dict[str, Any]
    signature: str


def parse_approval(text: str, source: str) -> SignedApproval:
    """Raises ParseError for anything but an approval as `python -m engine approve` writes it."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ParseError(source, "", f"is no JSON ({error})") from error
    if not isinstance(content, dict) or set(content) != {*_FIELDS, "signature"}:
        wanted = ", ".join([*_FIELDS, "signature"])
        raise ParseError(source, "", f"has not the fields of an approval: {wanted}")
    for name, kind in _FIELDS.items():
        if not isinstance(content[name], kind):
            raise ParseError(source, name, f"is {content[name]!r}, expected a {kind.__name__}")
    if content["schema"] != SCHEMA:
        raise ParseError(source, "schema", f"is {content['schema']}, this runbook reads {SCHEMA}")
    signed = {name: content[name] for name in _FIELDS}
    return SignedApproval(
        Approval(
            content["plan"],
            content["material"],
            content["name"],
            _moment(content["given"], source, "given"),
            _moment(content["until"], source, "until"),
        ),
        signed,
        str(content["signature"]),
    )


def _moment(text: str, source: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise ParseError(source, field, f"is {text!r}, expected ISO 8601 with a zone")
    return moment
