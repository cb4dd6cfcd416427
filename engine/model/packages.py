"""A node's packages beside those of a repository, and what keeps dnf from seeing them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.host import Package


class RuleKind(StrEnum):
    """What a line of dnf's configuration does to packages."""

    EXCLUDE = "exclude"
    INCLUDE = "includepkgs"
    """All that it does not name is hidden."""
    LOCK = "versionlock"
    """Every other version of what it names is hidden."""
    BAR = "versionlock !"
    """The version that it names is hidden."""


@dataclass(frozen=True)
class Rule:
    """A line that hides packages from dnf."""

    kind: RuleKind
    file: str
    line: int
    """Counted from 1."""
    section: str
    """`main`, or the id of the repository that it is for; '' for a lock."""
    patterns: tuple[str, ...]

    @property
    def place(self) -> str:
        """`FILE:LINE`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class PackageState:
    """What a repository has of a node's packages; fields that were not asked for are empty."""

    behind: tuple[Package, ...] = ()
    """Newer than what is installed, and what obsoletes it: excludes, locks and modules apart."""
    offered: tuple[Package, ...] = ()
    """What dnf of this node would install, as it is configured, from all enabled repositories."""
    filtered: tuple[Package, ...] = ()
    """The part of `behind` that the filter of module streams hides."""
    carried: tuple[Package, ...] = ()
    """The newest of each package that is installed and in the repository."""
    installed: tuple[Package, ...] = ()
    rules: tuple[Rule, ...] = ()
    streams: tuple[str, ...] = ()
    """Module streams that somebody has enabled or disabled, with file and line, in words."""
    repositories: tuple[str, ...] = ()
    """Ids of all that are defined on the node."""
    enabled: tuple[str, ...] = ()
    """Ids of the enabled ones."""
    origins: tuple[tuple[str, str], ...] = ()
    """(repository, package): where each installed package came from, as far as dnf knows."""
    duplicates: tuple[str, ...] = ()
    """Packages there in several versions that can't be there beside each other."""
    held: tuple[str, ...] = ()
    """Transactions of dnf or rpm that run or wait, in words."""
    failed: tuple[str, ...] = ()
    """Those that failed or were broken off."""

    @property
    def hidden(self) -> tuple[Package, ...]:
        """What the repository has newer and dnf of this node does not see."""
        seen = {(package.name, package.arch) for package in self.offered}
        return tuple(p for p in self.behind if (p.name, p.arch) not in seen)

    @property
    def within_reach(self) -> tuple[Package, ...]:
        """What the repository has newer and dnf of this node sees."""
        hidden = set(self.hidden)
        return tuple(package for package in self.behind if package not in hidden)

    @property
    def pending(self) -> tuple[Package, ...]:
        """What is to be installed, hidden or not."""
        return tuple(dict.fromkeys((*self.offered, *self.hidden)))

    def version_of(self, package: Package) -> str:
        """What is installed of a package, several versions beside each other; '' when nothing."""
        return ", ".join(p.evr for p in self.installed if p.name == package.name)


@dataclass(frozen=True)
class Unreadable:
    """dnf of a node could not read a repository, and why."""

    why: str
