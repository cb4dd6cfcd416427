"""Packages: what keeps dnf from those of a version, and whether a node has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from engine.judge.text import listed, shortened
from engine.model.finding import Command, Finding
from engine.model.groups import grouped
from engine.model.host import Package, Version
from engine.model.packages import PackageState, Rule, RuleKind, Unreadable

_MODULES = "the filter of module streams (`dnf module list`)"
_UNKNOWN = "nothing that was read: ask a plugin of dnf, or `priority` of a repository"
_NOT_HIDDEN = "nothing hides them from dnf"

Left = Mapping[str, Collection[str]]
"""Node -> names of packages that somebody has accepted to stay at their version."""


# which packages are hidden, and by what


@dataclass(frozen=True)
class Hidden:
    """What one line, or something else, hides from dnf: node -> its packages."""

    subject: str
    """`FILE:LINE`, or the node where no line explains it."""
    said: str
    nodes: Mapping[str, tuple[Package, ...]]
    is_lock: bool = False
    """dnf has a command that takes it away; a line of a file is a person's."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({p.name for packages in self.nodes.values() for p in packages}))


def hidden(states: Mapping[str, PackageState], repository: str) -> tuple[Hidden, ...]:
    """Newer packages of `repository` that dnf of a node does not see, by what hides them."""
    found: dict[tuple[str, str, bool], dict[str, list[Package]]] = {}
    for node, state in states.items():
        for package in state.hidden:
            rules = rules_against(package, state, repository)
            places = [(rule.place, in_words(rule), rule.kind in _LOCKS) for rule in rules]
            for place in places or [(node, _without_a_rule(package, state), False)]:
                found.setdefault(place, {}).setdefault(node, []).append(package)
    return tuple(
        Hidden(subject, said, {node: tuple(packages) for node, packages in nodes.items()}, is_lock)
        for (subject, said, is_lock), nodes in found.items()
    )


_LOCKS = (RuleKind.LOCK, RuleKind.BAR)


def rules_against(package: Package, state: PackageState, repository: str) -> tuple[Rule, ...]:
    """The lines that hide a package of `repository`."""
    rules = (rule for rule in state.rules if _concerns(rule, repository))
    return tuple(rule for rule in rules if _hides(rule, package))


def _concerns(rule: Rule, repository: str) -> bool:
    return rule.section in ("", "main", repository)


def _hides(rule: Rule, package: Package) -> bool:
    if rule.kind is RuleKind.LOCK:
        # NAME-EPOCH:VERSION-RELEASE.ARCH or NAME-VERSION; a name alone locks no version
        (spec,) = rule.patterns
        names = (spec.rsplit("-", count)[0] for count in (1, 2))
        return any(name != spec and fnmatchcase(package.name, name) for name in names)
    forms = _forms(package)
    is_named = any(fnmatchcase(form, pattern) for pattern in rule.patterns for form in forms)
    return is_named is not (rule.kind is RuleKind.INCLUDE)


def _forms(package: Package) -> tuple[str, ...]:
    """How a package may be named in a rule (dnf's manual, "Specifying packages")."""
    name, arch = package.name, package.arch
    versions = (package.version, f"{package.epoch}:{package.version}")
    evrs = tuple(f"{version}-{package.release}" for version in versions)
    return (
        *(name, f"{name}.{arch}", *(f"{name}-{version}" for version in versions)),
        *(f"{name}-{evr}" for evr in evrs),
        *(f"{name}-{evr}.{arch}" for evr in evrs),
    )


def in_words(rule: Rule) -> str:
    """A rule in words."""
    where = f" of [{rule.section}]" if rule.section not in ("", "main") else ""
    return f"{rule.kind} {' '.join(rule.patterns)}{where}"


def _without_a_rule(package: Package, state: PackageState) -> str:
    if package not in state.filtered:
        return _UNKNOWN
    return _MODULES + (f", here {listed(state.streams, 6)}" if state.streams else "")


# before the start


def repository_answers(
    states: Mapping[str, PackageState | Unreadable], target: Version, repository: str
) -> tuple[Finding, ...]:
    """The repository of `target` answers on each node, and has packages of the node.

    Code: `target-repository`.
    """
    return tuple(
        Finding(
            "target-repository",
            node,
            f"repository {repository!r} of version {target} {why} on {node}",
            f"its metadata can be read on {node}, and has packages that are installed there",
            "Check the proxy, the mirror lists and the subscription of this node, "
            "then run this again.",
            ("command-as-documented",),
        )
        for node, state in states.items()
        if (why := _why_not(state))
    )


def _why_not(state: PackageState | Unreadable) -> str:
    if isinstance(state, Unreadable):
        return f"does not answer ({shortened(state.why)})"
    return "" if state.carried else "answers, and has none of the packages that are installed"


