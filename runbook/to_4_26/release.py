"""The version step 4.25 -> 4.26 as data: everything that will be different in the next one."""

from __future__ import annotations

from engine.model.host import Version
from engine.model.probe import Service
from engine.model.release import Release
from runbook.cluster.product import WEB
from runbook.cluster.version_step import version_step
from runbook.to_4_26.httpd.migration import KNOWN_CREDENTIALS, conf_password
from runbook.to_4_26.names import CONF_FILES, ENDPOINT, MEMORIES_VERIFIED, OCS_PASSWORD
from runbook.to_4_26.settings import SETTINGS
from runbook.to_4_26.severities import SEVERITIES
from runbook.to_4_26.snapshot.section import PARTS

SOURCE = Version(4, 25)
TARGET = Version(4, 26)

REPOSITORY = "neteye"
"""The repository id that is certain in 4.26 (domain facts 1.2)."""

KNOWN_CONFLICTS = frozenset(
    {
        "/etc/httpd/conf.d/ocsinventory-server.conf.rpmnew",
        "/etc/httpd/conf.d/ocsinventory-server-restapi.conf.rpmnew",
    }
)
"""Guide row G09: the planned stop."""

OBSOLETE_OCS_SETTINGS = """
# the module is gone since OCS 2.8: httpd does not start with a file that loads it
PerlModule Apache::Ocsinventory::Plugins::Apache
# the web service went with OCS 2.8
PerlSetEnv OCS_OPT_WEB_SERVICE_ENABLED 0
PerlSetEnv OCS_OPT_WEB_SERVICE_RESULTS_LIMIT 100
PerlSetEnv OCS_OPT_WEB_SERVICE_PRIV_MODS_CONF "WEBSERV_PRIV_MODS_CONF_FILE"
# its handler was in that module; gone since OCS 2.8.1
<Location /ocsplugins>
  SetHandler perl-script
  PerlHandler "Apache::Ocsinventory::Plugins::Apache"
</Location>
"""
"""Settings of the two files that no OCS server of source or target reads any more, as the package
had them: with these values they are dropped, with others a person is asked (ocs-glpi 3.2)."""

GUIDE = {
    "G03": "Every OCS server of glpi_ocsinventoryng works after the reset of its password",
    "G04": "OCS servers with any other database user are found before the start",
    "G05": "Values of memories.CAPACITY that are no integers are listed before the start",
    "G06": "The table is backed up before the upgrade, and the backup is proved restorable",
    "G07": "Non-integers are NULL, integers unchanged, no row lost, the column an integer",
    "G08": "The agents that had sent strings are followed up",
    "G09": "The planned stop at the two .rpmnew files of OCS is recognised as one",
    "G10": "The database password in use is read on the node with the .rpmnew",
    "G11": "The credentials file is made from its template on N",
    "G12": "That password is written into the credentials file on N",
    "G13": "Both files are migrated on the node with the .rpmnew, local settings kept",
    "G14": "No .rpmnew or .rpmsave is left, and OCS logs in with the migrated settings",
    "G22": "This version has no additional manual task",
}
"""The rows of this version: those of the breaking changes, and what it says of the procedure's."""

RELEASED = {
    "conftest.py": "dc26d91144ad64bd0650c90c79d9a20d6142b27ecc8d589b4433117b0c0a3b77",
    "pytest.ini": "e34fec57042ee2d6bd7fa277d410088488003c40451d286fa651dd88f4db80df",
    "requirements.txt": "cbe18ff4af8ecee94d744e1693e098e44d0a86d4c5a194f6bc6e8c57f3345acb",
}
"""Files that steer what runs, with their sha256; a change of one is written down here as well."""

RELEASE = version_step(
    SOURCE,
    TARGET,
    guide=GUIDE,
    weights=SEVERITIES,
    # agents send their inventories there; without one it answers 400 (ocs-glpi 3.4)
    services=(Service(ENDPOINT, WEB, path="/ocsinventory"),),
    known_conflicts=KNOWN_CONFLICTS,
    repository=REPOSITORY,
    settings=SETTINGS,
    snapshot=PARTS,
    verified_by=MEMORIES_VERIFIED,
    beside=RELEASED,
    questions=frozenset({"ocs-merge-undecided"}),
    phrases=(OCS_PASSWORD,),
    secrets=(*map(conf_password, CONF_FILES), KNOWN_CREDENTIALS),
)


def pytest_runbook_release() -> Release:
    """Hand the version step to the engine."""
    return RELEASE
