"""Whether a text that a person has to give has anything to be seen in it."""

from __future__ import annotations

import re
import unicodedata

_IGNORED = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Letters, marks and a symbol by their kind, and nothing where they are shown."""
_PLAINLY_SEEN = re.compile("[!-~]")
"""Most texts have one of these, and are not gone through."""


def is_blank(text: str) -> bool:
    """Nothing of it is seen: blanks, controls, characters without a width.

    >>> is_blank("\\u200b\\u2060\\ufeff "), is_blank("A.\\u00a0Rossi")
    (True, False)
    """
    if _PLAINLY_SEEN.search(text):
        return False
    return all(unicodedata.category(char)[0] in "ZC" for char in _IGNORED.sub("", text))