def hidden_packages(found: Iterable[Hidden], target: Version) -> tuple[Finding, ...]:
    """Installed packages that the repository of `target` has newer and dnf is kept from.

    One finding for each line that hides some, however many nodes have it. Code:
    `packages-hidden`.
    """
    return tuple(
        Finding(
            "packages-hidden",
            one.subject,
            f"{one.said}: hides from dnf on {listed(one.nodes)} what the repository of {target}"
            f" has newer: {listed(one.names)}",
            f"every installed package is upgraded to that of {target}",
            "Take it away on each node named, for as long as the upgrade lasts, then run this"
            " again. Accepted, these packages stay at their old version, and its rows of the guide"
            " stay open.",
            ("command-as-documented", "versions-everywhere"),
            commands=_unlocked(one) if one.is_lock else (),
        )
        for one in found
    )


def _unlocked(one: Hidden) -> tuple[Command, ...]:
    """What the lock names is free again, on each node."""
    return tuple(
        Command(node, ("dnf", "versionlock", "delete", *dict.fromkeys(p.name for p in packages)))
        for node, packages in one.nodes.items()
    )


def idle_rules(
    states: Mapping[str, PackageState], repository: str, target: Version
) -> tuple[Finding, ...]:
    """Lines that could hide packages, but hide none of `target`. Code: `packages-rule-idle`."""
    found: list[tuple[tuple[str, str], str]] = []
    for node, state in states.items():
        busy = {r for p in state.hidden for r in rules_against(p, state, repository)}
        idle = (r for r in state.rules if r not in busy and _concerns(r, repository))
        found += [((rule.place, in_words(rule)), node) for rule in idle]
    return tuple(
        Finding(
            "packages-rule-idle",
            place,
            f"{said} on {listed(nodes)}: it hides no installed package that the repository of"
            f" {target} has newer",
            "no line that keeps dnf from packages",
            "Nothing has to be done for the upgrade; packages of other repositories may stay"
            " at their version.",
        )
        for (place, said), nodes in grouped(found).items()
    )


def missing_repositories(
    states: Mapping[str, PackageState], repository: str
) -> tuple[Finding, ...]:
    """Repositories of the vendor that packages came from, and that are not there any more or off.

    The vendor's are `repository` and those whose ids begin with it. `repository` itself is
    asked by name, so it may be disabled. Codes: `repository-missing`, `repository-disabled`.
    """
    return tuple(
        _missing(node, name, packages, name in state.repositories)
        for node, state in states.items()
        for name, packages in _by_origin(state, repository).items()
        if name not in (repository, *state.enabled)
    )


def without_repository(state: PackageState, repository: str) -> list[str]:
    """Packages of the vendor's whose repository no file of the node defines any more."""
    return [
        package
        for name, packages in _by_origin(state, repository).items()
        if name not in state.repositories
        for package in packages
    ]


def _by_origin(state: PackageState, repository: str) -> dict[str, list[str]]:
    return grouped(origin for origin in state.origins if origin[0].startswith(f"{repository}-"))


def _missing(node: str, name: str, packages: list[str], is_defined: bool) -> Finding:
    if is_defined:
        return Finding(
            "repository-disabled",
            node,
            f"{len(packages)} packages came from repository {name!r}, which is disabled:"
            f" {listed(packages, 5)}",
            "a repository that is asked, or packages that need no upgrade",
            f"Whether the vendor's command enables it is not known. Look on {node} after the"
            f" upgrade: dnf --enablerepo={name} check-update",
        )
    return Finding(
        "repository-missing",
        node,
        f"{len(packages)} packages came from repository {name!r}, which no file in"
        f" /etc/yum.repos.d defines: {listed(packages, 5)}",
        "the repositories that the packages came from",
        f"Bring its definition back on {node} (compare the other nodes), then run this again."
        " Accepted, these packages stay at their version.",
        ("command-as-documented",),
    )


def unfinished_transactions(states: Mapping[str, PackageState]) -> tuple[Finding, ...]:
    """A transaction of dnf or rpm runs or waits, or has left packages in two versions.

    Code: `transaction-unfinished`; `transaction-failed` of the last one, which has left nothing
    that is seen.
    """
    return tuple(
        Finding(code, node, said, "no transaction of dnf or rpm under way or half done", remedy,
                ("updated-and-healthy",), commands=tuple(Command(node, argv) for argv in commands))
        for node, state in states.items()
        for code, remedy, found, commands in (
            ("transaction-unfinished", _UNFINISHED, state.held, ()),
            ("transaction-unfinished", _DOUBLED, _twice(state.duplicates), (_NO_DUPLICATES,)),
            ("transaction-failed", _FAILED, state.failed, ()),
        )
        for said in found
    )  # fmt: skip


