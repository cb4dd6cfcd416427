"""Scenarios of ocsweb.memories: its column CAPACITY, its rows, and their backup. Data, no code."""

from __future__ import annotations

from collections.abc import Mapping

from rehearsal.scenario import NodeStep
from rehearsal.to_4_26.scenario import Scenario
from rehearsal.to_4_26.versions import SOURCE
from rehearsal.topology import Role

_TO_TEXT = "ALTER TABLE ocsweb.memories"
# a machine with plain numbers, whose inventory is days old
_MACHINE = 18


def _converted(how: str, description: str, name: str = "") -> Scenario:
    """`neteye upgrade` converts the column in a wrong way."""
    return Scenario(
        name or f"capacity-{how}",
        description,
        installed=SOURCE,
        settings={"capacity_conversion": how},
    )


def _meanwhile(*argv: str, task: str = "secure_install") -> Mapping[str, object]:
    """Somebody does this on N during the upgrade, before that task; once."""
    entry = {"command": "upgrade", "task": task, "on": "active", "argv": list(argv)}
    return {"meanwhile": [entry]}


def _sql(*statements: str) -> tuple[str, ...]:
    return ("mysql", "ocsweb", "--execute", "; ".join(statements))


_INVENTORY = _sql(
    f"UPDATE hardware SET LASTDATE = NOW(), LASTCOME = NOW() WHERE ID = {_MACHINE}",
    f"DELETE FROM memories WHERE HARDWARE_ID = {_MACHINE}",
    "INSERT INTO memories (HARDWARE_ID, CAPTION, CAPACITY, NUMSLOTS) VALUES"
    f" ({_MACHINE}, 'DIMM 1', '65536', 1), ({_MACHINE}, 'DIMM 2', '', 2)",
)
_PURGE = _sql(
    f"DELETE FROM memories WHERE HARDWARE_ID = {_MACHINE}",
    f"DELETE FROM hardware WHERE ID = {_MACHINE}",
)
_BACKUPS = "/var/lib/neteye-runbook/attempts/*/backups"
_SPOIL = f'for file in {_BACKUPS}/*.sql.gz; do echo spoilt >> "$file"; done'
_LOSE = f"rm -f {_BACKUPS}/*.sql.gz"

# another program goes before it in the search path; $REAL is the one that was there. The image's
# own, which count calls, are in the same directory: they stay in use behind it
_SHIM = """
path=/usr/local/sbin/$1
real=$(command -v "$1")
if [ "$real" = "$path" ]; then
  real=$path.behind
  mv "$path" "$real"
fi
printf '#!/bin/bash\\nREAL=%s\\n%s\\n' "$real" "$2" > "$path"
chmod 755 "$path"
"""


def _shim(where: int | Role, command: str, script: str) -> NodeStep:
    return NodeStep(where, ("bash", "-euc", _SHIM, "shim", command, script))


_DAMAGED_DUMP = '"$REAL" "$@" | sed "s/\'DIMM 3\'/\'DIMM 33\'/"; exit "${PIPESTATUS[0]}"'
_DAMAGED_READ = (
    'case "$*" in *.sql.gz) "$REAL" "$@"; echo "more than there is" ;; *) exec "$REAL" "$@" ;; esac'
)
_LITTLE_ROOM = """
case "${*: -1}" in
/var/lib | /neteye/shared/mysql/data*) "$REAL" "$@" | awk 'NR > 1 { $4 = 65536 } { print }' ;;
*) exec "$REAL" "$@" ;;
esac"""

_AWAY = "RENAME TABLE ocsweb.memories TO ocsweb.memories_away"
_SERVER = "/etc/httpd/conf.d/ocsinventory-server.conf"
_OTHER_DATABASE = r"s|^\( *PerlSetEnv OCS_DB_NAME\) [^\r]*|\1 ocsweb_2019|"

_UNINSTALL = """
rpm -e --nodeps ocsinventory-server ocsinventory-ocsreports
rm -f /etc/httpd/conf.d/ocsinventory-*.rpmsave
"""

