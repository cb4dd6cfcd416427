"""Packages: what hides them before the start, what update and upgrade left (G18, G21, G28).

Each check asks all nodes at once, judges, and records. What somebody has accepted to stay at its
version is remembered by node, so that the next run does not start another round for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.ask.look import Look
from engine.judge import packages, versions
from engine.judge.text import by_value
from engine.model.finding import Finding, Verdict
from engine.model.host import Package
from engine.model.packages import PackageState
from engine.queries.packages import PENDING, REACHED, package_state, repository_state
from engine.record.evidence import Evidence
from engine.record.position import AT_TARGET, LEFT, NOT_JUDGED, UPDATES_LEFT, is_proved, left_of
from runbook.phases.actions.neteye_command import name_of

_PROVED = (
    "Nothing for this upgrade, which was proved before: what its repository has got since comes"
    " with the next update."
)
Of = Iterable[tuple[str, Iterable[Package]]]
"""Packages of a node."""


def can_come(look: Look, evidence: Evidence, *, information: str = "") -> Verdict:
    """The repository of the target answers on every node, and dnf there sees what it has newer."""
    repository, target = look.release.repository, look.release.target
    asked = look.ask_all(look.names.all, repository_state(repository, str(target)))
    evidence.answered(asked)
    states = {n: s for n, s in asked.values.items() if isinstance(s, PackageState)}
    hidden = packages.hidden(states, repository)
    newer = by_value({node: len(state.behind) for node, state in states.items()})
    verdict = evidence.judge(
        [
            *packages.repository_answers(asked.values, target, repository),
            *packages.hidden_packages(hidden, target),
            *packages.idle_rules(states, repository, target),
            *packages.missing_repositories(states, repository),
            *packages.unfinished_transactions(states),
        ],
        observed=f"the repository of {target} was asked on {len(asked.values)} nodes;"
        f" newer packages there: {newer}",
        information=information,
    )
    accepted = {finding.subject for finding in verdict if finding.accepted}
    stay = [item for one in hidden if one.subject in accepted for item in one.nodes.items()]
    _remember(look, evidence, LEFT, _named(stay))
    without = {f.subject for f in verdict if f.accepted and f.code == "repository-missing"}
    _remember(
        look,
        evidence,
        NOT_JUDGED,
        [(node, packages.without_repository(states[node], repository)) for node in without],
    )
    return verdict


def may_be_pending(look: Look, evidence: Evidence) -> Verdict:
    """Updates of the source that are to be installed, hidden or not, are known."""
    asked = look.ask_all(look.names.all, package_state(look.release.repository, parts=PENDING))
    evidence.answered(asked)
    pending = {node: state.pending for node, state in asked.values.items()}
    return evidence.judge(
        versions.no_pending_updates(pending),
        observed=f"{sum(map(len, pending.values()))} pending updates on {len(pending)} nodes",
    )


def are_updated(look: Look, evidence: Evidence) -> Verdict:
    """`neteye update` has left no update, on any node."""
    repository = look.release.repository
    asked = evidence.answers(look.ask_all(look.names.all, package_state(repository, parts=PENDING)))
    pending = {node: state.pending for node, state in asked.items()}
    verdict = evidence.judge(
        packages.updates_left(asked, repository, left_of(look.memory, LEFT, UPDATES_LEFT)),
        observed="'neteye update' ended with exit status 0; updates that are still pending:"
        f" {sum(map(len, pending.values()))} on {len(pending)} nodes",
    )
    _remember(look, evidence, UPDATES_LEFT, _named(_accepted(verdict, pending)))
    if stay := _staying(look, pending, LEFT, UPDATES_LEFT):
        what = f"updates that stay away, as accepted: {stay}"
        evidence.open("G28", what, brief="updates left out")
    return verdict


def are_upgraded(look: Look, evidence: Evidence) -> Verdict:
    """A release file alone proves nothing: each package is at the version of the repository."""
    repository, target = look.release.repository, look.release.target
    rounds = look.memory.detached("upgrade")
    name = name_of(rounds[-1]) if rounds else ""
    query = package_state(repository, version=str(target), parts=REACHED)
    asked = look.ask_all(look.names.all, query)
    evidence.answered(asked)
    behind = {node: state.behind for node, state in asked.values.items()}
    counts = {node: str(packages.standing(state)) for node, state in asked.values.items()}
    # what came to the repository after the proof is for the next update
    was_proved = look.memory.closed or is_proved(look.memory, name)
    found = [
        *packages.repository_answers(asked.values, target, repository),
        *packages.packages_behind(asked.values, repository, left_of(look.memory, LEFT), target),
    ]
    verdict = evidence.judge(
        [replace(finding, remedy="") for finding in found] if was_proved else found,
        observed="packages that the repository has: " + by_value(counts, ": ", "; "),
        information=_PROVED if was_proved else "",
    )
    _remember(look, evidence, LEFT, _named(_accepted(verdict, behind)))
    told = {
        "packages left at their old version, as accepted": _staying(look, behind, LEFT),
        "packages that nobody judged, as no file defines their repository": _listed(
            left_of(look.memory, NOT_JUDGED)
        ),
    }
    for what, names in told.items():
        for row in ("G18", "G21") if names else ():
            evidence.open(row, f"{what}: {names}", brief="packages left")
    if not was_proved and not evidence.blocking and asked.is_complete:
        evidence.remember(AT_TARGET, round=name, nodes=counts)
    return verdict


def _accepted(weighed: Iterable[Finding], of: Mapping[str, Iterable[Package]]) -> Of:
    """The packages of accepted findings, by node; a finding's subject is the node."""
    return [(finding.subject, of[finding.subject]) for finding in weighed if finding.accepted]


def _named(packages_of: Of) -> list[tuple[str, list[str]]]:
    return [(node, [package.name for package in found]) for node, found in packages_of]


def _remember(
    look: Look, evidence: Evidence, fact: str, accepted: Iterable[tuple[str, Iterable[str]]]
) -> None:
    """Names of a node's packages that somebody accepted to stay, or not to be judged."""
    before = left_of(look.memory, fact)
    nodes = {node: set(names) for node, names in before.items()}
    for node, names in accepted:
        nodes.setdefault(node, set()).update(names)
    if nodes != before:
        evidence.remember(fact, nodes={node: sorted(names) for node, names in nodes.items()})


def _staying(look: Look, older: Mapping[str, Iterable[Package]], *facts: str) -> str:
    """Packages of `older` that were accepted to stay, node by node; '' when there are none."""
    left = left_of(look.memory, *facts)
    return _listed(
        {
            node: {p.name for p in behind if p.name in left.get(node, ())}
            for node, behind in older.items()
        }
    )


def _listed(found: Mapping[str, Iterable[str]]) -> str:
    return "; ".join(
        f"{node}: {', '.join(sorted(names))}" for node, names in found.items() if names
    )
