"""What 4.26 does to the modules of a node: the step's part of the stand-ins."""

from __future__ import annotations

from pathlib import Path

from neteye_standin import pacemaker
from neteye_standin.context import Context
from neteye_standin.modules import is_at_least

from neteye_step import glpi_plugin, ocs_schema

OCS_INTEGER = (2, 10)  # the release of ocsinventory-ocsreports that wants integers
PLUGIN_SODIUM = (1, 7, 3)  # the release of the plugin that reads sodium form only
TEMPLATES = {
    Path("/usr/share/neteye/ocsinventory-server/ocsinventory-credentials.tpl"): Path(
        "/neteye/shared/httpd/conf/sysconfig/ocsinventory-credentials.tpl"
    )
}
"""Packaged file -> its place in a shared directory, where that is mounted."""


def secure_install(context: Context) -> list[str]:
    """Do the step's part of `neteye_secure_install`; the lines that it prints."""
    done = []
    if is_at_least("ocsinventory-ocsreports", OCS_INTEGER):
        settings = context.settings
        done += ocs_schema.upgrade(settings["decorated_integers"], settings["capacity_conversion"])
    if is_at_least("glpi-plugin-ocsinventoryng", PLUGIN_SODIUM):
        done += glpi_plugin.upgrade(ocs_schema.GUI_VERSION, context.settings)
    if is_at_least("ocsinventory-server", OCS_INTEGER) and pacemaker.has_resource("httpd"):
        # httpd reads its environment file when it starts, so a new credentials file needs this.
        pacemaker.restart("httpd")
        done.append("httpd restarted")
    return done
