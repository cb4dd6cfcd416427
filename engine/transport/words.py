"""The words of a command, seen through quotes, wrappers, shells and full paths.

Not a shell parser: it errs on the side of seeing more words than a shell would run. Whoever
judges by these words refuses too much rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

# What a shell removes while it joins a word: quotes, escapes, line continuations, empty expansions.
_JOINED = re.compile(r"\\\r?\n|\$(?=['\"])|\$\w+(?=['\"\\])|\$[@*\d](?=\w)|['\"\\]")
# `${x}` is taken for empty, `${x:-word}` for its word.
_PARAMETER = re.compile(r"\$\{\w*+(?::?[-=+?]([^{}]*+)|[^{}]*+)\}")
_BRACES = re.compile(r"\{([^{},]*+,[^{}]*+)\}")
# Characters as $'...', printf or another language may write them, one in the other.
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|0?[0-7]{3}|.)", re.DOTALL)
_BLANKS = dict(zip("nrtvf", "\n\r\t\v\f", strict=True))
_DEPTH = 6
_MOST, _LONGEST = 2000, 200
"""Words that braces are spread to, and characters of one; beyond that they are left as they are."""
_SEPARATOR = re.compile(r"[^\w./+-]+")


def words(argv: Sequence[str]) -> tuple[str, ...]:
    """All words of all arguments, in their order; of a path only the last part.

    >>> words(["/usr/bin/env", "A=b", "bash", "-lc", "(nohup 'ney'ty \\"x y\\" &)"])
    ('env', 'A', 'b', 'bash', '-lc', 'nohup', 'neyty', 'x', 'y')
    """
    return tuple(word for text in argv for word in _known(text))


def words_in(text: str) -> tuple[str, ...]:
    """All words of a text that is not kept: standard input may have a secret."""
    return tuple(_of(text))


@lru_cache(maxsize=512)
def _known(argument: str) -> tuple[str, ...]:
    """Each node is asked the same, and each question is looked at more than once."""
    return words_in(argument)


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
        joined = _JOINED.sub("", _PARAMETER.sub(r"\1", text))
        readings |= {joined: None, text: None, **dict.fromkeys(_spread(joined))}
        plain = _ESCAPE.sub(_meant, text)
        if plain == text:
            break
        text = plain
    yield from readings


def _spread(text: str) -> Iterator[str]:
    """As bash spreads its braces, if there are any: `up{grade,date}` is `upgrade update`."""
    if not _BRACES.search(text):
        return
    done: list[str] = []
    waiting = text.split()[::-1]
    while waiting and len(done) + len(waiting) < _MOST:
        word = waiting.pop()
        if len(word) <= _LONGEST and (found := _BRACES.search(word)):
            before, after = word[: found.start()], word[found.end() :]
            waiting += [f"{before}{each}{after}" for each in reversed(found[1].split(","))]
        else:
            done.append(word)
    yield " ".join([*done, *reversed(waiting)])


def _meant(escape: re.Match[str]) -> str:
    code = escape[1]
    if code[0] in "xu" and len(code) > 1:
        return chr(int(code[1:], 16))
    if len(code) > 1:
        return chr(int(code, 8))
    return _BLANKS.get(code, code)
