"""Configuration texts and diffs for the report, without the secrets in them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from engine.secrets import MASK, Secret

# a key that speaks of a secret, what stands between it and the value, and the value
_NAMED = re.compile(
    r"""(?ix) (?P<head> [\w-]* (?:PWD|PASSW|PASSPHRASE|SECRET|TOKEN|API_?KEY|CREDENTIAL) [\w-]*
    ["']? \s* \}? \s* (?:=>|=|:|>|\ |\t) \s* ) (?P<value> \S .* )"""
)
_KEY_BLOCK = re.compile(r"(-----BEGIN [^-]*PRIVATE KEY-----).*?(-----END [^-]*-----|\Z)", re.S)
_REFERENCE = re.compile(r"""["']?\$(?:\{\w+\}|ENV\{\s*['"]?\w+['"]?\s*\})["']?\s*;?\s*\Z""")
_SHORTEST = 4
"""Shorter passwords are masked by their key only: replacing them would garble the text."""


def masked(text: str, secrets: Iterable[Secret] = ()) -> str:
    """The text with the values of secret keys masked, and these secrets wherever they stand."""
    known = [s.reveal() for s in secrets if len(s.reveal()) >= _SHORTEST]
    return "\n".join(_masked_line(line, known) for line in text.split("\n"))


def masked_diff(old: str, new: str, name: str, secrets: Iterable[Secret] = ()) -> str:
    """A unified diff for the report; references to variables stay readable."""
    before, after = _without_keys(old).splitlines(), _without_keys(new).splitlines()
    lines = difflib.unified_diff(before, after, f"{name} (before)", f"{name} (after)", lineterm="")
    return masked("\n".join(lines), secrets)


def _without_keys(text: str) -> str:
    """Private keys by their lines: a diff may show the middle of one."""
    return _KEY_BLOCK.sub(lambda m: f"{m[1]}\n{MASK}\n{m[2]}", text)


def _masked_line(line: str, secrets: list[str]) -> str:
    match = _NAMED.search(line)
    if match and not _REFERENCE.match(match["value"]):
        line = line[: match.start("value")] + MASK
    for secret in secrets:
        line = line.replace(secret, MASK)
    return line
