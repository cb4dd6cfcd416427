"""Where GLPI keeps its database and its key: by its own configuration, not by convention.

GLPI's installer asks for the database's name, and its configuration directory can be anywhere
(ocs-glpi 2.4). What can't be found is asked for, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.ask.look import Look
from engine.model.answer import Answer
from engine.model.finding import Finding
from engine.model.query import Query, Row, SqlQuery
from runbook.to_4_26.glpi.servers import TABLE
from runbook.to_4_26.settings import GLPI_CONFIG

ROOTS = ("/neteye/shared/glpi", "/etc/glpi", "/usr/share/glpi", "/var/www/html/glpi")
KEY_FILE = "glpicrypt.key"
ASKED_FOR = (
    f"Set {GLPI_CONFIG.variable} in the inventory to the directory in which GLPI's config_db.php"
    f" and {KEY_FILE} are, then run again."
)

# args: where to look. Prints for each config_db.php: directory, its two settings that are no
# secret, digest of the key beside it; fields and records end in NUL, a record in an empty one
_CONFIGURATIONS = r"""
set -f
IFS='
'
value='("[^"]*"|'"'[^']*')"
uncommented() { grep -vE '^[[:space:]]*(//|#|/?\*)' -- "$1"; }
directories() {
  for root in "$@"; do
    [ -d "$root" ] || continue
    find "$root" -xdev -maxdepth 4 -type f -name config_db.php -printf '%h\n'
    for file in $(find "$root" -xdev -maxdepth 4 -type f \
        '(' -name local_define.php -o -name downstream.php ')'); do
      uncommented "$file" | grep -oE "GLPI_CONFIG_DIR['\"][[:space:]]*,[[:space:]]*$value" \
        | sed -E "s/^[^,]*,[[:space:]]*.//; s/.\$//"
    done
  done
}
for directory in $(directories "$@" | sort -u); do
  file="$directory/config_db.php"
  [ -f "$file" ] || continue
  printf '%s\0' "$directory"
  uncommented "$file" | grep -oE "[$]db(host|default)[[:space:]]*=[[:space:]]*$value"
  printf '\0'
  [ ! -f "$directory/glpicrypt.key" ] || sha256sum < "$directory/glpicrypt.key"
  printf '\0'
done
"""
_VALUE = re.compile(r"^\$db(host|default)\s*=\s*['\"](.*)['\"]$")


@dataclass(frozen=True)
class GlpiConfig:
    """One config_db.php: which database it names, and whether GLPI's key lies beside it."""

    directory: str
    host: str
    database: str
    key_digest: str = ""
    """Tells two keys apart; empty without one."""

    def __str__(self) -> str:
        return f"{self.directory} names database {self.database!r} at {self.host!r}"


def _configurations(answer: Answer) -> tuple[GlpiConfig, ...]:
    fields = answer.text.split("\0")
    if len(fields) % 3 != 1 or fields[-1].strip():
        raise ValueError(f"{len(fields) - 1} fields, expected three for each configuration")
    found = []
    for directory, settings, digest in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        values = {m[1]: m[2] for m in map(_VALUE.match, settings.splitlines()) if m}
        if "default" not in values:
            raise ValueError(f"{directory}/config_db.php names no database ($dbdefault)")
        found.append(
            GlpiConfig(
                directory, values.get("host", "localhost"), values["default"], digest.split(" ")[0]
            )
        )
    return tuple(found)


def configurations(directory: str | None = None) -> Query[tuple[GlpiConfig, ...]]:
    """GLPI's configurations on the node where its directory is mounted; no password is read.

    `directory`: the one that the inventory names; without it the usual places are searched.
    """
    return Query(
        name="GLPI's configuration",
        argv=(
            *("sh", "-c", _CONFIGURATIONS.strip(), "configurations"),
            *((directory,) if directory else ROOTS),
        ),
        parse=_configurations,
        secret=True,
        deadline=60.0,
    )


def _schemas(rows: list[Row]) -> dict[str, bool]:
    return {str(row["name"]): bool(row["has_plugin"]) for row in rows}


