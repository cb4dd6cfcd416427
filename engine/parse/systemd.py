"""`systemctl show` of several units: blocks of `Key=value`, one block a unit."""

from __future__ import annotations

from engine.errors import ParseError
from engine.model.cluster import DaemonState
from engine.parse.fields import excerpt

SOURCE = "systemctl show"
PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState")
_SUFFIX = ".service"


def parse_daemon_states(text: str) -> tuple[DaemonState, ...]:
    """The daemons that are installed on the node that was asked, in the order of the question."""
    blocks = [_block(block) for block in text.strip().split("\n\n")]
    return tuple(
        DaemonState(
            name=block["Id"].removesuffix(_SUFFIX),
            active=block["ActiveState"],
            enabled=block["UnitFileState"],
        )
        for block in blocks
        if block["LoadState"] != "not-found"
    )


def _block(text: str) -> dict[str, str]:
    lines = [line.partition("=") for line in text.splitlines()]
    found = {key: value.strip() for key, equals, value in lines if equals}
    if missing := [name for name in PROPERTIES if name not in found]:
        raise ParseError(SOURCE, missing[0], f"is missing in {excerpt(text)}")
    return found
