"""A file of environment variables, read as systemd reads its `EnvironmentFile=`.

It is neither a shell's syntax nor split by lines: a quote counts only where a value (or its next
part) begins, parts in quotes are joined, a backslash outside quotes keeps what follows it, or
joins two lines. Versions of systemd differ in what a backslash does inside quotes and in comments:
such a value has several readings. Cases decided by systemd itself: tests/data/systemd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NEWLINE = "\n\r"
_BLANK = " \t\n\r"
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Rules:
    """What differs between versions of systemd."""

    escaped_in_double: str | None
    """What a backslash protects inside double quotes; None: anything. Else it stays itself."""
    escapes_in_single: bool
    comments_join: bool
    """A backslash at the end of a comment makes the next line part of it."""


VERSIONS = (
    Rules('"\\`$', escapes_in_single=False, comments_join=True),
    Rules('"\\`$', escapes_in_single=False, comments_join=False),
    Rules('"', escapes_in_single=False, comments_join=True),
    Rules(None, escapes_in_single=True, comments_join=True),
)
"""That of 252, a newer one, an older one, and that of RHEL 8 (239)."""


@dataclass(frozen=True)
class Assignment:
    """One variable, and where in the text it stands: from its name to the end of its value."""

    name: str
    value: str
    start: int
    end: int


def assignments(text: str, rules: Rules = VERSIONS[0]) -> Iterator[Assignment]:
    """The variables in the file's order; an invalid name is left out, as systemd does."""
    scanner = _Scanner(text, rules)
    while scanner.at_a_line():
        start = scanner.position
        name = scanner.name()
        if name is None:
            continue
        value = scanner.value()
        if _NAME.fullmatch(name):
            yield Assignment(name, value, start, scanner.position)


def readings(text: str, name: str) -> tuple[str | None, ...]:
    """The different values that versions of systemd give to a variable; None: it is not set.

    The last assignment counts.
    """
    found: dict[str | None, None] = {}
    for rules in VERSIONS:
        values = [one.value for one in assignments(text, rules) if one.name == name]
        found[values[-1] if values else None] = None
    return tuple(found)


class _Scanner:
    def __init__(self, text: str, rules: Rules) -> None:
        self._text = text
        self._rules = rules
        self.position = 0

    def _next(self) -> str:
        """The next character, taken; '' at the end."""
        char = self._text[self.position : self.position + 1]
        self.position += 1 if char else 0
        return char

    def at_a_line(self) -> bool:
        """Go on to the next line that is no comment; False: there is none."""
        while char := self._text[self.position : self.position + 1]:
            if char in "#;":
                self._comment()
            elif char not in _BLANK:
                return True
            else:
                self.position += 1
        return False

    def _comment(self) -> None:
        while (char := self._next()) and char not in _NEWLINE:
            if char == "\\" and self._next() in tuple(_NEWLINE) and not self._rules.comments_join:
                return

    def name(self) -> str | None:
        """What stands before `=`; None: the line has none."""
        start = self.position
        while char := self._next():
            if char == "=":
                return self._text[start : self.position - 1].rstrip(_BLANK)
            if char in _NEWLINE:
                return None
        return None

    def value(self) -> str:
        """Parts in quotes, then what stands bare, to the end of the line, which is left alone."""
        value = ""
        while char := self._next():
            if char in _NEWLINE:
                self.position -= 1
                break
            if char == "'":
                value += self._single()
            elif char == '"':
                value += self._double()
            elif char not in _BLANK:
                self.position -= 1
                return value + self._bare(len(value))
        return value

    def _bare(self, before: int) -> str:
        """To the end of the line, without the blanks at its end; quotes are nothing special."""
        value, kept = "", 0
        while char := self._next():
            if char in _NEWLINE:
                self.position -= 1
                break
            if char == "\\":
                following = self._next()
                value += following if following not in tuple(_NEWLINE) else ""
                kept = len(value)
                continue
            value += char
            kept = kept if char in _BLANK else len(value)
        return value[:kept]

    def _single(self) -> str:
        value = ""
        while (char := self._next()) and char != "'":
            if char == "\\" and self._rules.escapes_in_single:
                char = self._next()
                char = "" if char in tuple(_NEWLINE) else char
            value += char
        return value

    def _double(self) -> str:
        value = ""
        while (char := self._next()) and char != '"':
            value += self._escaped() if char == "\\" else char
        return value

    def _escaped(self) -> str:
        """Behind a backslash in double quotes."""
        char, protected = self._next(), self._rules.escaped_in_double
        if char in tuple(_NEWLINE):
            return ""
        return char if protected is None or char in protected else f"\\{char}"
