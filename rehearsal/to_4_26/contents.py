"""What the rpms of the asset module carry: files and scriptlets, by the seed's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.packages.catalog import Package, ReleaseSet
from rehearsal.packages.contents import NOTHING, BuildError, Contents
from rehearsal.to_4_26 import ocs_conf

CREDENTIALS = "/neteye/shared/httpd/conf/sysconfig/ocsinventory-credentials"
TEMPLATE_PACKAGED = "/usr/share/neteye/ocsinventory-server/ocsinventory-credentials.tpl"
_SERVER, _REPORTS = "ocsinventory-server", "ocsinventory-ocsreports"
OCS_UPDATES = "/usr/share/neteye/ocsinventory-ocsreports/update"


_REPORTS_UPDATES = "usr/share/ocsinventory-reports/files/update"
# The steps between the console of 4.25 and OCS 2.10.0; 7050 is secure install's own work.
_TARGET_STEPS = tuple(f"{step}.sql" for step in range(7051, 7064))


@dataclass(frozen=True)
class DebianFiles:
    """What is taken from Debian's packages at build time."""

    server_conf: str
    restapi_conf: str
    ocs_updates: dict[str, str]


def contents(package: Package, release: ReleaseSet, settings: Mapping[str, Any]) -> Contents:
    """The payload of `package` in that release set, made in the node image."""
    if package.name not in (_SERVER, _REPORTS):
        return NOTHING
    return payload(package.name, release, settings, read_debian_files())


def payload(
    name: str, release: ReleaseSet, settings: Mapping[str, Any], debian: DebianFiles
) -> Contents:
    """The payload of the server's package or of the console's."""
    if name == _SERVER:
        return _ocs_server(release, settings, debian)
    if release != "target":
        return NOTHING
    return Contents({f"{OCS_UPDATES}/{name}": text for name, text in debian.ocs_updates.items()})


def read_debian_files(root: Path = Path("/")) -> DebianFiles:
    """What is taken from Debian's packages below `root`; the SQL steps may be absent.

    Raises BuildError when a file is missing.
    """
    updates = root / _REPORTS_UPDATES
    steps = [updates / name for name in _TARGET_STEPS if (updates / name).is_file()]
    return DebianFiles(
        server_conf=_read(root / ocs_conf.DEBIAN_SERVER_CONF),
        restapi_conf=_read(root / ocs_conf.DEBIAN_RESTAPI_CONF),
        ocs_updates={path.name: path.read_text(encoding="utf-8") for path in steps},
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BuildError(
            f"{path} is missing: the image needs Debian's package ocsinventory-server with its"
            " /etc/apache2/conf-available files"
        ) from None


def credentials_template(settings: Mapping[str, Any]) -> str:
    """`ocsinventory-credentials.tpl`: comments and one `NAME=placeholder` line."""
    template = settings["credentials_template"]
    comments = [f"# {line}" for line in template["comments"]]
    variable = settings["credentials_variable"]
    names = {
        "one": (variable,),
        "two": (variable, "OCS_DB_REPLICA_PASSWORD"),
        "other": (f"{variable}_NEW",),
    }[settings["template_variables"]]
    lines = [f"{name}={template['placeholder']}" for name in names]
    return "\n".join([*comments, *lines]) + "\n"


def _ocs_server(release: ReleaseSet, settings: Mapping[str, Any], debian: DebianFiles) -> Contents:
    files: dict[str, str] = {}
    post = ""
    if release == "target":
        variable = settings["credentials_variable"]
        literal = settings["target_password"] == "literal"
        server = ocs_conf.server_conf_target(debian.server_conf, variable, literal=literal)
        restapi = ocs_conf.restapi_conf_target(debian.restapi_conf, variable, literal=literal)
        if settings["template_variables"] == "no-template":
            return Contents(_configs(server, restapi), _CONFIGS, _MODES)
        files = {TEMPLATE_PACKAGED: credentials_template(settings)}
        # The shared directory is there only where httpd runs; elsewhere this is done by the
        # configuration step of the upgrade on the active node.
        post = (
            "if mountpoint -q /neteye/shared/httpd; then\n"
            f"  install -D -m 0600 {TEMPLATE_PACKAGED} {CREDENTIALS}.tpl\n"
            "fi\n"
        )
    else:
        server = ocs_conf.server_conf_source(
            debian.server_conf, quoted=settings["source_password_quoted"]
        )
        restapi = ocs_conf.restapi_conf_source(debian.restapi_conf)
    return Contents(files | _configs(server, restapi), _CONFIGS, _MODES, post)


_CONFIGS = frozenset({ocs_conf.SERVER_CONF, ocs_conf.RESTAPI_CONF})
_MODES = dict.fromkeys(sorted(_CONFIGS), "0640")


def _configs(server: str, restapi: str) -> dict[str, str]:
    return {ocs_conf.SERVER_CONF: server, ocs_conf.RESTAPI_CONF: restapi}
