"""Host patterns of an Ansible inventory: `node[01:03].example.test:2222`."""

from __future__ import annotations

import re
import string
from itertools import islice

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
