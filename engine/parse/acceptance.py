"""`CODE[@SUBJECT]=REASON`, from the command line or the inventory -> Acceptance."""

from __future__ import annotations

import re

from engine.errors import UsageError
from engine.model.finding import Acceptance

FORM = "CODE[@SUBJECT]=REASON"

_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)


def parse_acceptance(text: str, by: str) -> Acceptance:
    """A person who takes a blocking finding upon himself, and why.

    >>> parse_acceptance("capacity-dirty@neteye02=agents are replaced in May", "A. Rossi").code
    'capacity-dirty'
    """
    target, separator, reason = text.partition("=")
    code, at, subject = (part.strip() for part in target.partition("@"))
    if not separator or not _CODE.fullmatch(code):
        expected = f"expected {FORM} with the code of a finding such as resource-stopped"
        raise UsageError(f"acceptance {text!r}: {expected}")
    if at and not subject:
        raise UsageError(f"acceptance {text!r}: no subject after '@', expected {FORM}")
    if not reason.strip():
        raise UsageError(f"acceptance {text!r}: no reason, expected {FORM}")
    if not by.strip():
        raise UsageError(f"acceptance {text!r}: nobody accepts it, expected a name with --by")
    return Acceptance(code=code, subject=subject or None, reason=reason.strip(), by=by.strip())
