"""The clustered services of this step: those of NetEye and those of the asset module."""

from rehearsal.services import FIRST, LAST, Service

ASSET = "asset"
"""The optional module with OCS Inventory and GLPI."""
SERVICES = (
    *FIRST,
    Service("ocsinventory-server", "ocsinventory-server", module=ASSET),
    Service("glpi", "glpi", module=ASSET),
    *LAST,
)
