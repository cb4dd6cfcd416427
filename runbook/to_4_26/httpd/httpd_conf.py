"""Reading an httpd configuration file so that its text can be given back unchanged.

Understands what the two OCS files consist of: directives with arguments and continuation lines,
sections, comments, and `<Perl>` blocks of plain `$ENV{NAME} = value;` assignments. Whatever is
beyond that is reported as a problem, never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from runbook.to_4_26.httpd.perl_block import PerlStatement, statements

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_CONTINUED = re.compile(r"\\\r?\n\Z")
_SECTION = re.compile(r"<\s*(?P<end>/?)\s*(?P<name>[A-Za-z]\w*)\s*(?P<rest>.*?)\s*>\s*\Z", re.S)


class Kind(StrEnum):
    BLANK = "blank"
    COMMENT = "comment"
    DIRECTIVE = "directive"
    OPEN = "open"
    CLOSE = "close"
    ASSIGNMENT = "assignment"
    """`$ENV{KEY} = value;` in a Perl block: name is `$env`, args are key and value as written."""
    CODE = "code"
    """Any other statement of a Perl block."""


@dataclass(frozen=True)
class Argument:
    """One argument as httpd reads it; `quoted` tells `"${NAME}"` from a bare `${NAME}`."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, eq=False)
class Item:
    """One piece of the file; the file is the concatenation of `raw`. Compared by identity."""

    raw: str
    kind: Kind
    section: tuple[str, ...]
    """Enclosing sections, outermost first, each `name arguments#occurrence`."""
    line: int
    name: str = ""
    """Lower case: httpd does not mind the case of directives."""
    args: tuple[Argument, ...] = ()
    inner: str = ""
    """Of OPEN and CLOSE: the section itself, as it stands in `section` of what is inside."""

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(argument.text for argument in self.args)

    @property
    def is_setting(self) -> bool:
        return self.kind in (Kind.DIRECTIVE, Kind.ASSIGNMENT, Kind.CODE)

    def sets(self, directive: str, key: str) -> bool:
        """Whether it is this directive with this key; keys of httpd's tables ignore case."""
        return (
            self.name == directive.lower()
            and bool(self.args)
            and self.args[0].text.lower() == key.lower()
        )


@dataclass(frozen=True)
class ConfFile:
    """A parsed file. With problems it must not be merged by a machine."""

    items: tuple[Item, ...]
    problems: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(item.raw for item in self.items)

    @property
    def newline(self) -> str:
        """The line end in use; that of the first line counts."""
        first = next((item.raw for item in self.items if "\n" in item.raw), "\n")
        return "\r\n" if first.partition("\n")[0].endswith("\r") else "\n"

    def settings(self) -> Iterator[Item]:
        return (item for item in self.items if item.is_setting)


