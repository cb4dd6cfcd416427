"""The syntax of an Ansible INI inventory: text -> lines that mean something, each with its number.

What is read here is what Ansible's own plugin reads (ansible/ansible,
lib/ansible/plugins/inventory/ini.py), so that `ansible-inventory` gives the same; less is
allowed: no host outside of a group, nothing given twice. Which groups there are, and what all of
it means, is judged in inventory_ini.
"""

from __future__ import annotations

import ast
import difflib
import re
import shlex
import string
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from engine.model.inventory import Role

GROUPS = tuple(role.value for role in Role)
SECTIONS = (
    *(f"[{group}]" for group in GROUPS),
    *("[all:vars]", "[GROUP:vars]", "[GROUP:children]"),
)

_SECTION = re.compile(r"\[(?P<group>[^:\]\s]+)(?::(?P<kind>\w+))?\]\s*(?:#.*)?")
_VARIABLE = re.compile(r"(\w+)=", re.ASCII)
_WITHIN_A_WORD = re.compile(r"""(?:[^#'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")*(?<!\s)#""")
"""A line whose first # outside of quotes has something directly before it."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


class Wrong(Exception):
    """What is wrong with a line or value; becomes a line of the UsageError."""


@dataclass(frozen=True)
class Value:
    """A value as Ansible types it: Python literals are evaluated, all else is text."""

    raw: str
    typed: object
    line: int
    said_as: str = ""
    """The variable's name in the file, when it is another one than the runbook's."""


@dataclass(frozen=True)
class HostLine:
    """A host of a group; its variables are those of its own line."""

    name: str
    group: str
    line: int
    variables: dict[str, Value]
    role: str = ""
    """The group of the runbook that it is in, by itself or by its group."""
    groups: tuple[str, ...] = ()
    """The groups above its own, the farthest first."""


@dataclass
class Lines:
    """Everything an inventory says, and everything wrong with how it says it."""

    hosts: list[HostLine] = field(default_factory=list)
    variables: dict[str, dict[str, Value]] = field(default_factory=dict)
    """Group (or `all`) -> variable -> value."""
    groups: dict[str, int] = field(default_factory=dict)
    """Group -> line of its section with hosts."""
    children: dict[str, dict[str, int]] = field(default_factory=dict)
    """Group -> the groups in it, each with its line."""
    sections: dict[str, int] = field(default_factory=dict)
    """Section of any kind, as it is written -> its first line."""
    problems: list[tuple[int, str]] = field(default_factory=list)


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`, did you mean 'operative'?`, or nothing when no allowed word is near."""
    candidates = list(allowed)
    near = difflib.get_close_matches(word, candidates, n=1) or [
        item for item in candidates if len(word) > 2 and item.startswith(word)
    ]
    return f", did you mean {near[0]!r}?" if near else ""


def read_lines(text: str) -> Lines:
    """Reads the whole text; problems are collected, none is raised."""
    lines = Lines()
    section: tuple[str, str] | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        try:
            if _CONTROL.search(line):
                raise Wrong("has a control character; allowed is text in one line")
            if line.startswith("["):
                section = ("", "")  # what stands in a wrong section is not judged
                section = _section(line, number, lines)
            else:
                _content(line, number, section, lines)
        except Wrong as wrong:
            lines.problems.append((number, str(wrong)))
    return lines


def _section(line: str, number: int, lines: Lines) -> tuple[str, str]:
    """(group, kind) of a section header; kind is `hosts`, `vars` or `children`."""
    match = _SECTION.fullmatch(line)
    allowed = ", ".join(SECTIONS)
    if not match:
        raise Wrong(f"{line!r} is no section; allowed are {allowed}")
    group, kind = match["group"], match["kind"] or "hosts"
    if kind not in ("hosts", "vars", "children"):
        raise Wrong(f"[{group}:{kind}] is an unknown kind of section; allowed are {allowed}")
    if group == "all" and kind == "hosts":
        raise Wrong(f"[all] gives hosts no role; allowed are {allowed}")
    lines.sections.setdefault(f"[{group}:{kind}]", number)
    if kind == "hosts":
        lines.groups.setdefault(group, number)
    elif kind == "children":
        lines.children.setdefault(group, {})
    return group, kind


def _content(line: str, number: int, section: tuple[str, str] | None, lines: Lines) -> None:
    if section is None:
        expected = f"expected one of {', '.join(SECTIONS[: len(GROUPS)])} above it"
        first = line.split()[0].partition("=")[0]
        raise Wrong(f"{first!r} stands outside of a group, {expected}")
    group, kind = section
    if kind == "hosts":
        lines.hosts.extend(_hosts(line, number, group))
    elif kind == "vars":
        name, value = _assignment(line, number)
        _add(lines.variables.setdefault(group, {}), name, value)
    elif kind == "children":
        child = line.partition("#")[0].strip()
        if len(child.split()) != 1:
            raise Wrong(f"expected one group in a line of [{group}:children]")
        lines.children[group].setdefault(child, number)


def _add(variables: dict[str, Value], name: str, value: Value) -> None:
    if name in variables:
        raise Wrong(f"{name} is given twice, already in line {variables[name].line}")
    variables[name] = value


