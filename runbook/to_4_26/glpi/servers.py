"""The OCS servers of GLPI's plugin "OCS Inventory NG" before the upgrade (guide rows G03, G04)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.errors import ParseError
from engine.model.finding import Finding
from engine.model.query import Row, SqlQuery
from engine.secrets import Secret
from runbook.to_4_26.names import GLPI_OCS_USER, OFFICIAL_CHANNELS

TABLE = "glpi_plugin_ocsinventoryng_ocsservers"
_COLUMNS = (
    "id, name, ocs_db_host, ocs_db_user, ocs_db_name, is_active, conn_type, ocs_version,"
    " COALESCE(ocs_db_passwd, '') <> '' AS has_password,"
    # BINARY and <=>: other case, trailing blanks and NULL are other users too (ocs-glpi 2.4)
    f" BINARY ocs_db_user <=> BINARY '{GLPI_OCS_USER}' AS is_standard"
)


@dataclass(frozen=True)
class OcsServer:
    """A configured OCS server. `password` is what is stored, encrypted; None when not asked for."""

    id: int
    name: str
    host: str
    user: str | None
    database: str
    is_active: bool
    is_soap: bool
    """conn_type 1: no database login at all (the SOAP interface)."""
    is_standard: bool
    """Its database user is glpi_ocsinventoryng, whose password the upgrade resets by itself."""
    has_password: bool
    ocs_version: str | None = None
    password: Secret | None = field(default=None, compare=False)

    @property
    def depends_on_cipher(self) -> bool:
        """Its stored password is the one that can't be read after the upgrade."""
        return self.has_password and not self.is_soap

    def __str__(self) -> str:
        return f"OCS server {self.name!r} (id {self.id}, {self.user!r} at {self.host!r})"


def _server(row: Row) -> OcsServer:
    stored = row.get("ocs_db_passwd")
    return OcsServer(
        id=int(row["id"]),
        name=row["name"] or "",
        host=row["ocs_db_host"] or "",
        user=row["ocs_db_user"],
        database=row["ocs_db_name"] or "",
        is_active=bool(row["is_active"]),
        is_soap=int(row["conn_type"]) == 1,
        is_standard=bool(row["is_standard"]),
        has_password=bool(row["has_password"]),
        ocs_version=row["ocs_version"],
        password=Secret(stored) if stored else None,
    )


def ocs_servers(database: str) -> SqlQuery[list[OcsServer]]:
    """All configured OCS servers, without their stored passwords."""
    return SqlQuery(
        name="OCS servers of GLPI",
        database=database,
        sql=f"SELECT {_COLUMNS} FROM {TABLE} ORDER BY id",
        parse=lambda rows: [_server(row) for row in rows],
    )


def stored_passwords(database: str) -> SqlQuery[list[OcsServer]]:
    """All configured OCS servers with their stored passwords; the answer is never recorded.

    The cipher before the upgrade is reversible by anyone (ocs-glpi 2.2): it is a secret as such.
    """
    return SqlQuery(
        name="stored passwords of the OCS servers",
        database=database,
        sql=f"SELECT {_COLUMNS}, ocs_db_passwd FROM {TABLE} ORDER BY id",
        parse=lambda rows: [_server(row) for row in rows],
        secret=True,
    )


@dataclass(frozen=True)
class PluginState:
    """A row of glpi_plugins: state 1 is activated, 4 not activated, 6 not updated."""

    version: str
    state: int

    @property
    def is_active(self) -> bool:
        return self.state == 1

    @property
    def state_name(self) -> str:
        names = {1: "activated", 4: "not activated", 6: "not updated"}
        return names.get(self.state, f"state {self.state}")


def _plugin_state(rows: list[Row]) -> PluginState | None:
    if len(rows) > 1:
        raise ParseError("glpi_plugins", "ocsinventoryng", f"{len(rows)} rows, expected one")
    return PluginState(str(rows[0]["version"]), int(rows[0]["state"])) if rows else None


def plugin_state(database: str) -> SqlQuery[PluginState | None]:
    """State and version of the plugin as GLPI has it; None: GLPI does not know it."""
    return SqlQuery(
        name="state of the GLPI plugin",
        database=database,
        sql="SELECT version, state FROM glpi_plugins WHERE directory = 'ocsinventoryng'",
        parse=_plugin_state,
    )


def findings_before(servers: Iterable[OcsServer]) -> list[Finding]:
    """Servers of any other database user stop working: active ones block (G04)."""
    return [_custom(server) for server in servers if not server.is_standard]


def _custom(server: OcsServer) -> Finding:
    code, remedy = "ocs-server-custom", OFFICIAL_CHANNELS
    seen = ": it will stop working with the upgrade"
    if not server.depends_on_cipher:
        code = "ocs-server-custom-harmless"
        seen = f", but {'speaks SOAP' if server.is_soap else 'has no stored password'}"
        remedy = "Nothing is lost by the change of the cipher; look at it after the upgrade."
    elif not server.is_active:
        code = "ocs-server-custom-inactive"
        seen = "; it is inactive, its stored password can't be read after the upgrade"
        remedy = f"Delete it if it is not used any more. If it is: {OFFICIAL_CHANNELS}"
    return Finding(
        code=code,
        subject=f"OCS server {server.name}",
        observed=f"{server} uses the database user {server.user!r}{seen}",
        expected=f"database user '{GLPI_OCS_USER}', whose password the upgrade resets by itself",
        remedy=remedy,
        guide=("G04",),
    )
