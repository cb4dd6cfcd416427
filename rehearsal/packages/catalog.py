"""What the rehearsal's rpms are: names, versions of each release set, roles, contents.

Names and versions are nominal: they follow what is known of NetEye (asset module with OCS 2.10.0
and plugin 1.7.3 in 4.26), the content is just enough for rpm and dnf to do real work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Role = Literal["operative", "elastic_only", "voting_only"]
ReleaseSet = Literal["base", "updates", "target"]

SOURCE = "4.25"
TARGET = "4.26"
RELEASE_SETS: tuple[ReleaseSet, ...] = ("base", "updates", "target")

ALL_ROLES: frozenset[Role] = frozenset({"operative", "elastic_only", "voting_only"})
OPERATIVE: frozenset[Role] = frozenset({"operative"})

# Which release sets a repository directory holds. `neteye-4.25-base` serves the first installation:
# `DNF0=4.25-base` gives a cluster with pending updates, `DNF0=4.25` one without.
REPOSITORIES: dict[str, tuple[ReleaseSet, ...]] = {
    f"neteye-{SOURCE}-base": ("base",),
    f"neteye-{SOURCE}": ("base", "updates"),
    f"neteye-{TARGET}": ("target",),
}


@dataclass(frozen=True)
class Package:
    """One rpm: its version-release in each release set (None: not in that set), and its roles."""

    name: str
    summary: str
    roles: frozenset[Role]
    base: str
    updates: str | None
    target: str | None
    asset: bool = False
    provides: tuple[str, ...] = ()

    def version_release(self, release: ReleaseSet) -> str | None:
        """`version-release` in that set, or None when the set does not contain the package."""
        return {"base": self.base, "updates": self.updates, "target": self.target}[release]


def _core(
    name: str, summary: str, roles: frozenset[Role], version: tuple[str, str], *, updated: bool
) -> Package:
    old, new = version
    suffix = "neteye"
    return Package(
        name,
        summary,
        roles,
        base=f"{old}-1.{suffix}",
        updates=f"{old}-2.{suffix}" if updated else None,
        target=f"{new}-1.{suffix}",
    )


def _asset(name: str, summary: str, version: tuple[str, str], *, updated: bool) -> Package:
    old, new = version
    return Package(
        name,
        summary,
        OPERATIVE,
        base=f"{old}-1.neteye{SOURCE}",
        updates=f"{old}-2.neteye{SOURCE}" if updated else None,
        target=f"{new}-1.neteye{TARGET}",
        asset=True,
    )


_NETEYE = (SOURCE, TARGET)

PACKAGES: tuple[Package, ...] = (
    # rpm knows nothing of Debian's shell, and every scriptlet requires it.
    Package(
        "rehearsal-os",
        "what the operating system below gives to rpm",
        ALL_ROLES,
        "8-1",
        None,
        "8-1",
        provides=("/bin/sh",),
    ),
    _core("neteye", "NetEye 4", ALL_ROLES, _NETEYE, updated=True),
    _core("neteye-setup", "set-up of a node", ALL_ROLES, _NETEYE, updated=True),
    _core("neteye-scripts", "operation scripts", ALL_ROLES, _NETEYE, updated=False),
    _core(
        "neteye-elastic-only",
        "Elastic-only node",
        frozenset({"elastic_only"}),
        _NETEYE,
        updated=False,
    ),
    _core("neteye-voting", "voting-only node", frozenset({"voting_only"}), _NETEYE, updated=False),
    _core("elasticsearch-neteye", "Elasticsearch", ALL_ROLES, ("7.10.2", "7.17.5"), updated=True),
    _core("neteye-mariadb-conf", "MariaDB configuration", OPERATIVE, _NETEYE, updated=False),
    _core("neteye-httpd", "httpd configuration", OPERATIVE, _NETEYE, updated=False),
    _core("icinga2-neteye", "Icinga 2", OPERATIVE, ("2.11.11", "2.11.12"), updated=True),
    _core("icingaweb2", "Icinga Web 2", OPERATIVE, ("2.8.6", "2.9.6"), updated=True),
    _core("tornado", "Tornado", OPERATIVE, _NETEYE, updated=True),
    _core("nats-server-neteye", "NATS server", OPERATIVE, ("2.7.4", "2.8.4"), updated=False),
    _asset("ocsinventory-server", "OCS Inventory server", ("2.9.0", "2.10.0"), updated=True),
    _asset("ocsinventory-ocsreports", "OCS console", ("2.9.0", "2.10.0"), updated=False),
    _asset("glpi", "GLPI", ("9.5.6", "9.5.7"), updated=False),
    _asset("glpi-plugin-ocsinventoryng", "OCS plugin of GLPI", ("1.7.0", "1.7.3"), updated=False),
)


def packages_for(role: Role, *, asset: bool = True) -> list[str]:
    """Names to install on a node of that role, with or without the asset module."""
    return [p.name for p in PACKAGES if role in p.roles and (asset or not p.asset)]


def in_release(release: ReleaseSet, packages: Iterable[Package] = PACKAGES) -> list[Package]:
    """The packages which that release set contains."""
    return [p for p in packages if p.version_release(release) is not None]
