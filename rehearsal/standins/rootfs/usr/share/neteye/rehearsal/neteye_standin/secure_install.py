"""`neteye_secure_install`: set-up of the modules after packages changed, on the active node."""

from __future__ import annotations

import sys

from neteye_standin import glpi_plugin, node_steps, ocs_schema, pacemaker, packages
from neteye_standin.context import Context, ContextError, load
from neteye_standin.counts import count_start
from neteye_standin.database import DatabaseError
from neteye_standin.remote import run

OCS_INTEGER = (2, 10)  # the release of ocsinventory-ocsreports that wants integers
PLUGIN_SODIUM = (1, 7, 3)  # the release of the plugin that reads sodium form only


def as_numbers(version: str) -> tuple[int, ...]:
    """`2.10.0` as numbers that compare."""
    return tuple(int(part) for part in version.split("."))


def main() -> int:
    """Run all steps; 0 done, 1 a step failed."""
    count_start("neteye_secure_install")
    try:
        context = load()
        if context.me.role != "operative":
            print(f"secure install of a node of type {context.me.role}: nothing to do")
            return 0
        for line in _modules(context):
            print(line, flush=True)
    except (ContextError, DatabaseError, packages.PackageError, pacemaker.PacemakerError,
            glpi_plugin.PluginError) as error:  # fmt: skip
        print(f"neteye_secure_install failed: {error}", file=sys.stderr)
        return 1
    print("neteye_secure_install: done")
    return 0


def _modules(context: Context) -> list[str]:
    done = []
    if _is_at_least("ocsinventory-ocsreports", OCS_INTEGER):
        node_steps.templates()
        settings = context.settings
        done += ocs_schema.upgrade(settings["decorated_integers"], settings["capacity_conversion"])
    if _is_at_least("glpi-plugin-ocsinventoryng", PLUGIN_SODIUM):
        done += glpi_plugin.upgrade(ocs_schema.GUI_VERSION, context.settings)
    if _is_at_least("ocsinventory-server", OCS_INTEGER) and pacemaker.has_resource("httpd"):
        # httpd reads its environment file when it starts, so a new credentials file needs this.
        pacemaker.restart("httpd")
        done.append("httpd restarted")
    return done


def _is_at_least(name: str, wanted: tuple[int, ...]) -> bool:
    version = packages.installed_version(run, name)
    return version is not None and as_numbers(version) >= wanted
