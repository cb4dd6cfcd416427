"""SQL for GLPI's OCS servers as the snapshot tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rehearsal.inside.database import quoted
from rehearsal.like.fields import MASKED, Fields, SnapshotError

_TABLE = "glpi.glpi_plugin_ocsinventoryng_ocsservers"
_OWN = "ocsweb"
"""The name of the server that the rehearsal has: each new one takes over its stored password."""


_LONGEST = 255
"""Characters of a text of a server."""
_LAST_STATE = 100


@dataclass(frozen=True)
class Server:
    """An OCS server of GLPI's plugin; a text is None where it is NULL."""

    is_active: bool
    user: str | None
    host: str | None
    database: str | None
    speaks_soap: bool
    has_password: bool


@dataclass(frozen=True)
class Plugin:
    """What GLPI has on record of its plugin; a version that is not told is ''."""

    version: str
    state: int


def plugin(one: Fields) -> Plugin:
    """Raises SnapshotError."""
    version = one.text("version", MASKED)
    if version == MASKED:
        version = ""
    elif not re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{1,4}){1,3}", version):
        raise SnapshotError(f"{one.at('version')} is {version[:80]!r}, which is no version")
    state = one.number("state", 1)
    if state > _LAST_STATE:
        raise SnapshotError(f"{one.at('state')} is {state}, which is no state of a plugin")
    return Plugin(version, state)


def server(one: Fields) -> Server:
    """Raises SnapshotError."""
    one.truth("standard", False)
    return Server(
        one.truth("active"),
        _text(one, "user"),
        _text(one, "host"),
        _text(one, "database"),
        one.word("connection", ("database", "soap"), "database") == "soap",
        one.word("password", ("stored", "none"), "stored") == "stored",
    )


def _text(one: Fields, key: str) -> str | None:
    return one.text(key, most=_LONGEST) if one.has(key) else one.text(key, "") or None


def statements(servers: Sequence[Server]) -> Iterator[str]:
    """Without final semicolons; the rehearsal's own server goes."""
    for number, one in enumerate(servers, start=1):
        texts = (f"server-{number}", one.user, one.host, one.database)
        name, user, host, database = ("NULL" if t is None else quoted(t) for t in texts)
        yield (
            f"INSERT INTO {_TABLE} (name, ocs_db_user, ocs_db_passwd, ocs_db_host, ocs_db_name,"
            " ocs_db_utf8, is_active, conn_type, ocs_version)"
            f" SELECT {name}, {user}, {'ocs_db_passwd' if one.has_password else 'NULL'}, {host},"
            f" {database}, 1, {int(one.is_active)}, {int(one.speaks_soap)}, ocs_version"
            f" FROM {_TABLE} WHERE name = '{_OWN}'"
        )
    yield f"DELETE FROM {_TABLE} WHERE name = '{_OWN}'"