SCHEMAS: SqlQuery[dict[str, bool]] = SqlQuery(
    name="databases with the table of GLPI's plugin",
    database="information_schema",
    sql="SELECT s.SCHEMA_NAME AS name, EXISTS (SELECT 1 FROM TABLES t WHERE"
    " t.TABLE_SCHEMA = s.SCHEMA_NAME AND t.TABLE_NAME = %s) AS has_plugin FROM SCHEMATA s",
    params=(TABLE,),
    parse=_schemas,
)
"""All databases of the server, and whether the plugin's table is there."""


@dataclass(frozen=True)
class GlpiPlace:
    """GLPI's database and configuration directory; both None: the plugin is not installed."""

    database: str | None
    directory: str | None
    sentence: str
    """What was seen, for the evidence."""
    findings: tuple[Finding, ...] = ()


def place(
    configs: Iterable[GlpiConfig], schemas: Mapping[str, bool], directory: str | None = None
) -> GlpiPlace:
    """Which database GLPI uses. A finding when that can't be told for certain.

    `directory`: the one that the inventory names; a configuration has to be there.
    """
    configs = tuple(configs)
    with_plugin = sorted(name for name, has_plugin in schemas.items() if has_plugin)
    named = sorted({config.database for config in configs})
    agreed = [name for name in named if name in with_plugin]
    searched = directory or ", ".join(ROOTS)
    said = "; ".join(map(str, configs)) or f"no config_db.php below {searched}"
    said += f"; the plugin's table is in {', '.join(with_plugin) or 'no database'}"
    if len(agreed) == 1:
        return GlpiPlace(agreed[0], _directory(configs, agreed[0]), said)
    if not configs and not directory and len(with_plugin) < 2:
        return GlpiPlace(with_plugin[0] if with_plugin else None, None, said)
    elsewhere = [config for config in configs if config.database not in schemas]
    if configs and not with_plugin and not elsewhere:
        return GlpiPlace(None, None, said)
    if elsewhere and not with_plugin:
        return GlpiPlace(None, None, said, (_elsewhere(elsewhere[0]),))
    return GlpiPlace(None, None, said, (_unclear(said),))


def _directory(configs: Iterable[GlpiConfig], database: str) -> str | None:
    """The directory with GLPI's key; None when there are several keys, and no single choice."""
    mine = [config for config in configs if config.database == database]
    with_key = [config for config in mine if config.key_digest] or mine
    return with_key[0].directory if len({c.key_digest for c in with_key}) == 1 else None


def _elsewhere(config: GlpiConfig) -> Finding:
    return Finding(
        code="glpi-database-elsewhere",
        subject=f"GLPI database {config.database}",
        observed=f"{config}, and the cluster's database server has none of that name",
        expected="GLPI's database on the cluster's own server, where its OCS servers can be seen",
        remedy="Look there for OCS servers with another database user than glpi_ocsinventoryng,"
        " and after the upgrade whether the stored passwords work; then accept this finding. If it"
        f" is an old file: {ASKED_FOR}",
        guide=("G03", "G04"),
    )


def _unclear(said: str) -> Finding:
    return Finding(
        code="glpi-database-unclear",
        subject="GLPI",
        observed=said,
        expected="one database that GLPI's own configuration names and that has the plugin's table",
        remedy=ASKED_FOR,
        guide=("G03", "G04"),
    )


def glpi_node(look: Look) -> str:
    """The node where GLPI's shared directory is mounted; N when no resource tells."""
    status = look.cluster_status()
    for resource in status.services:
        if resource.id.startswith("glpi") and resource.is_started and len(resource.nodes) == 1:
            return resource.nodes[0]
    return look.names.active


def glpi_place(look: Look) -> GlpiPlace:
    """Ask database and node. Raises Unanswered when one of them did not answer."""
    schemas = look.sql(SCHEMAS)
    directory = look.settings[GLPI_CONFIG]
    configs = look.ask(glpi_node(look), configurations(directory))
    return place(configs, schemas, directory)
