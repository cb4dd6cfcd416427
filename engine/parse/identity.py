"""What a machine says of itself (`engine/queries/identity.py`) -> Identity."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from engine.errors import ParseError
from engine.model.definition import ClusterDefinition
from engine.model.identity import Identity, same_name
from engine.parse.fields import Fields, json_value
from engine.parse.names import is_safe_name
from engine.parse.neteye_cluster import PATH, parse_neteye_cluster

HEAD = "who-i-am"
_SOURCE = "who the machine is"
_NODE = re.compile(r"node\s*\{")


def parse_identity(text: str) -> Identity:
    """Lines of `KIND VALUE` behind a first line `who-i-am`; what a machine lacks has no line.

    ParseError when that line is missing: a shell that prints something else tells nothing.
    """
    head, *lines = text.split("\n")
    if head.strip() != HEAD:
        raise ParseError(_SOURCE, "its first line", f"is {head[:80]!r}, expected {HEAD!r}")
    said: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        kind, _, value = line.partition(" ")
        said[kind].append(value)
    definition, unreadable = _definition(said["cluster"])
    addresses = tuple(a for a in " ".join(said["addresses"]).split() if not a.startswith("127."))
    hostname = _word(said["hostname"])
    names = dict.fromkeys(word for line in said["resolved"] for word in line.split()[1:])
    return Identity(
        machine_id=_word(said["id"]),
        hostname=hostname,
        static_name=_word(said["static"]),
        other_names=tuple(names),
        # a controller that has no name for its node yet may print "(null)"
        member=_word(name for name in said["member"] if is_safe_name(name)),
        configured=_by_corosync(said["corosync"], hostname, addresses),
        addresses=addresses,
        system=_word(said["system"]),
        release=_word(said["release"]).strip("\"'"),
        is_rehearsal="rehearsal" in said,
        definition=definition,
        unreadable=unreadable,
    )


def _word(lines: Iterable[str]) -> str:
    return next((line.strip() for line in lines if line.strip()), "")


def _definition(lines: list[str]) -> tuple[ClusterDefinition | None, str]:
    if not lines:
        return None, f"there is no {PATH}"
    try:
        return parse_neteye_cluster("\n".join(lines)), ""
    except ParseError as error:
        return None, str(error)


def _by_corosync(lines: Iterable[str], hostname: str, addresses: tuple[str, ...]) -> str:
    """The local node of corosync.conf, as corosync finds it: by an address of this machine.

    Its rings may be given by name; the machine's own name is then what can be told here.
    """
    for node in _corosync_nodes(lines):
        rings = [value for key, value in node.items() if key.startswith("ring")]
        if any(ring in addresses or same_name(ring, hostname) for ring in rings):
            return node.get("name") or rings[0]
    return ""


def parse_marker(text: str, source: str) -> dict[str, str]:
    """What the marker of a rehearsal tells of it: the scenario's name, what that is, its base.

    Of a twin also the `snapshot`, its sha256, which share of the `rows`, and what is `missing`.
    """
    told = Fields(json_value(text, source), source, "document")
    names = ("scenario", "about", "base")
    found = {n: told.text(n, may_be_empty=True) if told.has(n) else "" for n in names}
    if not told.has("twin"):
        return found
    twin = told.entry("twin")
    missing = "; ".join(twin.texts("missing"))
    return {**found, **{n: twin.text(n) for n in ("snapshot", "rows")}, "missing": missing}


def _corosync_nodes(lines: Iterable[str]) -> Sequence[Mapping[str, str]]:
    """The settings of each `node { ... }`."""
    nodes: list[dict[str, str]] = []
    is_inside = False
    for line in map(str.strip, lines):
        if _NODE.fullmatch(line):
            nodes.append({})
            is_inside = True
        elif line == "}":
            is_inside = False
        elif is_inside:
            key, _, value = line.partition(":")
            nodes[-1][key.strip()] = value.strip()
    return nodes
