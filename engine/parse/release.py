"""`/etc/neteye-release`: the installed version."""

from __future__ import annotations

import re

from engine.errors import ParseError
from engine.model.host import Version
from engine.parse.fields import excerpt

RELEASE_FILE = "/etc/neteye-release"

_RELEASE = re.compile(r"NetEye release ([0-9]{1,9}\.[0-9]{1,9})(?![0-9])", re.ASCII)


def parse_neteye_release(text: str) -> Version:
    """The installed version: first line `NetEye release 4.21`; what follows is not looked at."""
    first = text.partition("\n")[0]
    match = _RELEASE.match(first)
    if not match:
        problem = f"is {excerpt(first)}, expected 'NetEye release' and a version"
        raise ParseError(RELEASE_FILE, "line 1", problem)
    return Version.parse(match[1])
