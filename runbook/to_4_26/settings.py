"""Settings of the inventory that only this version step has."""

from __future__ import annotations

from engine.model.inventory import Counts, Setting
from engine.parse import inventory_values as values
from runbook.to_4_26 import names

FAILOVER_PROOF: Setting[bool] = Setting(
    "failover_proof",
    values.yes_no,
    default=False,
    in_rehearsal=True,
    counts=Counts.FOR_ATTEMPT,
)
"""httpd is moved to every other operative node, and OCS is proved there."""

GLPI_CONFIG: Setting[str | None] = Setting(
    "glpi_config", values.directory, default=None, in_rehearsal=None
)
"""The directory on the node with GLPI's config_db.php, when it is not where GLPI has it."""

LOSS_PERCENT: Setting[int] = Setting(
    names.LOSS_PERCENT, values.number(0, 100), default=1, in_rehearsal=1
)
"""As many of the rows may lose their value in production without a person's word."""

SETTINGS = (FAILOVER_PROOF, GLPI_CONFIG, LOSS_PERCENT)
