"""What a line of the vendor's log asks a person to do afterwards: "a reboot is suggested".

The wording is not known (domain facts 2.1), so no phrase is relied on: a clause counts that names a
restart, has a word that asks, and none that denies.
"""

from __future__ import annotations

import re

_THING = re.compile(
    r"\b(?:(?:re-?boots?|restarts?)\b|be (?:manually )?(?:re-?booted|restarted)\b)", re.I
)
_ASKS = re.compile(
    r"\b(?:suggest|recommend|advis|requir|necessary|need|must|should|please|pending)\w*", re.I
)
_DENIES = re.compile(r"\b(?:no|not|never|without|nothing|none|unless)\b|n't\b", re.I)
_CLAUSE = re.compile(r"[;!?,]|[.:](?=\s|$)|(?<!\S)-+(?=\s)")
_RESULT = re.compile(r"^\s*(?:ok|changed|skipping|included|failed|fatal): \[")
_MSG = re.compile(r'"msg": "((?:[^"\\]|\\.)*)')


def asked_in(line: str) -> str:
    """The sentence, in one line; '' when the line asks for nothing.

    >>> asked_in("A reboot is suggested on: node1")
    'A reboot is suggested on: node1'
    >>> asked_in("No reboot is needed")
    ''
    """
    small = line.lower()
    # a log may be a flood: the patterns are tried only on a line that has a word of theirs
    if "boot" not in small and "restart" not in small:
        return ""
    if _RESULT.match(line):  # of a task's result only what it was made to say
        said = _MSG.search(line)
        line = said.group(1) if said else ""
    if any(map(_asks, _CLAUSE.split(line))):
        return " ".join(line.split())
    return ""


def _asks(clause: str) -> bool:
    return bool(_THING.search(clause) and _ASKS.search(clause) and not _DENIES.search(clause))
