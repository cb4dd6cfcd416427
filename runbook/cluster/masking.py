"""Configuration texts and diffs for the report, without the secrets in them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

from engine.secrets import MASK, Secret

# a key that speaks of a secret, what stands between it and the value, and the value
_NAMED = re.compile(
    r"""(?ix) (?P<head>
    # each word is gone through once: a line of 100 KB would take minutes else
    (?<![\w-]) (?> [\w-]*
      (?: (?:PWD|PASSW|PASSPHRASE|SECRET|TOKEN|API_?KEY|CREDENTIAL) [\w-]*+
      | _PASS (?![\w-]) | (?<!\w) PASS (?= ["']? \s* (?:=|:)) )
    ) ["']? (?: \s*+ \}? \s*+ (?:=>|[=:>]) \s*+ | (?: \s*+ \} )? \s++ )
    ) (?P<value> \S .* )"""
)
_KEY_BLOCK = re.compile(r"(-----BEGIN [^-]*PRIVATE KEY-----).*?(-----END [^-]*-----|\Z)", re.S)
_REFERENCE = re.compile(r"""["']?\$(?:\{\w+\}|ENV\{\s*['"]?\w+['"]?\s*\})["']?\s*;?\s*\Z""")
_CONTINUED = re.compile(r"^(?:.*\\\r?\n)+.*$", re.M)
_BREAK = re.compile(r"\\\r?\n")
_SHORTEST = 4
"""Shorter passwords are masked by their key only: replacing them would garble the text."""


def _never(_: str) -> bool:
    return False


def masked(
    text: str, secrets: Iterable[Secret] = (), *, is_prose: Callable[[str], bool] = _never
) -> str:
    """The text with the values of secret keys masked, and these secrets wherever they stand.

    `is_prose` knows lines of the text's format in which such a word has no value behind it; where
    the format is not known, no line is one.
    """
    known = [s.reveal() for s in secrets if len(s.reveal()) >= _SHORTEST]
    return "\n".join(_masked_line(line, known, is_prose) for line in text.split("\n"))


def masked_diff(
    old: str,
    new: str,
    name: str,
    secrets: Iterable[Secret] = (),
    *,
    is_prose: Callable[[str], bool] = _never,
) -> str:
    """A unified diff for the report; references to variables stay readable."""
    before, after = _lines_of(old), _lines_of(new)
    lines = difflib.unified_diff(before, after, f"{name} (before)", f"{name} (after)", lineterm="")
    return masked("\n".join(lines), secrets, is_prose=is_prose)


def is_reference(value: str) -> bool:
    """The value of a key is a variable's, and nothing else: no secret."""
    return _REFERENCE.match(value) is not None


def _lines_of(text: str) -> list[str]:
    """For a diff, which takes lines apart: what is a secret only with others is masked before."""
    return _CONTINUED.sub(_without_rest, _without_keys(text)).splitlines()


def _without_rest(match: re.Match[str]) -> str:
    """Of a line that goes on below, all but its beginning, when it holds a secret."""
    first, *rest = match[0].split("\n")
    found = _NAMED.search(_BREAK.sub(" ", match[0]))
    if found is None or is_reference(found["value"].strip()):
        return match[0]
    return "\n".join([first, *(MASK for _ in rest)])


def _without_keys(text: str) -> str:
    """Private keys by their lines: a diff may show the middle of one."""
    return _KEY_BLOCK.sub(lambda m: f"{m[1]}\n{MASK}\n{m[2]}", text)


def _masked_line(line: str, secrets: list[str], is_prose: Callable[[str], bool]) -> str:
    match = _NAMED.search(line)
    if match and not is_reference(match["value"]) and not is_prose(line):
        line = line[: match.start("value")] + MASK
    for secret in secrets:
        line = line.replace(secret, MASK)
    return line
