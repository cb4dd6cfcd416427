"""What one of the rehearsal's rpms is: name, version in each release set, roles, module.

Names and versions are a step's own: the content is just enough for rpm and dnf to do real work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["operative", "elastic_only", "voting_only"]
ReleaseSet = Literal["base", "updates", "target"]

RELEASE_SETS: tuple[ReleaseSet, ...] = ("base", "updates", "target")

ALL_ROLES: frozenset[Role] = frozenset({"operative", "elastic_only", "voting_only"})
OPERATIVE: frozenset[Role] = frozenset({"operative"})


@dataclass(frozen=True)
class Package:
    """One rpm: its version-release in each release set (None: not in that set), and its roles.

    `module` is the optional module that it belongs to; a scenario may be without it.
    """

    name: str
    summary: str
    roles: frozenset[Role]
    base: str
    updates: str | None
    target: str | None
    module: str = ""
    provides: tuple[str, ...] = ()

    def version_release(self, release: ReleaseSet) -> str | None:
        """`version-release` in that set, or None when the set does not contain the package."""
        return {"base": self.base, "updates": self.updates, "target": self.target}[release]


# rpm knows nothing of Debian's shell, and every scriptlet requires it.
OPERATING_SYSTEM = Package(
    "rehearsal-os",
    "what the operating system below gives to rpm",
    ALL_ROLES,
    "8-1",
    None,
    "8-1",
    provides=("/bin/sh",),
)


def core(
    name: str, summary: str, roles: frozenset[Role], version: tuple[str, str], *, updated: bool
) -> Package:
    """A package of NetEye itself: `version` before and after, and whether an update is pending."""
    old, new = version
    return Package(
        name,
        summary,
        roles,
        base=f"{old}-1.neteye",
        updates=f"{old}-2.neteye" if updated else None,
        target=f"{new}-1.neteye",
    )


def repositories(source: str, target: str) -> Mapping[str, tuple[ReleaseSet, ...]]:
    """Which release sets a repository directory holds.

    `neteye-SOURCE-base` serves the first installation: `DNF0=SOURCE-base` gives a cluster with
    pending updates, `DNF0=SOURCE` one without.
    """
    return {
        f"neteye-{source}-base": ("base",),
        f"neteye-{source}": ("base", "updates"),
        f"neteye-{target}": ("target",),
    }


def packages_for(
    packages: Iterable[Package], role: str, without: Collection[str] = ()
) -> list[str]:
    """Names to install on a node of that role, those of modules left out that it is `without`."""
    return [p.name for p in packages if role in p.roles and p.module not in without]


def in_release(packages: Iterable[Package], release: ReleaseSet) -> list[Package]:
    """The packages which that release set contains."""
    return [p for p in packages if p.version_release(release) is not None]
