"""The `<Perl>` block of the REST API's file: plain assignments to %ENV, nothing else is understood.

Perl can't be parsed in general; what is beyond assignments of plain strings and numbers is named
as a problem, so that a person looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ASSIGNMENT = re.compile(
    r"""\$ENV\{\s*(?P<quote>['"]?)(?P<key>\w+)(?P=quote)\s*\}\s*=\s*(?P<value>.+?)\s*;?\s*\Z""",
    re.S,
)
_REFERENCE = re.compile(r"""\$ENV\{\s*(?P<quote>['"]?)(?P<name>\w+)(?P=quote)\s*\}\Z""")
_STRING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+""", re.S)
# statements that are harmless whatever they mean, as long as they are kept as they are
_DECLARATION = re.compile(r"(?:use|no)\s+[\w:]+(?:\s+(?:'[^']*'|\"[^\"$@\\]*\"|[\w.]+))?\s*;\Z")


@dataclass(frozen=True)
class PerlStatement:
    """A statement, comment or blank part of the block; the block is the concatenation of `raw`."""

    raw: str
    text: str
    line: int
    """Lines before it in the block."""
    key: str | None = None
    value: str = ""
    """The right side of an assignment as written."""
    problem: str = ""


def statements(block: str) -> Iterator[PerlStatement]:
    """Split a block. Never fails; what can't be understood carries a problem."""
    position = 0
    while position < len(block):
        end = _end_of_next(block, position)
        raw = block[position:end]
        blank = len(raw) - len(raw.lstrip())
        yield _statement(raw, block.count("\n", 0, position + blank))
        position = end


def _end_of_next(block: str, start: int) -> int:
    position = start
    while position < len(block) and block[position].isspace():
        position += 1
        if block[position - 1] == "\n" and not block[start:position].strip():
            return position  # a blank line is a part of its own
    if position < len(block) and block[position] == "#":
        return _after_line(block, position)
    while position < len(block):
        char = block[position]
        if char in "'\"":
            position = _after_string(block, position)
        elif char == "#":
            position = _after_line(block, position)
        elif char == ";":
            return _with_line_end(block, position + 1)
        else:
            position += 1
    return len(block)


def _after_string(block: str, start: int) -> int:
    match = _STRING.match(block, start)
    return match.end() if match else len(block)


def _after_line(block: str, position: int) -> int:
    end = block.find("\n", position)
    return len(block) if end < 0 else end + 1


def _with_line_end(block: str, position: int) -> int:
    """Blanks and the line end after a statement belong to it; a comment there does not."""
    end = _after_line(block, position)
    return end if not block[position:end].strip() else position


def _statement(raw: str, line: int) -> PerlStatement:
    text = raw.strip()
    if not text or text.startswith("#"):
        return PerlStatement(raw, text, line)
    match = _ASSIGNMENT.match(text)
    if match and _is_plain(match["value"]):
        return PerlStatement(raw, text, line, match["key"], match["value"])
    if _DECLARATION.match(text):
        return PerlStatement(raw, text, line)
    return PerlStatement(raw, text, line, problem="Perl code that is no plain assignment to %ENV")


def _is_plain(value: str) -> bool:
    return bool(_STRING.fullmatch(value) or _REFERENCE.match(value))


def reference(value: str) -> str | None:
    """NAME of `$ENV{NAME}`, None when the value is something else."""
    match = _REFERENCE.match(value)
    return match["name"] if match else None


def plain_string(value: str) -> str | None:
    """The text that a Perl literal stands for; None when a person has to look.

    Single quotes know only escaped backslash and quote; in double quotes `$`, `@` and backslash
    mean something, so such a value is not taken for a plain text (ocs-glpi 3.4).
    """
    if value.isdigit():
        return value if value == "0" or not value.startswith("0") else None
    if len(value) < 2 or value[0] != value[-1]:
        return None
    inner = value[1:-1]
    if value[0] == "'":
        return re.sub(r"\\([\\'])", r"\1", inner)
    if value[0] == '"' and not re.search(r"[$@\\]", inner):
        return inner
    return None
