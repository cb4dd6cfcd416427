"""Scenarios of GLPI's plugin "OCS Inventory NG": its servers, passwords, key. Data, no code."""

from collections.abc import Mapping

from rehearsal.scenario import NodeStep
from rehearsal.to_4_26.scenario import Scenario
from rehearsal.to_4_26.versions import SOURCE
from rehearsal.topology import Role

_STORED = "'Fqq/wKo1FuCW5dI='"  # in the cipher before the upgrade
_TABLE = "glpi.glpi_plugin_ocsinventoryng_ocsservers"
_KEY = "/neteye/shared/glpi/conf/glpicrypt.key"
# where its directory is mounted
_KEY_AWAY = '[ ! -e "$1" ] || mv "$1" "$1.away"'
_SECOND_KEY = """
cd /neteye/shared/glpi
mkdir before
cp conf/config_db.php before/
head -c 32 /dev/urandom > before/glpicrypt.key
"""


def _server(
    user: str = "'ocs_branch'",
    *,
    active: int = 1,
    stored: str = _STORED,
    soap: int = 0,
    name: str = "branch office",
    host: str = "ocs.branch.example.test",
) -> str:
    """SQL: another OCS server; `user` and `stored` are SQL."""
    return (
        f"INSERT INTO {_TABLE}"
        " (name, ocs_db_user, ocs_db_passwd, ocs_db_host, ocs_db_name, is_active, conn_type)"
        f" VALUES ('{name}', {user}, {stored}, '{host}', 'ocsweb', {active}, {soap})"
    )


def _custom(name: str, description: str, sql: str) -> Scenario:
    return Scenario(f"custom-ocs-{name}", description, installed=SOURCE, sql=(sql,))


def _reset(how: str, description: str) -> Scenario:
    """The upgrade resets the stored password in a wrong way."""
    return Scenario(
        f"glpi-password-{how}",
        description,
        installed=SOURCE,
        settings={"glpi_reset": how},
    )


def _plugin(state: str, description: str) -> Scenario:
    return Scenario(
        f"glpi-plugin-{state}", description, installed=SOURCE, settings={"glpi_plugin": state}
    )


def _then(*argv: str) -> Mapping[str, object]:
    """Somebody does this on N at the end of the upgrade."""
    entry = {"command": "upgrade", "task": "finalise", "on": "active", "argv": list(argv)}
    return {"meanwhile": [entry]}


# GLPI's directory is mounted on the node that runs it; on the others there is nothing to change
_MOVE_GLPI = """
cd /neteye/shared/glpi 2> /dev/null || exit 0
[ -d conf ] || exit 0
mkdir -p html/inc
mv conf settings
sed -i "s/'glpi';$/'assets';/; /dbuser/s/'assets'/'glpi'/" settings/config_db.php
printf "<?php\ndefine('GLPI_CONFIG_DIR', '/neteye/shared/glpi/settings');\n" \
  > html/inc/downstream.php
"""

# the database is on another machine: GLPI says so, and the cluster's server has no plugin's table
_OTHER_SERVER = """
cd /neteye/shared/glpi/conf 2> /dev/null || exit 0
sed -i "/dbdefault/s/'glpi'/'assets'/; /dbhost/s/'[^']*'/'db.branch.example.test'/" config_db.php
"""
_SECOND_CONFIGURATION = """
cd /neteye/shared/glpi 2> /dev/null || exit 0
[ -d conf ] || exit 0
mkdir -p before
sed "/dbdefault/s/'glpi'/'assets'/" conf/config_db.php > before/config_db.php
"""
_PUT_AWAY = f"RENAME TABLE {_TABLE} TO {_TABLE}_away"

_IDLE = "'glpi_ocsinventoryng'"
_DATABASE = "mariadb.neteyelocal"
_NOBODY_LISTENS = f"{_DATABASE}:3399"
_INACTIVE = tuple(
    _server(_IDLE, active=0, name=f"idle {number}", host=host)
    for number, host in enumerate([*[_DATABASE] * 4, _NOBODY_LISTENS], start=1)
)

