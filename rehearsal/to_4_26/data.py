"""The asset module's data at the start: database users, GLPI's access and key, the password file.

Runs in a container of the node image.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rehearsal.inside.database import quoted
from rehearsal.inside.files import write
from rehearsal.scenario import Scenario as AnyScenario
from rehearsal.step import Sql
from rehearsal.to_4_26 import migrated
from rehearsal.to_4_26.glpi import legacy_password
from rehearsal.to_4_26.scenario import Scenario
from rehearsal.to_4_26.services import ASSET

CREDENTIALS = "httpd/conf/sysconfig/ocsinventory-credentials"
# user -> (database, rights)
_ACCOUNTS = {
    "ocsserver": ("ocsweb", "ALL PRIVILEGES"),
    "glpi_ocsinventoryng": ("ocsweb", "SELECT, INSERT, UPDATE, DELETE"),
    "glpi": ("glpi", "ALL PRIVILEGES"),
}


def data(shared: Path, scenario: AnyScenario, settings: Mapping[str, Any]) -> Sql:
    """Fill GLPI's directory and httpd's below `shared`; what the database is to run."""
    assert isinstance(scenario, Scenario)
    passwords = settings["passwords"]
    if ASSET in scenario.without:
        statements = without_asset()
    else:
        glpi_configuration(shared / "glpi", passwords["glpi"])
        statements = accounts(passwords)
    if not scenario.migrated:
        return Sql(statements)
    credentials = f"{settings['credentials_variable']}={passwords['ocsserver']}\n"
    write(shared / CREDENTIALS, credentials, 0o600)
    key = (shared / "glpi/conf/glpicrypt.key").read_bytes()
    done = migrated.statements(passwords["glpi_ocsinventoryng"], key)
    return Sql([*statements, *done], migrated.schema_steps())


def accounts(passwords: Mapping[str, str]) -> list[str]:
    """SQL for the database users and for the OCS server that GLPI's plugin knows."""
    statements = []
    for user, (database, rights) in _ACCOUNTS.items():
        for host in ("%", "localhost"):
            account = f"{quoted(user)}@{quoted(host)}"
            statements.append(f"CREATE USER {account} IDENTIFIED BY {quoted(passwords[user])}")
            statements.append(f"GRANT {rights} ON {database}.* TO {account}")
    stored = legacy_password(passwords["glpi_ocsinventoryng"])
    statements.append(
        "INSERT INTO glpi.glpi_plugin_ocsinventoryng_ocsservers (name, ocs_db_user, ocs_db_passwd,"
        " ocs_db_host, ocs_db_name, ocs_db_utf8, is_active, conn_type, ocs_version) VALUES"
        f" ('ocsweb', 'glpi_ocsinventoryng', {quoted(stored)}, 'mariadb.neteyelocal', 'ocsweb',"
        " 1, 1, 0, '7045')"
    )
    return statements


def without_asset() -> list[str]:
    """SQL for a cluster on which the asset module was never installed."""
    return ["DROP DATABASE ocsweb", "DROP DATABASE glpi"]


def glpi_configuration(folder: Path, password: str) -> None:
    """GLPI's access to its database, and the key of its cipher (32 raw bytes)."""
    (folder / "data/_log").mkdir()
    key = folder / "conf/glpicrypt.key"
    key.write_bytes(secrets.token_bytes(32))
    key.chmod(0o600)
    values = {
        "dbhost": "mariadb.neteyelocal",
        "dbuser": "glpi",
        "dbpassword": quote(password, safe="-_.~"),
        "dbdefault": "glpi",
    }
    members = "".join(f"    public ${name} = '{value}';\n" for name, value in values.items())
    text = f"<?php\nclass DB extends DBmysql {{\n{members}}}\n"
    write(folder / "conf/config_db.php", text, 0o600)
