"""Who may reach what: the rules of access of a node's file and of the merged one, place by place.

A rule that comes in by the merge locks out programs on other machines, and nobody notices from the
node itself: the package of 4.26 lets the REST API be asked from the node alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.model.finding import Finding
from runbook.to_4_26.httpd.conf_tree import ACCESS_DIRECTIVES, Key, section_name, shown
from runbook.to_4_26.httpd.httpd_conf import ConfFile, Kind
from runbook.to_4_26.httpd.restart import restarted

NO_RULE = "no rule of its own, so that of the enclosing section applies"


@dataclass(frozen=True)
class AccessChange:
    """One place whose rules the merge changes."""

    place: str
    before: str
    after: str


def access_changes(old: ConfFile, merged: ConfFile) -> tuple[AccessChange, ...]:
    """Places of the merged file whose rules are not what they were."""
    before, after = _rules(old), _rules(merged)
    kept = {_place(item.section) for item in merged.settings()}
    return tuple(
        AccessChange(
            " ".join(f"<{section_name(part)}>" for part in place) or "the whole file",
            " | ".join(before.get(place, ())) or NO_RULE,
            " | ".join(after.get(place, ())) or NO_RULE,
        )
        for place in dict.fromkeys((*before, *after))
        if place in kept and before.get(place) != after.get(place)
    )


def _rules(conf: ConfFile) -> dict[Key, tuple[str, ...]]:
    """Place -> its rules in the file's order, each with what surrounds it inside that place."""
    found: dict[Key, list[str]] = {}
    for item in conf.items:
        if item.kind is Kind.DIRECTIVE and item.name in ACCESS_DIRECTIVES:
            inside = [f"<{section_name(part)}>" for part in item.section if _is_inside(part)]
            found.setdefault(_place(item.section), []).append(" ".join((*inside, shown(item))))
    return {place: tuple(rules) for place, rules in found.items()}


def _place(section: Iterable[str]) -> Key:
    return tuple(part for part in section if not _is_inside(part))


def _is_inside(part: str) -> bool:
    """Conditions, limits and groups of rules are no places of their own."""
    return part.startswith(("if", "require", "limit"))


def access_findings(
    node: str, path: str, changes: Iterable[AccessChange], *, runs_httpd: bool
) -> Iterator[Finding]:
    """Each change of who may reach what, with both rules.

    httpd is one resource of the cluster: it is restarted for the node on which it runs, and reads
    the files of another node when it is moved there.
    """
    counts = "then restart httpd" if runs_httpd else "here it counts when httpd is moved here"
    for change in changes:
        yield Finding(
            code="ocs-access-changed",
            subject=f"{node}:{path} {change.place}",
            observed=f"before: {change.before}; merged: {change.after}",
            expected="who may reach it is the same after the upgrade, or meant to change",
            remedy="See who uses it: httpd's access log names the addresses. Who has to reach it"
            f" from elsewhere needs a rule of its own in {path}, on every operative node (`Require"
            f" ip ADDRESS`); {counts}.",
            guide=("G13",),
            commands=(restarted(node),) if runs_httpd else (),
        )
