"""Where the upgrade stands, judged from the cluster and the records on N, before anything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.model.cluster import ClusterStatus
from engine.model.finding import Finding
from engine.model.host import Version
from engine.model.release import Release
from engine.record.memory import ChangeRecord, Memory

AT_TARGET = "packages-at-target"
"""The fact that after a round every package was at its version: `round`, and counts by node."""
LEFT = "packages-left"
"""The fact that packages stay at their version, as somebody accepted: `nodes`, names by node."""
NOT_JUDGED = "packages-not-judged"
"""Packages whose repository is not defined any more, as somebody accepted: `nodes`, as above."""
UPDATES_LEFT = "updates-accepted"
"""As `LEFT`, of updates within the source's version; it says nothing of the upgrade."""


class Position(StrEnum):
    """The stations of an upgrade, in order; before all of them: nobody can tell."""

    UNKNOWN = "unknown"
    NOT_STARTED = "not started"
    UPDATE_UNDER_WAY = "update under way"
    UPDATED = "updated"
    UPGRADE_UNDER_WAY = "upgrade under way"
    PLANNED_STOP = "planned stop"
    UPGRADED = "upgraded"
    REACTIVATED = "reactivated"
    CLOSED = "closed"

    @property
    def rank(self) -> int:
        return list(Position).index(self)

    def is_after(self, other: Position) -> bool:
        return self.rank > other.rank


@dataclass(frozen=True)
class Situation:
    """What the position is derived from."""

    versions: Mapping[str, Version]
    memory: Memory
    has_records: bool
    """An attempt of this cluster is on record on N (open, or closed by `done`)."""
    standby: tuple[str, ...] | None
    """None: the cluster's status is not known, nor is fencing."""
    fencing: bool | None
    fencing_before: bool | None
    has_known_conflicts: bool
    """The two known files are there as .rpmnew on some node."""
    has_packages_left: bool
    """After a round that ended well: some node's packages are older than the repository's, or
    nobody could tell. A release file alone proves nothing."""
    source: Version
    target: Version

    @classmethod
    def of(
        cls,
        memory: Memory,
        release: Release,
        baseline: Mapping[str, Any] | None,
        versions: Mapping[str, Version],
        status: ClusterStatus | None,
        leftovers: Iterable[Iterable[str]] = (),
        *,
        is_on_record: bool,
    ) -> Situation:
        """From the answers of a look; packages are taken to be at their versions.

        `leftovers`: of each node what lies about as `.rpmnew` and its like. `is_on_record`: N has
        an attempt of this upgrade.
        """
        return cls(
            versions=versions,
            memory=memory,
            # an attempt that a restore closed says nothing of the upgrade: it proves no target
            has_records=is_on_record and memory.closed_by != "restore",
            standby=status.standby_nodes if status else None,
            fencing=status.options.stonith_enabled if status else None,
            fencing_before=baseline.get("fencing") if baseline else None,
            has_known_conflicts=any(release.known_conflicts & set(found) for found in leftovers),
            has_packages_left=False,
            source=release.source,
            target=release.target,
        )


def position_of(situation: Situation) -> Position:
    """The position; `position_findings` judges whether the situation is possible."""
    memory = situation.memory
    if not situation.has_records or memory.started is None:
        return Position.NOT_STARTED
    if memory.closed:
        at_target = set(situation.versions.values()) == {situation.target}
        return Position.CLOSED if at_target else Position.NOT_STARTED
    upgrades, updates = memory.detached("upgrade"), memory.detached("update")
    if upgrades:
        return _in_upgrade(situation, upgrades[-1])
    if updates:
        return _in_update(situation, updates[-1])
    return Position.NOT_STARTED


def _in_update(situation: Situation, last: ChangeRecord) -> Position:
    if not _has_succeeded(last):
        return Position.UPDATE_UNDER_WAY
    if situation.standby is None:
        return Position.UNKNOWN
    is_settled = not situation.standby and _is_fencing_back(situation)
    return Position.UPDATED if is_settled else Position.UPDATE_UNDER_WAY


def _is_fencing_back(situation: Situation) -> bool:
    """False while fencing is off because the command switched it off: it is to come back."""
    is_taken = ("fencing", "cluster") in situation.memory.ledger
    return situation.fencing == situation.fencing_before or not is_taken


def _in_upgrade(situation: Situation, last: ChangeRecord) -> Position:
    if _says_done(situation, last) and not situation.has_packages_left:
        if situation.standby is None:
            return Position.UNKNOWN
        if situation.standby:
            return Position.UPGRADED
        restored = situation.fencing == situation.fencing_before
        return Position.REACTIVATED if restored else Position.UPGRADED
    if last.has_ended and situation.has_known_conflicts:
        return Position.PLANNED_STOP
    return Position.UPGRADE_UNDER_WAY


def _says_done(situation: Situation, last: ChangeRecord) -> bool:
    return _has_succeeded(last) and set(situation.versions.values()) == {situation.target}


def round_to_prove(situation: Situation) -> str:
    """The round whose exit status and release files say done while no run has seen the packages.

    Empty when nothing of the kind is to be asked.
    """
    memory = situation.memory
    upgrades = memory.detached("upgrade")
    if not situation.has_records or memory.closed or not upgrades:
        return ""
    name = str(upgrades[-1].intent["detached"])
    return "" if not _says_done(situation, upgrades[-1]) or is_proved(memory, name) else name


def is_proved(memory: Memory, name: str) -> bool:
    """A run has seen that after this round every package was at its version."""
    return bool(memory.facts.get(AT_TARGET, {}).get("round") == name)


def left_of(memory: Memory, *facts: str) -> dict[str, set[str]]:
    """Node -> names of packages that were accepted to stay at their version."""
    found: dict[str, set[str]] = {}
    for fact in facts:
        for node, names in memory.facts.get(fact, {}).get("nodes", {}).items():
            found.setdefault(node, set()).update(names)
    return found


def _has_succeeded(record: ChangeRecord) -> bool:
    return record.exit_status == 0


def position_findings(situation: Situation) -> list[Finding]:
    """Why nothing can continue from here: mixed versions, or the target without a record."""
    under_way = situation.has_records and not situation.memory.closed
    found = set(situation.versions.values())
    if under_way or not found or found == {situation.source}:
        return []
    listing = ", ".join(f"{node} {version}" for node, version in situation.versions.items())
    if len(found) > 1:
        return [
            Finding(
                code="version-mixed",
                subject="cluster",
                observed=f"the nodes have different versions: {listing}",
                expected=f"{situation.source} on every node, or an upgrade of this runbook"
                " on record on N",
                remedy="An upgrade was started without this runbook, or its attempt was closed by"
                " --restore; finish it by the vendor's guide, then run again.",
                guide=("no-skips",),
            )
        ]
    if found == {situation.target} and not situation.has_records:
        return [
            Finding(
                code="version-path",
                subject="cluster",
                observed=f"every node is at {situation.target} and N has no record of an upgrade"
                " that this runbook brought to its end",
                expected=f"{situation.source}, or {situation.target} with this runbook's record",
                remedy="Nothing is to be upgraded here; whether the earlier upgrade was complete"
                " can't be told without its record.",
                guide=("no-skips",),
            )
        ]
    return []
