"""The words of a command, seen through quotes, wrappers, shells and full paths.

Not a shell parser: it errs on the side of seeing more words than a shell would run. Whoever
judges by these words refuses too much rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# What a shell removes while it joins a word: quotes, escapes, line continuations, empty expansions.
_JOINED = re.compile(r"\\\r?\n|\$(?=['\"])|\$\{\w*\}|\$[@*](?=\w)|['\"\\]")
# Characters as $'...', printf or another language may write them, one in the other.
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|0?[0-7]{3}|.)", re.DOTALL)
_BLANKS = dict(zip("nrtvf", "\n\r\t\v\f", strict=True))
_DEPTH = 6
_SEPARATOR = re.compile(r"[^\w./+-]+")


def words(argv: Sequence[str]) -> tuple[str, ...]:
    """All words of all arguments, in their order; of a path only the last part.

    >>> words(["/usr/bin/env", "A=b", "bash", "-lc", "(nohup 'ney'ty \\"x y\\" &)"])
    ('env', 'A', 'b', 'bash', '-lc', 'nohup', 'neyty', 'x', 'y')
    """
    return tuple(word for text in argv for word in _of(text))


def _of(text: str) -> Iterator[str]:
    for reading in _readings(text):
        for part in _SEPARATOR.split(reading):
            word = part.rstrip("/").rpartition("/")[2]
            if word:
                yield word


def _readings(text: str) -> Iterator[str]:
    """As a shell joins it, as it stands, and the same for what its escapes mean, layer by layer."""
    readings: dict[str, None] = {}
    for _ in range(_DEPTH):
        readings |= {_JOINED.sub("", text): None, text: None}
        plain = _ESCAPE.sub(_meant, text)
        if plain == text:
            break
        text = plain
    yield from readings


def _meant(escape: re.Match[str]) -> str:
    code = escape[1]
    if code[0] in "xu" and len(code) > 1:
        return chr(int(code[1:], 16))
    if len(code) > 1:
        return chr(int(code, 8))
    return _BLANKS.get(code, code)
