"""What the rpms carry: files and scriptlets, computed from the seed's settings. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.packages import ocs_conf
from rehearsal.packages.catalog import SOURCE, TARGET, Package, ReleaseSet

CREDENTIALS = "/neteye/shared/httpd/conf/sysconfig/ocsinventory-credentials"
TEMPLATE_PACKAGED = "/usr/share/neteye/ocsinventory-server/ocsinventory-credentials.tpl"
FINALISED_MARK = "/var/lib/neteye/finalised-release"
OCS_UPDATES = "/usr/share/neteye/ocsinventory-ocsreports/update"


@dataclass(frozen=True)
class Contents:
    """One rpm's payload: path -> text, which of them are `%config(noreplace)`, and its %post."""

    files: dict[str, str]
    noreplace: frozenset[str] = field(default_factory=frozenset)
    modes: dict[str, str] = field(default_factory=dict)
    post: str = ""


@dataclass(frozen=True)
class DebianFiles:
    """What is taken from Debian's packages at build time."""

    server_conf: str
    restapi_conf: str
    ocs_updates: dict[str, str]


def contents(
    package: Package, release: ReleaseSet, settings: Mapping[str, Any], debian: DebianFiles
) -> Contents:
    """The payload of `package` in that release set."""
    version = {f"/usr/share/neteye/versions/{package.name}.json": _version_file(package, release)}
    if package.name == "neteye-setup":
        return Contents(version, post=release_scriptlet(release, settings))
    if package.name == "ocsinventory-server":
        return _ocs_server(version, release, settings, debian)
    if package.name == "ocsinventory-ocsreports" and release == "target":
        steps = {f"{OCS_UPDATES}/{name}": text for name, text in debian.ocs_updates.items()}
        return Contents(version | steps)
    return Contents(version)


def release_line(version: str, settings: Mapping[str, Any]) -> str:
    """The line of `/etc/neteye-release`; what follows the number is unknown (domain facts 1.2)."""
    return f"NetEye release {version}{settings['release_suffix']}"


def release_scriptlet(release: ReleaseSet, settings: Mapping[str, Any]) -> str:
    """%post of neteye-setup. The first installation writes the release file and the finalised mark
    where they are missing; later the target's package changes the release file, where the seed
    says that it comes with the packages. The mark is changed by finalisation only."""
    version = TARGET if release == "target" else SOURCE
    line = f"printf '%s\\n' '{release_line(version, settings)}' > /etc/neteye-release\n"
    with_packages = release == "target" and settings["release_file"] == "packages"
    return (
        'if [ "$1" -eq 1 ]; then\n'
        f"  test -e /etc/neteye-release || {line}"
        f"  mkdir -p {FINALISED_MARK.rsplit('/', 1)[0]}\n"
        f"  test -e {FINALISED_MARK} ||"
        r" sed -n 's/^NetEye release \([0-9.]*\).*/\1/p' /etc/neteye-release"
        f" > {FINALISED_MARK}\n" + (f"else\n  {line}" if with_packages else "") + "fi\n"
    )


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


def _version_file(package: Package, release: ReleaseSet) -> str:
    shown = {"stand_in": True, "name": package.name, "version": package.version_release(release)}
    return json.dumps(shown) + "\n"


def _ocs_server(
    files: dict[str, str],
    release: ReleaseSet,
    settings: Mapping[str, Any],
    debian: DebianFiles,
) -> Contents:
    post = ""
    if release == "target":
        variable = settings["credentials_variable"]
        literal = settings["target_password"] == "literal"
        server = ocs_conf.server_conf_target(debian.server_conf, variable, literal=literal)
        restapi = ocs_conf.restapi_conf_target(debian.restapi_conf, variable, literal=literal)
        if settings["template_variables"] == "no-template":
            return Contents(files | _configs(server, restapi), _CONFIGS, _MODES)
        files = files | {TEMPLATE_PACKAGED: credentials_template(settings)}
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
