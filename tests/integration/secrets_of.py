"""Which secrets a rehearsal cluster has, read past the runbook."""

from __future__ import annotations

import base64
import json

from tests.integration.clusters import TestCluster

SETTINGS = "/etc/neteye-rehearsal/settings.json"
GLPI_KEY = "/neteye/shared/glpi/conf/glpicrypt.key"
_STORED = (
    "SELECT id, ocs_db_passwd FROM glpi.glpi_plugin_ocsinventoryng_ocsservers"
    " WHERE COALESCE(ocs_db_passwd, '') <> ''"
)


def passwords_of(cluster: TestCluster) -> dict[str, str]:
    """Name -> password: those drawn with the cluster, and those in files now (the new ones)."""
    drawn: dict[str, str] = json.loads(cluster.read(cluster.active, SETTINGS))["passwords"]
    listing = cluster.shell(cluster.active, "cd /root && ls -- .pwd_*").split()
    now = {f"{name} now": cluster.read(cluster.active, f"/root/{name}").strip() for name in listing}
    return {**drawn, **now}


def stored_of(cluster: TestCluster, when: str) -> dict[str, str | bytes]:
    """What GLPI's plugin stores of passwords at present, and the key of its cipher."""
    rows = [line.split("\t") for line in cluster.sql(_STORED).splitlines()]
    key = cluster.shell(cluster.active, 'base64 -w 0 -- "$1"', GLPI_KEY)
    return {
        **{f"stored password {number} {when}": value for number, value in rows},
        "GLPI's key": base64.b64decode(key),
    }
