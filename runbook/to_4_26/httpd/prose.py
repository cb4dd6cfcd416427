"""Comments of an httpd file that speak of a password and hold none."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"[ +-]?\s*#+(.*)", re.S)
_STEMS = ("pwd", "pass", "secret", "token", "credential", "key")
"""What a word has that may have a value behind it; the plain ones among them are `_NAMES`."""
_NAMES = frozenset(
    one + end
    for one in ("password", "passphrase", "secret", "token", "credential")
    for end in ("", "s")
)
_GOES_ON = frozenset(
    {
        *("of", "for", "from", "in", "on", "by", "to", "and", "or", "as", "at", "with", "has"),
        *("have", "comes", "come", "stands", "stand", "lies", "lie", "belongs", "belong", "are"),
        *("file", "files"),
    }
)
"""Behind one of these a sentence goes on."""
_PLAIN = (
    _GOES_ON
    | _NAMES
    | {
        *(
            "a",
            "an",
            "the",
            "this",
            "that",
            "these",
            "its",
            "it",
            "own",
            "not",
            "no",
            "only",
            "each",
        ),
        *(
            "all",
            "see",
            "set",
            "kept",
            "read",
            "here",
            "there",
            "below",
            "above",
            "before",
            "after",
        ),
        *(
            "environment",
            "variable",
            "variables",
            "httpd",
            "apache",
            "sysconfig",
            "server",
            "servers",
        ),
        *("database", "databases", "user", "users", "agent", "agents", "console", "replica"),
        *("package", "unit", "node", "nodes", "cluster", "configuration", "installer", "upgrade"),
    }
)
"""Words that say nothing by themselves: any other one may be what somebody wrote down."""
_WORD = re.compile(r"([A-Za-z]{1,15})[,.]?")


def is_prose(line: str) -> bool:
    """A comment in plain words, as it stands in the file or in a diff of it.

    From the first word such as `password` on there are only words that are no secret, and the next
    one goes on with the sentence. Whatever else may be a secret, a word of letters too.
    """
    comment = _COMMENT.match(line)
    if comment is None:
        return False
    words = comment[1].lower().split()
    while words and not any(name in words[0] for name in _STEMS):
        words.pop(0)
    read = [match[1] if (match := _WORD.fullmatch(word)) else "" for word in words]
    return len(read) > 1 and read[0] in _NAMES and read[1] in _GOES_ON and _PLAIN.issuperset(read)