def parse_conf(text: str) -> ConfFile:
    """Parse a file; never fails, what can't be understood is in `problems`."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._lines = _LINE.findall(text)
        self._items: list[Item] = []
        self._problems: list[str] = []
        self._sections: list[tuple[str, str]] = []
        self._seen: dict[tuple[str, ...], int] = {}
        self._next = 0

    def parse(self) -> ConfFile:
        while self._next < len(self._lines):
            self._one()
        for name, _ in self._sections:
            self._problems.append(f"section <{name}> is not closed")
        return ConfFile(tuple(self._items), tuple(self._problems))

    @property
    def _path(self) -> tuple[str, ...]:
        return tuple(inner for _, inner in self._sections)

    def _logical_line(self) -> str:
        """One line with its continuation lines (a backslash before the line end)."""
        raw = ""
        while self._next < len(self._lines):
            raw += self._lines[self._next]
            self._next += 1
            if not _CONTINUED.search(raw):
                break
        return raw

    def _one(self) -> None:
        number = self._next + 1
        raw = self._logical_line()
        text = re.sub(r"\\\r?\n", "", raw).strip()
        if not text:
            self._items.append(Item(raw, Kind.BLANK, self._path, number))
        elif text.startswith("#"):
            self._items.append(Item(raw, Kind.COMMENT, self._path, number))
        elif text.startswith("<"):
            self._section(raw, text, number)
        else:
            self._directive(raw, text, number)

    def _directive(self, raw: str, text: str, number: int) -> None:
        name, _, rest = text.replace("\t", " ").partition(" ")
        # the arguments from the text itself: a tab inside quotes stays one
        rest = text[len(name) :] if rest else ""
        args, problem = arguments(rest)
        if problem:
            self._problems.append(f"line {number}: {problem}")
        self._items.append(Item(raw, Kind.DIRECTIVE, self._path, number, name.lower(), args))

    def _section(self, raw: str, text: str, number: int) -> None:
        match = _SECTION.match(text)
        if not match:
            self._problems.append(f"line {number}: can't be read as a section")
            self._items.append(Item(raw, Kind.CODE, self._path, number))
            return
        name = match["name"].lower()
        if match["end"]:
            self._close(raw, name, number)
            return
        args, problem = arguments(match["rest"])
        if problem:
            self._problems.append(f"line {number}: {problem}")
        label = " ".join((name, *(argument.text for argument in args)))
        count = self._seen[(*self._path, label)] = self._seen.get((*self._path, label), 0) + 1
        inner = f"{label}#{count}"
        self._items.append(Item(raw, Kind.OPEN, self._path, number, name, args, inner))
        self._sections.append((name, inner))
        if name == "perl":
            self._perl()

    def _close(self, raw: str, name: str, number: int) -> None:
        if not self._sections or self._sections[-1][0] != name:
            self._problems.append(f"line {number}: </{name}> closes nothing that is open")
            self._items.append(Item(raw, Kind.CODE, self._path, number))
            return
        _, inner = self._sections.pop()
        self._items.append(Item(raw, Kind.CLOSE, self._path, number, name, (), inner))

    def _perl(self) -> None:
        first = self._next + 1
        block = ""
        while self._next < len(self._lines):
            if re.match(r"\s*</\s*perl\s*>", self._lines[self._next], re.I):
                break
            block += self._lines[self._next]
            self._next += 1
        for statement in statements(block):
            number = first + statement.line
            if statement.problem:
                self._problems.append(f"line {number}: {statement.problem}")
            self._items.append(_perl_item(statement, self._path, number))


def _perl_item(statement: PerlStatement, path: tuple[str, ...], number: int) -> Item:
    if not statement.text:
        return Item(statement.raw, Kind.BLANK, path, number)
    if statement.text.startswith("#"):
        return Item(statement.raw, Kind.COMMENT, path, number)
    if statement.key is not None:
        args = (Argument(statement.key), Argument(statement.value))
        return Item(statement.raw, Kind.ASSIGNMENT, path, number, "$env", args)
    return Item(statement.raw, Kind.CODE, path, number, "perl", (Argument(statement.text),))


def arguments(text: str) -> tuple[tuple[Argument, ...], str]:
    r"""Split arguments as httpd does; the second value names what is wrong, '' when nothing is.

    A quoted argument ends at the same quote; in it `\\` and an escaped quote lose their
    backslash, every other backslash stays. A bare argument ends at a blank.
    """
    found: list[Argument] = []
    rest = text.strip()
    while rest:
        if rest[0] in "\"'":
            argument, rest, closed = _quoted(rest)
            if not closed:
                return (*found, argument), "a quote is not closed"
        else:
            word = re.match(r"\S+", rest)
            assert word is not None
            argument, rest = Argument(word[0].replace("\\\\", "\\")), rest[word.end() :]
        found.append(argument)
        rest = rest.lstrip()
    return tuple(found), ""


def _quoted(text: str) -> tuple[Argument, str, bool]:
    quote, value, position = text[0], "", 1
    while position < len(text):
        char = text[position]
        if char == quote:
            return Argument(value, quoted=True), text[position + 1 :], True
        if char == "\\" and text[position + 1 : position + 2] in ("\\", quote):
            position += 1
            char = text[position]
        value += char
        position += 1
    return Argument(value, quoted=True), "", False
