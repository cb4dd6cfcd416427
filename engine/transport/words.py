"""The words of a command, seen through quotes, wrappers, shells and full paths.

Not a shell parser: it errs on the side of seeing more words than a shell would run. Whoever
judges by these words refuses too much rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# What a shell removes while it joins a word: quotes, escapes, line continuations, empty expansions.
_JOINED = re.compile(r"\\\r?\n|\$(?=['\"])|\$\{\w*\}|\$[@*](?=\w)|['\"\\]")
_SEPARATOR = re.compile(r"[^\w./+-]+")


def words(argv: Sequence[str]) -> tuple[str, ...]:
    """All words of all arguments, in their order; of a path only the last part.

    >>> words(["/usr/bin/env", "A=b", "bash", "-lc", "(nohup 'ney'ty \\"x y\\" &)"])
    ('env', 'A', 'b', 'bash', '-lc', 'nohup', 'neyty', 'x', 'y')
    """
    return tuple(word for text in argv for word in _of(text))


def _of(text: str) -> Iterator[str]:
    for reading in dict.fromkeys((_JOINED.sub("", text), text)):
        for part in _SEPARATOR.split(reading):
            word = part.rstrip("/").rpartition("/")[2]
            if word:
                yield word
