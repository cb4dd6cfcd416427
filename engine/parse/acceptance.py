"""`CODE[@SUBJECT]=REASON [until YYYY-MM-DD]`, from command line or inventory -> Acceptance."""

from __future__ import annotations

import re
from datetime import date

from engine.errors import UsageError
from engine.model.finding import Acceptance
from engine.model.visible import is_blank

FORM = "CODE[@SUBJECT]=REASON"

_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_HALF = re.compile("[\ud800-\udfff]")
"""What Python makes of a byte of the command line that is no UTF-8."""
# a single last word, or anything that begins like a date, was meant as the end
_UNTIL = re.compile(r"(?:^|\s)until\s+(?P<day>\d.*|\S+)$", re.IGNORECASE | re.DOTALL)


def parse_acceptance(text: str, by: str) -> Acceptance:
    """Who lets a blocking finding pass, why, and until which day (UTC).

    >>> parse_acceptance("disk-space@neteye02=grows in May", "A. Rossi").code
    'disk-space'
    >>> parse_acceptance("window-outside=moved by CAB until 2026-12-31", "A. Rossi").until
    datetime.date(2026, 12, 31)
    """
    target, separator, reason = text.partition("=")
    code, at, subject = (part.strip() for part in target.partition("@"))
    if not separator or not _CODE.fullmatch(code):
        expected = f"expected {FORM} with the code of a finding such as resource-stopped"
        raise UsageError(f"acceptance {text!r}: {expected}")
    if at and not subject:
        raise UsageError(f"acceptance {text!r}: no subject after '@', expected {FORM}")
    reason, until = _reason_and_end(text, reason.strip())
    if is_blank(reason):
        raise UsageError(f"acceptance {text!r}: no reason, expected {FORM}")
    if not (text + by).isascii() and _HALF.search(text + by):
        raise UsageError(f"acceptance {text!r} by {by!r}: it is not UTF-8")
    if is_blank(by):
        raise UsageError(f"acceptance {text!r}: nobody accepts it, expected a name with --by")
    return Acceptance(code, subject or None, reason, by.strip(), until)


def _reason_and_end(text: str, reason: str) -> tuple[str, date | None]:
    """A reason that ends in `until DAY` has an end; another word there is refused, not ignored."""
    found = _UNTIL.search(reason)
    if found is None:
        return reason, None
    day = found["day"]
    try:
        if not _DAY.fullmatch(day):
            raise ValueError("not written as YYYY-MM-DD")
        return reason[: found.start()].strip(), date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(
            f"acceptance {text!r}: 'until {day}' is no end ({error}), expected `until YYYY-MM-DD`"
            " as the reason's last words, the last day by UTC, or no 'until' there"
        ) from None
