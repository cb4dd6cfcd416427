"""What a document says that the one before of the same question and node did not. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from engine.judge.text import many

MOST_LINES = 2_000
"""Longer documents are not compared: it would take seconds."""
_PARENT = 100
"""Characters of the line that tells where a difference is."""
_ELEMENT = re.compile(
    r'(?P<indent>\s*)<(?P<tag>[\w:.-]+)(?P<given>(?: [\w:.-]+="[^"]*")+)(?P<end> ?/?>)'
)
"""A line that is one element's begin, or the whole of it."""
_GIVEN = re.compile(r'([\w:.-]+)="([^"]*)"')
_NAMES = ("id", "name", "call")
"""Attributes that tell which element it is: of another one nothing is compared."""


def is_document(text: str) -> bool:
    """It is XML, as crm_mon and cibadmin print it: the same lines again and again."""
    return text.lstrip()[:1] == "<"


def differences(former: str, text: str) -> str | None:
    """The lines that left, each behind `-`, and those that came, behind `+`; None: too long.

    An element of which only values differ is one line behind `~`: who it is, then each value that
    left and that came. Behind `@@` is the element that each place is in. Empty: both are the same.
    """
    one, other = former.splitlines(), text.splitlines()
    if max(len(one), len(other)) > MOST_LINES:
        return None
    head, tail = _alike(one, other)
    left, came = one[head : len(one) - tail], other[head : len(other) - tail]
    found: list[str] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, came, False).get_opcodes():
        if kind == "equal":
            continue
        place = _around(one, head + a) if b > a else _around(other, head + c)
        found.append(f"@@ {place}".rstrip())
        found += _lines(left[a:b], came[c:d])
    return "\n".join(found)


def beginning(told: str, most: int) -> str:
    """Its first lines, and how many more there are: what comes first in a document says most."""
    if len(told) <= most:
        return told
    lines, size = told.splitlines(), 0
    for number, line in enumerate(lines):
        size += len(line) + 1
        if size > most:
            left = many(len(lines) - number, "more line")
            return "\n".join([*lines[:number], f"[... {left} ...]"])
    return told


def _lines(left: Sequence[str], came: Sequence[str]) -> Iterator[str]:
    if len(left) == len(came):
        for one, other in zip(left, came, strict=True):
            values = _values(one, other)
            yield from (values,) if values else (f"-{one}", f"+{other}")
        return
    yield from (f"-{line}" for line in left)
    yield from (f"+{line}" for line in came)


def _values(left: str, came: str) -> str:
    """The element and its values that differ; empty when it is another element."""
    one, other = _ELEMENT.fullmatch(left), _ELEMENT.fullmatch(came)
    if not one or not other or any(one[part] != other[part] for part in ("indent", "tag", "end")):
        return ""
    before, after = (_GIVEN.findall(match["given"]) for match in (one, other))
    if [name for name, _ in before] != [name for name, _ in after]:
        return ""
    pairs = [(*given, value) for given, (_, value) in zip(before, after, strict=True)]
    who = [f' {name}="{value}"' for name, value, new in pairs if name in _NAMES and value == new]
    if any(name in _NAMES and value != new for name, value, new in pairs):
        return ""
    changed = [f'{name}="{value}" -> "{new}"' for name, value, new in pairs if value != new]
    return f"~{one['indent']}<{one['tag']}{''.join(who)}> {' '.join(changed)}"


def _alike(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """How many lines at the begin and at the end are the same: most of them, and cheap to tell."""
    most = min(len(one), len(other))
    head = next((n for n in range(most) if one[n] != other[n]), most)
    most -= head
    tail = next((n for n in range(most) if one[-1 - n] != other[-1 - n]), most)
    return head, tail


def _around(lines: Sequence[str], at: int) -> str:
    """The line before that stands further left: the element that this one is in."""
    indent = _indent(lines[at])
    above = (line for line in reversed(lines[:at]) if line.strip() and _indent(line) < indent)
    return next(above, "").strip()[:_PARENT]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
