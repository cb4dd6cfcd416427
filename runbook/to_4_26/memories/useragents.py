"""What an agent sends as the size of a memory slot, by the name and version it gives itself.

Read in the agents' sources and seen in runs of them (ocs-glpi 1.5, 1.8). No agent of now sends
text for an empty slot: it leaves the size out, and the server stores 0.
"""

from __future__ import annotations

import re
from enum import Enum

_NAME = re.compile(r"(?P<name>.+?)[_/-]v?(?P<version>\d+(?:\.\d+)*)")


class Sends(Enum):
    """What becomes of a slot's size."""

    INTEGERS = "an integer, nothing for an empty slot"
    TEXT = "text for an empty slot"
    UNKNOWN = "unknown"


_UNIX = "OCS-NG_unified_unix_agent"
_SINCE: dict[str, tuple[int, ...]] = {
    # before, the first word that dmidecode prints: `No` of "No Module Installed"
    _UNIX: (2, 3),
    "OCS-NG_WINDOWS_AGENT": (0,),
    "FusionInventory-Agent": (2, 6),
    # made from FusionInventory's 2.6
    "GLPI-Agent": (0,),
}
"""Name -> the first version that is known to send integers only."""


def _parts(useragent: str | None) -> tuple[str, tuple[int, ...]]:
    match = _NAME.match(useragent or "")
    if match is None:
        return useragent or "", ()
    return match["name"], tuple(map(int, match["version"].split(".")))


def sends(useragent: str | None) -> Sends:
    """What this agent sends; unknown for names and versions that nobody has looked at."""
    name, version = _parts(useragent)
    since = _SINCE.get(name)
    if since is None or not version:
        return Sends.UNKNOWN
    if version >= since:
        return Sends.INTEGERS
    return Sends.TEXT if name == _UNIX else Sends.UNKNOWN


def counts_alike(one: str | None, other: str | None) -> bool:
    """Whether two agents give a slot the same number: one counts from 0, another from 1."""
    return _parts(one)[0] == _parts(other)[0]
