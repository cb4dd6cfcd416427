"""`/etc/neteye-release` and DNF0, the version that the package repositories are pinned to."""

from __future__ import annotations

import re
import shlex

from engine.errors import ParseError
from engine.model.host import Version
from engine.parse.fields import excerpt

RELEASE_FILE = "/etc/neteye-release"
PROFILE_FILE = "/etc/profile.d/neteye-DNF.sh"

_RELEASE = re.compile(r"NetEye release ([0-9]{1,9}\.[0-9]{1,9})(?![0-9])", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}", re.ASCII)


def parse_neteye_release(text: str) -> Version:
    """The installed version: first line `NetEye release 4.21`; what follows is not looked at."""
    first = text.partition("\n")[0]
    match = _RELEASE.match(first)
    if not match:
        problem = f"is {excerpt(first)}, expected 'NetEye release' and a version"
        raise ParseError(RELEASE_FILE, "line 1", problem)
    return Version.parse(match[1])


def parse_dnf0(text: str) -> Version:
    """The version in DNF0: from its printed value, or from the text of the profile file."""
    value = text.strip()
    if not _VERSION.fullmatch(value):
        value = parse_profile_dnf0(text) if "=" in text else value
    if not _VERSION.fullmatch(value):
        problem = f"is {excerpt(value)}, expected a NetEye version such as 4.21"
        raise ParseError(PROFILE_FILE, "DNF0", problem)
    return Version.parse(value)


def parse_profile_dnf0(text: str) -> str:
    """The value that `/etc/profile.d/neteye-DNF.sh` gives to DNF0, unquoted.

    The last assignment counts, as in the shell. A value that the shell would compute is an
    error: it is known only to a login shell.
    """
    values = [value for line in text.splitlines() for value in _assigned(line)]
    if not values or not values[-1]:
        raise ParseError(PROFILE_FILE, "DNF0", "is not assigned; expected DNF0=VERSION")
    if re.search(r"[$`]", values[-1]):
        problem = f"is {excerpt(values[-1])}, computed by the shell; expected a plain version"
        raise ParseError(PROFILE_FILE, "DNF0", problem)
    return values[-1]


def _assigned(line: str) -> list[str]:
    """Values of the assignments to DNF0 in a line: `export DNF0="4.21"`, `DNF0=4.21; ...`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        if "DNF0=" not in line:
            return []
        raise ParseError(PROFILE_FILE, "DNF0", f"unbalanced quotes in {excerpt(line)}") from None
    return [word.removeprefix("DNF0=") for word in words if word.startswith("DNF0=")]