_UNFINISHED = (
    "Wait for one that runs; carry out one that waits, or give it up (`dnf offline-upgrade clean`);"
    " then run this again."
)
_DOUBLED = "Remove the older of what is there twice, then run this again."
_NO_DUPLICATES = ("dnf", "-y", "remove", "--duplicates")
_FAILED = "Look at it with `dnf history info last` and `dnf check`."


def _twice(duplicates: Collection[str]) -> list[str]:
    if not duplicates:
        return []
    return [f"packages are installed in two versions at once: {listed(duplicates, 6)}"]


# after a command


def not_left(packages: Iterable[Package], left: Collection[str]) -> list[Package]:
    """Without those that somebody has accepted to stay at their version."""
    return [package for package in packages if package.name not in left]


def updates_left(
    states: Mapping[str, PackageState], repository: str, left: Left
) -> tuple[Finding, ...]:
    """Updates that are still pending after the update. Code: `updates-left`."""
    return tuple(
        Finding(
            "updates-left",
            node,
            f"'neteye update' ended with exit status 0 and {len(pending)} updates are left:"
            f" {_listing(pending, state)}. {_cause(pending, state, repository)}",
            "every update of the installed version installed before the upgrade",
            "Take away on this node what keeps them back, then run again: the update is started"
            " once more. Accepted, they stay as they are; the vendor's upgrade may refuse to"
            " start then.",
            ("updated-and-healthy",),
        )
        for node, state in states.items()
        if (pending := not_left(state.pending, left.get(node, ())))
    )


def packages_behind(
    states: Mapping[str, PackageState], repository: str, left: Left, target: Version
) -> tuple[Finding, ...]:
    """Packages that a node has older than the repository of `target`, and why, node by node.

    Code: `packages-behind`.
    """
    return tuple(
        Finding(
            "packages-behind",
            node,
            f"{len(behind)} packages are older than in the repository of {target}:"
            f" {_listing(behind, state)}. {_cause(behind, state, repository)}",
            f"every installed package that the repository of {target} has, at its version there",
            "Take away on this node what keeps them back, then run again: another round is"
            " started, and brings them. Accepted, they stay at their old version, and its"
            " rows of the guide stay open.",
            ("command-as-documented", "versions-everywhere"),
        )
        for node, state in states.items()
        if (behind := not_left(state.behind, left.get(node, ())))
    )


def _listing(packages: list[Package], state: PackageState) -> str:
    return listed(
        (
            f"{p.name} {state.version_of(p) or '(not installed)'} instead of {p.evr}"
            if state.installed
            else f"{p.name} {p.evr}"
            for p in packages
        ),
        limit=8,
    )


def _cause(packages: list[Package], state: PackageState, repository: str) -> str:
    """What keeps them back: lines of files, module streams, or nothing that dnf knows of."""
    unseen = set(state.hidden)
    places = grouped(
        (_hidden_by(p, state, repository) if p in unseen else _NOT_HIDDEN, p.name) for p in packages
    )
    parts = [f"{said} ({listed(names, 5)})" for said, names in places.items()]
    if _NOT_HIDDEN in places:
        parts.append(f"see the command's log, and `dnf --enablerepo={repository} upgrade"
                     " --assumeno` there")  # fmt: skip
    return "; ".join(parts)


def _hidden_by(package: Package, state: PackageState, repository: str) -> str:
    rules = rules_against(package, state, repository)
    lines = "; ".join(f"{in_words(rule)} in {rule.place}" for rule in rules)
    return f"hidden from dnf by {lines or _without_a_rule(package, state)}"


@dataclass(frozen=True)
class Standing:
    """How a node's packages stand beside the repository's, by name."""

    carried: int
    """Installed packages that the repository has."""
    level: int
    """How many of them are at its version."""
    newer: tuple[str, ...]
    behind: tuple[str, ...]

    def __str__(self) -> str:
        said = f"{self.level} of {self.carried} at its version"
        said += f", older: {listed(self.behind, 5)}" if self.behind else ""
        return said + (f", newer: {listed(self.newer, 5)}" if self.newer else "")


def standing(state: PackageState) -> Standing:
    """Counts and names for the evidence. dnf says which package is older; nothing compares here."""
    newest: dict[str, set[tuple[str, str]]] = {}
    for package in state.carried:
        newest.setdefault(package.name, set()).add((package.epoch, package.evr))
    names = {p.name for p in state.installed} & set(newest)
    behind = {package.name for package in state.behind} & names
    level = {p.name for p in state.installed if (p.epoch, p.evr) in newest.get(p.name, ())}
    newer = names - behind - level
    return Standing(len(names), len(level - behind), tuple(sorted(newer)), tuple(sorted(behind)))
