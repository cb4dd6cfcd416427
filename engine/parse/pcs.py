"""The Daemon Status of `pcs status`: the one fact that only pcs's text has.

The same in pcs 0.10 and 0.11. It tells of the node that was asked only: ask each.
"""

from __future__ import annotations

import re

from engine.errors import ParseError
from engine.model.cluster import DaemonState
from engine.parse.fields import excerpt

SOURCE = "pcs status"
SECTION = "Daemon Status"

_DAEMON = re.compile(r"\s+(?P<name>[\w.@-]+): (?P<active>[\w-]+)/(?P<enabled>[\w-]+)\s*")


def parse_daemon_status(text: str) -> tuple[DaemonState, ...]:
    """The daemons of the node that was asked, in pcs's order: corosync, pacemaker, pcsd, ..."""
    lines = iter(text.splitlines())
    if not any(line.rstrip() == f"{SECTION}:" for line in lines):
        seen = excerpt(text.strip())
        raise ParseError(SOURCE, SECTION, f"is missing; the answer begins {seen}")
    daemons = []
    for line in lines:
        if not line[:1].isspace() or not line.strip():
            break
        daemons.append(_daemon(line))
    if not daemons:
        raise ParseError(SOURCE, SECTION, "lists no daemon")
    return tuple(daemons)


def _daemon(line: str) -> DaemonState:
    match = _DAEMON.fullmatch(line)
    if not match:
        problem = f"has the line {excerpt(line)}, expected 'name: active/enabled'"
        raise ParseError(SOURCE, SECTION, problem)
    return DaemonState(**match.groupdict())
