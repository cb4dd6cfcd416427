"""What this step adds to the settings that are drawn from the seed.

Keys and values are listed in README.md beside this.
"""

from __future__ import annotations

import random
from typing import Any

from rehearsal.standins.settings import Vocabulary

TEMPLATE_COMMENTS: tuple[tuple[str, ...], ...] = (
    ("Credentials of the OCS Inventory database", "Copy to ocsinventory-credentials and fill in"),
    ("OCS Inventory: environment of httpd", "", "Set the password of the database user ocsserver"),
    ("This file is read by httpd when it starts", "KEY=value, no export; not a shell script"),
)
TEMPLATE_PLACEHOLDERS: tuple[str, ...] = ("", "CHANGE_ME", "<password>")

VARIABLES: tuple[str, ...] = (
    "OCS_DB_PWD",
    "OCS_DB_PASSWORD",
    "OCSINVENTORY_DB_PWD",
    "NETEYE_OCS_DB_PASSWORD",
    "OCSSERVER_PASSWORD",
    "ASSET_OCS_DB_SECRET",
)


def _credentials(generator: random.Random) -> dict[str, Any]:
    """The name of httpd's variable and the text around it in the `.tpl`; NetEye's is unknown."""
    return {
        "credentials_variable": generator.choice(VARIABLES),
        "credentials_template": {
            "comments": list(generator.choice(TEMPLATE_COMMENTS)),
            "placeholder": generator.choice(TEMPLATE_PLACEHOLDERS),
        },
    }


VOCABULARY = Vocabulary(
    passwords=("ocsserver", "glpi_ocsinventoryng", "glpi", "ocsinventory_server_agent"),
    choices={
        "decorated_integers": ("nulled", "kept"),
        "source_password_quoted": (True, False),
    },
    failings={
        "capacity_conversion": (
            *("cleaned", "zeroed", "leading-kept", "clamped", "skipped", "refused", "bigint"),
            *("altered", "integers-lost", "rows-lost", "rows-added", "filled"),
        ),
        "glpi_reset": ("done", "skipped", "old-form", "other-key", "wrong-password", "emptied"),
        "glpi_reset_inactive": ("done", "in-turn"),
        "glpi_plugin": ("activated", "not-activated", "not-updated", "old-version"),
        "target_password": ("variable", "literal"),
        "template_variables": ("one", "two", "other", "no-template"),
    },
    draw=_credentials,
)
