"""Logins from node to node, addresses of names, listening sockets -> values."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import ParseError
from engine.model.host import Login


def parse_logins(text: str) -> dict[str, Login]:
    """Lines of host, exit code and ssh's last words, with tabs between.

    >>> parse_logins("n2\\t255\\troot@n2: Permission denied\\n")["n2"].is_in
    False
    """
    logins = {}
    for line in text.splitlines():
        host, code, said = (*line.split("\t", 2), "", "")[:3]
        if not code.isdecimal():
            raise ParseError("logins", host or "a line", f"{line[:80]!r} has no exit code")
        logins[host] = Login(int(code), said.strip())
    return logins


def parse_addresses(text: str) -> dict[str, tuple[str, ...]]:
    """Lines of a name and one of its addresses; a name without one stands alone.

    >>> parse_addresses("n1\\nn2 10.0.0.2\\nn1 10.0.0.1\\n")
    {'n1': ('10.0.0.1',), 'n2': ('10.0.0.2',)}
    """
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, *address = line.split()
        found.setdefault(name, []).extend(address[:1])
    return {name: tuple(dict.fromkeys(addresses)) for name, addresses in found.items()}


def parse_listening(text: str) -> tuple[str, ...]:
    """Paths of listening stream sockets in /proc/net/unix, sorted."""
    entries: Iterable[list[str]] = (line.split(None, 7) for line in text.splitlines())
    return tuple(sorted({e[7] for e in entries if len(e) == 8 and e[3:5] == ["00010000", "0001"]}))