ALL = (
    Scenario(
        "capacity-decimal",
        "memories.CAPACITY is a decimal, which no OCS release has",
        installed=SOURCE,
        sql=(
            "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'",
            f"{_TO_TEXT} MODIFY CAPACITY DECIMAL(20,0)",
        ),
    ),
    Scenario(
        "capacity-missing",
        "ocsweb.memories has no column CAPACITY",
        installed=SOURCE,
        sql=(f"{_TO_TEXT} DROP COLUMN CAPACITY",),
    ),
    Scenario(
        "memories-empty",
        "ocsweb.memories has no rows: no agent has sent an inventory yet",
        installed=SOURCE,
        sql=("DELETE FROM ocsweb.memories",),
    ),
    Scenario(
        "memories-missing",
        "the database ocsweb has no table memories",
        installed=SOURCE,
        sql=(_AWAY,),
    ),
    Scenario(
        "memories-view",
        "ocsweb.memories is a view of another table",
        installed=SOURCE,
        sql=(_AWAY, "CREATE VIEW ocsweb.memories AS SELECT * FROM ocsweb.memories_away"),
    ),
    Scenario(
        "ocs-databases-two",
        "a second database has a copy of OCS's tables; no OCS server uses it",
        installed=SOURCE,
        sql=(
            "CREATE DATABASE ocsweb_2019",
            *(f"CREATE TABLE ocsweb_2019.{t} LIKE ocsweb.{t}" for t in ("hardware", "memories")),
            *(
                f"INSERT INTO ocsweb_2019.{t} SELECT * FROM ocsweb.{t}"
                for t in ("hardware", "memories")
            ),
        ),
    ),
    Scenario(
        "ocs-database-other",
        "the OCS server of node 2 uses another database than ocsweb",
        installed=SOURCE,
        before_start=(NodeStep(2, ("sed", "-i", _OTHER_DATABASE, _SERVER)),),
    ),
    Scenario(
        "ocs-database-only",
        "the OCS packages are not installed any more, their database is there",
        installed=SOURCE,
        before_start=(NodeStep(Role.OPERATIVE, ("sh", "-euc", _UNINSTALL)),),
    ),
    _converted(
        "zeroed",
        "the column is converted as OCS's console does it, not strict: text becomes 0, a leading"
        " number is cut out, a number out of range is clamped",
    ),
    _converted("leading-kept", "a leading number (`8192 MB`) is kept as a number"),
    _converted("clamped", "numbers out of range are clamped to the column's limit"),
    _converted("skipped", "the conversion fails unnoticed: the column is still text"),
    _converted("refused", "the conversion is strict and nothing was cleaned: the round fails"),
    _converted("bigint", "the column becomes a BIGINT"),
    _converted("altered", "some integers have another value afterwards"),
    _converted("integers-lost", "some integers are NULL afterwards"),
    _converted("filled", "rows that were NULL have a number afterwards"),
    _converted("rows-lost", "some rows are gone afterwards", "memories-rows-lost"),
    _converted("rows-added", "some rows are there twice afterwards", "memories-rows-added"),
    Scenario(
        "machine-purged",
        "a machine is deleted from the inventory, with its rows, during the upgrade",
        installed=SOURCE,
        settings=_meanwhile(*_PURGE),
    ),
    Scenario(
        "inventory-meanwhile",
        "a machine sends another inventory between backup and conversion",
        installed=SOURCE,
        settings=_meanwhile(*_INVENTORY),
    ),
    Scenario(
        "backup-spoilt",
        "the backup on N is damaged between two rounds",
        installed=SOURCE,
        settings=_meanwhile("sh", "-c", _SPOIL),
    ),
    Scenario(
        "backup-lost",
        "the backup on N is removed between two rounds",
        installed=SOURCE,
        settings=_meanwhile("sh", "-c", _LOSE),
    ),
    Scenario(
        "backup-unlike",
        "mysqldump on the operative nodes writes something else than the table has",
        installed=SOURCE,
        before_start=(_shim(Role.OPERATIVE, "mysqldump", _DAMAGED_DUMP),),
    ),
    Scenario(
        "backup-read-wrongly",
        "what N hands out of the backup is not what lies there",
        installed=SOURCE,
        before_start=(_shim(1, "cat", _DAMAGED_READ),),
    ),
    Scenario(
        "backup-no-room",
        "no room for the backup: /var/lib and the database's directory say that 64 KiB are free",
        installed=SOURCE,
        before_start=(_shim(Role.OPERATIVE, "df", _LITTLE_ROOM),),
    ),
)
