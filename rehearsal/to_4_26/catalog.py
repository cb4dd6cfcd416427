"""The rpms of this step: names, versions of each release set, roles.

Names and versions are nominal: they follow what is known of NetEye (asset module with OCS 2.10.0
and plugin 1.7.3 in 4.26).
"""

from __future__ import annotations

from rehearsal.packages.catalog import ALL_ROLES, OPERATING_SYSTEM, OPERATIVE, Package, core
from rehearsal.to_4_26.services import ASSET
from rehearsal.to_4_26.versions import SOURCE, TARGET


def _asset(name: str, summary: str, version: tuple[str, str], *, updated: bool) -> Package:
    old, new = version
    return Package(
        name,
        summary,
        OPERATIVE,
        base=f"{old}-1.neteye{SOURCE}",
        updates=f"{old}-2.neteye{SOURCE}" if updated else None,
        target=f"{new}-1.neteye{TARGET}",
        module=ASSET,
    )


_NETEYE = (SOURCE, TARGET)

PACKAGES: tuple[Package, ...] = (
    OPERATING_SYSTEM,
    core("neteye", "NetEye 4", ALL_ROLES, _NETEYE, updated=True),
    core("neteye-setup", "set-up of a node", ALL_ROLES, _NETEYE, updated=True),
    core("neteye-scripts", "operation scripts", ALL_ROLES, _NETEYE, updated=False),
    core(
        "neteye-elastic-only",
        "Elastic-only node",
        frozenset({"elastic_only"}),
        _NETEYE,
        updated=False,
    ),
    core("neteye-voting", "voting-only node", frozenset({"voting_only"}), _NETEYE, updated=False),
    core("elasticsearch-neteye", "Elasticsearch", ALL_ROLES, ("7.10.2", "7.17.5"), updated=True),
    core("neteye-mariadb-conf", "MariaDB configuration", OPERATIVE, _NETEYE, updated=False),
    core("neteye-httpd", "httpd configuration", OPERATIVE, _NETEYE, updated=False),
    core("icinga2-neteye", "Icinga 2", OPERATIVE, ("2.11.11", "2.11.12"), updated=True),
    core("icingaweb2", "Icinga Web 2", OPERATIVE, ("2.8.6", "2.9.6"), updated=True),
    core("tornado", "Tornado", OPERATIVE, _NETEYE, updated=True),
    core("nats-server-neteye", "NATS server", OPERATIVE, ("2.7.4", "2.8.4"), updated=False),
    _asset("ocsinventory-server", "OCS Inventory server", ("2.9.0", "2.10.0"), updated=True),
    _asset("ocsinventory-ocsreports", "OCS console", ("2.9.0", "2.10.0"), updated=False),
    _asset("glpi", "GLPI", ("9.5.6", "9.5.7"), updated=False),
    _asset("glpi-plugin-ocsinventoryng", "OCS plugin of GLPI", ("1.7.0", "1.7.3"), updated=False),
)
