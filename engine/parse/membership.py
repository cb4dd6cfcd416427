"""What a machine says of its place in a cluster (`engine/queries/membership.py`) -> Membership."""

from __future__ import annotations

from engine.errors import ParseError
from engine.model.membership import Membership
from engine.parse.fields import excerpt, integer

_SOURCE = "membership"


def parse_membership(text: str) -> Membership:
    """Lines of `KIND VALUE`; a file that is not there has no line. ParseError without a user id.

    >>> parse_membership("uid 0\\nuser root\\nthere cluster\\n").has_cluster_file
    True
    """
    said: dict[str, str] = {}
    there: set[str] = set()
    for line in text.splitlines():
        kind, _, value = line.partition(" ")
        if kind == "there":
            there.add(value)
        else:
            said[kind] = value
    if "uid" not in said:
        raise ParseError(_SOURCE, "user id", f"is missing; the answer begins {excerpt(text)}")
    return Membership(
        uid=integer(said["uid"], _SOURCE, "user id"),
        user=said.get("user", ""),
        has_cluster_file="cluster" in there,
        is_satellite="satellite" in there,
        has_product="product" in there,
    )
