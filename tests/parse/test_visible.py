"""A name or reason of which nothing can be seen is none."""

from __future__ import annotations

import pytest

from engine.model.visible import is_blank

BLANK = {
    "nothing": "",
    "blanks": " \t\u00a0\u2003",
    "line ends": "\n\r\u2028",
    "controls": "\x00\x1b\x7f\x9b",
    "zero-width space, joiner, byte order mark": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphen": "\u00ad",
    "directions": "\u200e\u202e\u2066\u2069",
    "tags": "\U000e0001\U000e0041",
    "fillers, which are letters": "\u115f\u1160\u3164\uffa0",
    "joiner and vowels, which are marks": "\u034f\u17b4\u17b5",
    "selectors of variants, which are marks": "\u180b\ufe00\ufe0f\U000e0100",
    "braille without a dot, which is a symbol": "\u2800",
    "not assigned, of one's own": "\u0378\ue000",
}


@pytest.mark.parametrize("what", BLANK)
def test_of_these_nothing_is_seen(what: str) -> None:
    for text in (BLANK[what], *BLANK[what], f" {BLANK[what]}\u200b"):
        assert is_blank(text), ascii(text)


@pytest.mark.parametrize("text", ["A", "\u00e9", ".", "\u200bA\u200b", "\u30a2", "1", "\U0001f600"])
def test_of_these_something_is(text: str) -> None:
    assert not is_blank(text)
