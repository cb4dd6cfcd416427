"""`corosync-quorumtool -s` -> QuorumStatus. It ends with 0 when quorate, 2 when not.

Asked for instead of `pcs quorum status`, which fails on a node without quorum.
"""

from __future__ import annotations

import re

from engine.errors import ParseError
from engine.model.cluster import QuorumMember, QuorumStatus
from engine.parse.fields import excerpt, integer

SOURCE = "corosync-quorumtool -s"

_FIELD = re.compile(r"(?P<key>[A-Z][A-Za-z ]*):(?:\s+(?P<value>.*?))?\s*")
_HEADER = re.compile(r"\s*Nodeid\s+Votes(?P<qdevice>\s+Qdevice)?\s+Name\s*")
_LOCAL = re.compile(r"\s+\(local\)$")
_QDEVICE_ROW = re.compile(
    r"\s*0\s+(?P<votes>[0-9]+)\s+Qdevice(?:\s+\(votes [0-9]+\))?\s*", re.ASCII
)


def parse_quorumtool(text: str) -> QuorumStatus:
    """Quorum as this node sees it, with the votes of its members and of the qdevice."""
    lines = text.splitlines()
    headers = ((i, _HEADER.fullmatch(line)) for i, line in enumerate(lines))
    header, columns = next((found for found in headers if found[1]), (0, None))
    if columns is None:
        seen = excerpt(text.strip())
        raise ParseError(SOURCE, "Membership information", f"is missing; the answer begins {seen}")
    fields = _fields(lines[:header])
    has_column = columns["qdevice"] is not None
    members, qdevice_votes = _members(lines[header + 1 :], has_column)
    return QuorumStatus(
        quorate=_quorate(fields),
        expected_votes=_number(fields, "Expected votes"),
        total_votes=_number(fields, "Total votes"),
        quorum=_number(fields, "Quorum"),
        has_qdevice="Qdevice" in _field(fields, "Flags").split(),
        qdevice_votes=qdevice_votes,
        members=members,
    )


def _fields(lines: list[str]) -> dict[str, str]:
    matches = (_FIELD.fullmatch(line) for line in lines)
    return {match["key"]: match["value"] or "" for match in matches if match}


def _field(fields: dict[str, str], name: str) -> str:
    if name not in fields:
        raise ParseError(SOURCE, name, "is missing")
    return fields[name]


def _number(fields: dict[str, str], name: str) -> int:
    # `3 Activity blocked`: remarks follow the number
    return integer(_field(fields, name).partition(" ")[0], SOURCE, name)


def _quorate(fields: dict[str, str]) -> bool:
    value = _field(fields, "Quorate")
    if value not in ("Yes", "No"):
        raise ParseError(SOURCE, "Quorate", f"is {excerpt(value)}, expected Yes or No")
    return value == "Yes"


def _members(lines: list[str], has_column: bool) -> tuple[tuple[QuorumMember, ...], int | None]:
    """The membership list and the votes of the qdevice, which stands in it as node 0."""
    members = []
    qdevice_votes = None
    for line in lines:
        if not line.strip():
            continue
        qdevice = _QDEVICE_ROW.fullmatch(line)
        if qdevice:
            qdevice_votes = int(qdevice["votes"])
        else:
            members.append(_member(line, has_column))
    if not members:
        raise ParseError(SOURCE, "Membership information", "lists no node")
    return tuple(members), qdevice_votes


def _member(line: str, has_column: bool) -> QuorumMember:
    columns = _LOCAL.sub("", line.strip()).split(maxsplit=3 if has_column else 2)
    if len(columns) != (4 if has_column else 3):
        expected = "node id, votes, qdevice flags, name" if has_column else "node id, votes, name"
        problem = f"has the line {excerpt(line)}, expected {expected}"
        raise ParseError(SOURCE, "Membership information", problem)
    return QuorumMember(
        nodeid=integer(columns[0], SOURCE, "Nodeid"),
        votes=integer(columns[1], SOURCE, "Votes"),
        name=columns[-1],
        flags=tuple(columns[2].split(",")) if has_column else (),
    )