ALL = (
    _custom(
        "active",
        "an active OCS server of the GLPI plugin uses a database user of its own",
        _server(),
    ),
    _custom("inactive", "the same, but that OCS server is not active", _server(active=0)),
    _custom(
        "other-case",
        "an active OCS server uses glpi_ocsinventoryng in another spelling",
        _server("'GLPI_ocsinventoryng'"),
    ),
    _custom(
        "trailing-blank",
        "an active OCS server uses glpi_ocsinventoryng with a blank at its end",
        _server("'glpi_ocsinventoryng '"),
    ),
    _custom("no-user", "an active OCS server has no database user", _server("NULL")),
    _custom("soap", "an active OCS server of another user speaks SOAP", _server(soap=1)),
    _custom(
        "no-password",
        "an active OCS server of another user has no stored password",
        _server(stored="NULL"),
    ),
    _reset("skipped", "the upgrade does not reset the stored password"),
    _reset("old-form", "the password is reset and stored in a form that can't be read any more"),
    _reset("other-key", "the password is encrypted with another key than GLPI's"),
    _reset("wrong-password", "the stored password is another one than the database user's"),
    _reset("emptied", "no password is stored any more"),
    Scenario(
        "glpi-servers-inactive",
        "five more OCS servers of glpi_ocsinventoryng, none active, are reset wrongly in five ways",
        installed=SOURCE,
        sql=_INACTIVE,
        settings={"glpi_reset_inactive": "in-turn"},
    ),
    Scenario(
        "glpi-key-gone",
        "GLPI's key is not there before the upgrade",
        installed=SOURCE,
        after_start=(NodeStep(Role.OPERATIVE, ("sh", "-euc", _KEY_AWAY, "away", _KEY)),),
    ),
    Scenario(
        "glpi-key-lost",
        "GLPI's key is gone after the upgrade",
        installed=SOURCE,
        settings=_then("mv", _KEY, f"{_KEY}.away"),
    ),
    Scenario(
        "glpi-key-lost-inactive",
        "the same, and GLPI's only OCS server is not active",
        installed=SOURCE,
        sql=(f"UPDATE {_TABLE} SET is_active = 0",),
        settings=_then("mv", _KEY, f"{_KEY}.away"),
    ),
    Scenario(
        "glpi-keys-several",
        "a second configuration of GLPI with another key is there after the upgrade",
        installed=SOURCE,
        settings=_then("sh", "-euc", _SECOND_KEY),
    ),
    Scenario(
        "glpi-database-unreachable",
        "GLPI's OCS server names a port at which no database listens",
        installed=SOURCE,
        sql=(f"UPDATE {_TABLE} SET ocs_db_host = '{_NOBODY_LISTENS}'",),
    ),
    Scenario(
        "glpi-elsewhere",
        "GLPI's database and configuration directory have other names than usual",
        sql=(
            "CREATE DATABASE assets",
            *(
                f"RENAME TABLE glpi.{table} TO assets.{table}"
                for table in ("glpi_plugins", "glpi_plugin_ocsinventoryng_ocsservers")
            ),
            "GRANT ALL PRIVILEGES ON assets.* TO 'glpi'@'%'",
        ),
        after_start=(NodeStep(Role.OPERATIVE, ("sh", "-euc", _MOVE_GLPI)),),
    ),
    Scenario(
        "glpi-database-on-another-server",
        "GLPI's configuration names a database on another server than the cluster's",
        installed=SOURCE,
        sql=(_PUT_AWAY,),
        after_start=(NodeStep(Role.OPERATIVE, ("sh", "-euc", _OTHER_SERVER)),),
    ),
    Scenario(
        "glpi-databases-two",
        "two databases have the table of GLPI's plugin, and a configuration names each",
        installed=SOURCE,
        sql=(
            "CREATE DATABASE assets",
            f"CREATE TABLE {_TABLE.replace('glpi.', 'assets.')} LIKE {_TABLE}",
        ),
        after_start=(NodeStep(Role.OPERATIVE, ("sh", "-euc", _SECOND_CONFIGURATION)),),
    ),
    Scenario(
        "glpi-table-gone",
        "the table of GLPI's plugin is gone after the upgrade",
        installed=SOURCE,
        settings=_then("mysql", "--execute", _PUT_AWAY),
    ),
    _plugin("not-activated", "GLPI has not activated the plugin after the upgrade"),
    _plugin("not-updated", "GLPI has not updated the plugin's tables: it is off"),
    _plugin("old-version", "GLPI still has the plugin's old version"),
)