def _assignment(line: str, number: int) -> tuple[str, Value]:
    name, separator, value = (part.strip() for part in line.partition("="))
    if not separator or not name:
        raise Wrong(
            f"{name.split()[0]!r} has no value, expected NAME = VALUE"
            if name
            else "no name before '=', expected NAME = VALUE"
        )
    return name, typed_value(value, number)


def _hosts(line: str, number: int, group: str) -> list[HostLine]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        raise Wrong(f"the line can't be split into words ({error}); mind the quotes") from None
    if _WITHIN_A_WORD.match(line):
        # Ansible cuts the line there and tells nobody (ansible-core 2.19)
        raise Wrong(f"host {words[0]!r}: a # within a word ends the line; quote the value, or put"
                    " a blank before a comment")  # fmt: skip
    if variable := _VARIABLE.match(words[0]):
        # its value is not shown: it may be a password
        raise Wrong(
            f"{variable[1]!r} is a variable where a host is expected; variables stand behind"
            f" their host, or in [{group}:vars]"
        )
    try:
        names, port = expand_host_pattern(words[0])
    except ValueError as error:
        raise Wrong(f"host {words[0]!r} {error}") from None
    variables: dict[str, Value] = {}
    for word in words[1:]:
        name, separator, value = word.partition("=")
        if not separator or not name:
            expected = "expected VARIABLE=VALUE without blanks around '='"
            # the word itself is not shown: it may be the rest of a password with blanks
            raise Wrong(f"host {words[0]!r} is followed by something else, {expected}")
        _add(variables, name, typed_value(value, number))
    if port is not None:
        variables.setdefault("ansible_port", typed_value(port, number))
    return [HostLine(name, group, number, variables) for name in names]


def typed_value(raw: str, line: int) -> Value:
    """A value as Ansible reads it, in host lines and in `vars` sections alike.

    >>> typed_value("22", 1).typed, typed_value("'22'", 1).typed, typed_value("CHG-7 # x", 1).typed
    (22, '22', 'CHG-7 # x')
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes, by version of another kind
            typed: object = ast.literal_eval(raw)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        typed = raw
    return Value(raw=raw, typed=typed, line=line)


MAX_HOSTS = 256
"""No cluster has more hosts: a pattern for more of them is a typing error."""

_PORT = re.compile(r"(?P<pattern>.*[^:]):(?P<port>[0-9]{1,5})", re.ASCII)
_RANGE = re.compile(r"(?P<head>[^\[\]]*)\[(?P<bounds>[^\[\]]*)\](?P<tail>.*)")
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


def expand_host_pattern(pattern: str) -> tuple[tuple[str, ...], str | None]:
    """The host names a pattern stands for, and the port behind it if there is one.

    Ranges as Ansible has them: `[begin:end]` or `[begin:end:step]`, both ends included,
    numbers (leading zeros give the width) or single letters, several in one pattern.
    ValueError when a range is not of this form.

    >>> expand_host_pattern("neteye[01:03].lan:2222")
    (('neteye01.lan', 'neteye02.lan', 'neteye03.lan'), '2222')
    """
    match = _PORT.fullmatch(pattern)
    names, port = (match["pattern"], match["port"]) if match else (pattern, None)
    return _expand(names), port


def _expand(pattern: str) -> tuple[str, ...]:
    expanded = [pattern]
    while any("[" in name or "]" in name for name in expanded):
        expanded = [name for wide in expanded for name in _expand_first(wide)]
        if len(expanded) > MAX_HOSTS:
            raise ValueError(f"stands for more than {MAX_HOSTS} hosts")
    return tuple(expanded)


def _expand_first(pattern: str) -> list[str]:
    match = _RANGE.fullmatch(pattern)
    if not match:
        raise ValueError("has a bracket without its partner")
    return [f"{match['head']}{item}{match['tail']}" for item in _items(match["bounds"])]


def _items(bounds: str) -> list[str]:
    """The items of `01:16:2`, at most one more than MAX_HOSTS of them."""
    parts = bounds.split(":")
    if len(parts) not in (2, 3) or not parts[1]:
        raise ValueError(f"has the range [{bounds}], expected [begin:end] or [begin:end:step]")
    begin, end = parts[0] or "0", parts[1]
    step = parts[2] if len(parts) == 3 else "1"
    if not _NUMBER.fullmatch(step) or int(step) == 0:
        raise ValueError(f"has the range [{bounds}], expected a positive number as its step")
    items = _letters(begin, end, int(step)) or _numbers(begin, end, int(step))
    if not items:
        raise ValueError(f"has the range [{bounds}], expected two numbers or letters, low to high")
    return items


def _letters(begin: str, end: str, step: int) -> list[str]:
    letters = string.ascii_letters
    if len(begin) != 1 or len(end) != 1 or begin not in letters or end not in letters:
        return []
    return list(letters[letters.index(begin) : letters.index(end) + 1 : step])


def _numbers(begin: str, end: str, step: int) -> list[str]:
    if not _NUMBER.fullmatch(begin) or not _NUMBER.fullmatch(end):
        return []
    width = len(begin) if begin.startswith("0") and len(begin) > 1 else 0
    if width and width != len(end):
        raise ValueError(f"has a range from {begin} to {end}, expected equally many digits")
    numbers = islice(range(int(begin), int(end) + 1, step), MAX_HOSTS + 1)
    return [str(number).zfill(width) for number in numbers]
