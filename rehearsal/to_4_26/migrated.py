"""Brings the prepared databases to the state after the upgrade, for scenarios that start there.

The statements are those of the secure-install stand-in, which is in the image.
"""

import sys
from importlib import import_module
from pathlib import Path

_STANDINS = "/usr/share/neteye/rehearsal"
_STEPS = Path("/usr/share/ocsinventory-reports/files/update")
_FIRST, _LAST = 7051, 7063  # 7063 is OCS 2.10.0


def schema_steps() -> str:
    """The console's own steps after 7050, to be run without stopping at errors, as it does."""
    texts = ["USE ocsweb;", "SET sql_mode='NO_ENGINE_SUBSTITUTION';"]
    texts += [
        path.read_text(encoding="utf-8")
        for number in range(_FIRST, _LAST + 1)
        if (path := _STEPS / f"{number}.sql").exists()
    ]
    return "\n".join(texts)


def statements(password: str, key: bytes) -> list[str]:
    """SQL without final semicolons: integers in CAPACITY, versions, the password's new form."""
    sys.path.insert(0, _STANDINS)
    glpi_plugin = import_module("neteye_step.glpi_plugin")
    ocs_schema = import_module("neteye_step.ocs_schema")

    sealed = glpi_plugin.seal(password, key)  # base64: nothing to quote
    capacity = ocs_schema.capacity_statements("nulled")
    return [
        "USE ocsweb",
        *(statement.rstrip(";") for statement in capacity),
        f"UPDATE config SET TVALUE = '{_LAST}' WHERE NAME = 'GUI_VERSION'",
        "USE glpi",
        f"UPDATE glpi_plugins SET version = '{glpi_plugin.PLUGIN_VERSION}'"
        " WHERE directory = 'ocsinventoryng'",
        f"UPDATE glpi_plugin_ocsinventoryng_ocsservers SET ocs_db_passwd = '{sealed}',"
        f" ocs_version = '{_LAST}' WHERE ocs_db_user = '{glpi_plugin.USER}'",
    ]
