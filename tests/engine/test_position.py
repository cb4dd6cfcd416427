"""The stations of an upgrade, each by the cluster and the records together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.model.host import Version
from engine.record.memory import Memory
from engine.record.position import (
    AT_TARGET,
    Position,
    Situation,
    position_findings,
    position_of,
    round_to_prove,
)
from tests.engine import kit

OLD, NEW = Version(4, 25), Version(4, 26)
ALL_OLD = dict.fromkeys((kit.N, kit.SECOND, kit.THIRD), OLD)
ALL_NEW = dict.fromkeys(ALL_OLD, NEW)
MIXED = {**ALL_OLD, kit.N: NEW}

OPENED = kit.event("attempt-opened", 1)
CLOSED = kit.event("attempt-closed", 2)


def run_of(command: str, number: int = 1) -> dict[str, Any]:
    return kit.intent(f"{command}.run[{number}]", detached=f"{command}-{number}")


def end_of(command: str, code: int | None, number: int = 1) -> dict[str, Any]:
    outcome = "ok" if code == 0 else "failed"
    return kit.result(f"{command}.run[{number}]", code=code, outcome=outcome)


UPDATE, UPDATED = run_of("update"), end_of("update", 0)
UPGRADE, UPGRADED, STOPPED = run_of("upgrade"), end_of("upgrade", 0), end_of("upgrade", 4)

TAKES_FENCING = {
    **UPDATE,
    "opens": [{"kind": "fencing", "subject": "cluster", "former": "enabled"}],
}


def situation(
    *events: dict[str, Any],
    versions: Mapping[str, Version] = ALL_OLD,
    standby: tuple[str, ...] | None = (),
    fencing: bool | None = True,
    conflicts: bool = False,
    records: bool = True,
    left: bool = False,
) -> Situation:
    return Situation(
        versions=versions,
        memory=Memory.fold(events),
        has_records=records,
        standby=standby,
        fencing=fencing,
        fencing_before=True if records else None,
        has_known_conflicts=conflicts,
        has_packages_left=left,
        source=OLD,
        target=NEW,
    )


AWAY = (kit.SECOND, kit.THIRD)
STATIONS: dict[str, tuple[Situation, Position]] = {
    "no records": (situation(records=False), Position.NOT_STARTED),
    "records without an attempt": (situation(), Position.NOT_STARTED),
    "attempt opened": (situation(OPENED), Position.NOT_STARTED),
    "update started": (situation(OPENED, UPDATE), Position.UPDATE_UNDER_WAY),
    "update failed": (
        situation(OPENED, UPDATE, end_of("update", 1)),
        Position.UPDATE_UNDER_WAY,
    ),
    "update interrupted": (
        situation(OPENED, UPDATE, end_of("update", None)),
        Position.UPDATE_UNDER_WAY,
    ),
    "update done, others still in standby": (
        situation(OPENED, UPDATE, UPDATED, standby=AWAY),
        Position.UPDATE_UNDER_WAY,
    ),
    "update done, all active, fencing not given back yet": (
        situation(OPENED, TAKES_FENCING, UPDATED, fencing=False),
        Position.UPDATE_UNDER_WAY,
    ),
    "update done, fencing given back, though that is not on record": (
        situation(OPENED, TAKES_FENCING, UPDATED),
        Position.UPDATED,
    ),
    "update done, fencing disabled by somebody else": (
        situation(OPENED, UPDATE, UPDATED, fencing=False),
        Position.UPDATED,
    ),
    "update done": (situation(OPENED, UPDATE, UPDATED), Position.UPDATED),
    "second update done": (
        situation(
            *(OPENED, UPDATE, end_of("update", 1)), run_of("update", 2), end_of("update", 0, 2)
        ),
        Position.UPDATED,
    ),
    "upgrade started": (situation(OPENED, UPGRADE), Position.UPGRADE_UNDER_WAY),
    "upgrade started after an update": (
        situation(OPENED, UPDATE, UPDATED, UPGRADE, versions=MIXED, standby=AWAY),
        Position.UPGRADE_UNDER_WAY,
    ),
    "upgrade failed": (
        situation(OPENED, UPGRADE, STOPPED, versions=MIXED),
        Position.UPGRADE_UNDER_WAY,
    ),
    "upgrade failed at the known files": (
        situation(OPENED, UPGRADE, STOPPED, versions=MIXED, standby=AWAY, conflicts=True),
        Position.PLANNED_STOP,
    ),
    "known files while a round is under way": (
        situation(OPENED, UPGRADE, versions=MIXED, standby=AWAY, conflicts=True),
        Position.UPGRADE_UNDER_WAY,
    ),
    "known files while the next round is under way": (
        situation(OPENED, UPGRADE, STOPPED, run_of("upgrade", 2), conflicts=True),
        Position.UPGRADE_UNDER_WAY,
    ),
    "all at the target without a good end": (
        situation(OPENED, UPGRADE, STOPPED, versions=ALL_NEW),
        Position.UPGRADE_UNDER_WAY,
    ),
    "all at the target, the round without a result": (
        situation(OPENED, UPGRADE, versions=ALL_NEW),
        Position.UPGRADE_UNDER_WAY,
    ),
    "a good end, but not all at the target": (
        situation(OPENED, UPGRADE, UPGRADED, versions=MIXED, standby=AWAY),
        Position.UPGRADE_UNDER_WAY,
    ),
    "a good end, but nobody told a version": (
        situation(OPENED, UPGRADE, UPGRADED, versions={}),
        Position.UPGRADE_UNDER_WAY,
    ),
    "upgraded": (
        situation(OPENED, UPGRADE, UPGRADED, versions=ALL_NEW, standby=AWAY, fencing=False),
        Position.UPGRADED,
    ),
    "upgraded in the second round": (
        situation(
            *(OPENED, UPGRADE, STOPPED, run_of("upgrade", 2), end_of("upgrade", 0, 2)),
            versions=ALL_NEW,
            standby=AWAY,
        ),
        Position.UPGRADED,
    ),
    "a good end and release files, and packages of the old version": (
        situation(
            OPENED, UPGRADE, UPGRADED, versions=ALL_NEW, standby=AWAY, fencing=False, left=True
        ),
        Position.UPGRADE_UNDER_WAY,
    ),
    "packages left and the known files there: the round that brings them has stopped": (
        situation(
            *(OPENED, UPGRADE, UPGRADED, run_of("upgrade", 2), end_of("upgrade", 4, 2)),
            versions=ALL_NEW,
            conflicts=True,
        ),
        Position.PLANNED_STOP,
    ),
    "nobody in standby, fencing still off": (
        situation(OPENED, UPGRADE, UPGRADED, versions=ALL_NEW, fencing=False),
        Position.UPGRADED,
    ),
    "everything given back": (
        situation(OPENED, UPGRADE, UPGRADED, versions=ALL_NEW),
        Position.REACTIVATED,
    ),
    "closed": (
        situation(OPENED, UPGRADE, UPGRADED, CLOSED, versions=ALL_NEW),
        Position.CLOSED,
    ),
    "closed with nothing changed": (situation(OPENED, CLOSED), Position.NOT_STARTED),
    "opened again": (
        situation(OPENED, CLOSED, kit.event("attempt-opened", 3)),
        Position.NOT_STARTED,
    ),
}


@pytest.mark.parametrize("name", STATIONS)
def test_the_position(name: str) -> None:
    where, expected = STATIONS[name]
    assert position_of(where) is expected


def test_fencing_off_from_the_start_is_as_before() -> None:
    where = situation(OPENED, UPGRADE, UPGRADED, versions=ALL_NEW, fencing=False)
    assert position_of(replace(where, fencing_before=False)) is Position.REACTIVATED


def test_a_run_without_a_baseline_is_never_taken_for_reactivated() -> None:
    where = situation(OPENED, UPGRADE, UPGRADED, versions=ALL_NEW)
    assert position_of(replace(where, fencing_before=None)) is Position.UPGRADED


UNSEEN: dict[str, Any] = {"standby": None, "fencing": None}
NEEDS_STATUS = {
    "after an update": situation(OPENED, UPDATE, UPDATED, **UNSEEN),
    "after an update that took fencing": situation(OPENED, TAKES_FENCING, UPDATED, **UNSEEN),
    "after an upgrade": situation(OPENED, UPGRADE, UPGRADED, versions=ALL_NEW, **UNSEEN),
}


@pytest.mark.parametrize("before", [None, True, False])
@pytest.mark.parametrize("name", NEEDS_STATUS)
def test_a_status_that_nobody_told_is_no_standby_and_no_fencing(
    name: str, before: bool | None
) -> None:
    """Of nothing seen nothing follows: not that all is given back, nor that it is not."""
    where = replace(NEEDS_STATUS[name], fencing_before=before)
    assert position_of(where) is Position.UNKNOWN


@pytest.mark.parametrize("name", STATIONS)
def test_without_the_status_a_position_is_the_same_or_not_known(name: str) -> None:
    where, expected = STATIONS[name]
    blind = position_of(replace(where, standby=None, fencing=None))
    assert blind in (expected, Position.UNKNOWN)


def test_the_stations_are_in_order() -> None:
    order = list(Position)
    assert [station.rank for station in order] == list(range(len(order)))
    assert Position.UPGRADED.is_after(Position.PLANNED_STOP)
    assert not Position.NOT_STARTED.is_after(Position.NOT_STARTED)


POSSIBLE = [name for name, (_, position) in STATIONS.items() if position is not None]


@pytest.mark.parametrize("name", POSSIBLE)
def test_no_station_of_an_attempt_of_ours_is_impossible(name: str) -> None:
    assert position_findings(STATIONS[name][0]) == []


@pytest.mark.parametrize(
    ("where", "code", "told"),
    [
        (situation(records=False, versions=MIXED), "version-mixed", f"{kit.N} 4.26"),
        (situation(OPENED, CLOSED, versions=MIXED), "version-mixed", f"{kit.N} 4.26"),
        (situation(records=False, versions=ALL_NEW), "version-path", "no record of an upgrade"),
    ],
)
def test_an_impossible_situation_is_told(where: Situation, code: str, told: str) -> None:
    (finding,) = position_findings(where)
    assert (finding.code, finding.guide) == (code, ("no-skips",))
    assert told in finding.observed


def test_other_versions_that_are_the_same_everywhere_are_the_version_policys_business() -> None:
    where = situation(records=False, versions=dict.fromkeys(ALL_OLD, Version(4, 21)))
    assert position_findings(where) == []


def test_no_version_at_all_is_no_statement() -> None:
    assert position_findings(situation(records=False, versions={})) == []


PROVED = kit.event("fact", 3, name=AT_TARGET, round="upgrade-1", nodes={})


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (situation(OPENED, UPGRADE, UPGRADED, versions=ALL_NEW), "upgrade-1"),
        (situation(OPENED, UPGRADE, UPGRADED, PROVED, versions=ALL_NEW), ""),
        (situation(OPENED, UPGRADE, UPGRADED, versions=MIXED), ""),
        (situation(OPENED, UPGRADE, STOPPED, versions=ALL_NEW), ""),
        (situation(OPENED, UPGRADE, UPGRADED, CLOSED, versions=ALL_NEW), ""),
        (situation(OPENED, UPDATE, UPDATED), ""),
        (situation(records=False, versions=ALL_NEW), ""),
        (
            situation(
                *(OPENED, UPGRADE, UPGRADED, PROVED),
                *(run_of("upgrade", 2), end_of("upgrade", 0, 2)),
                versions=ALL_NEW,
            ),
            "upgrade-2",
        ),
    ],
)
def test_the_packages_are_asked_for_where_only_they_are_missing(
    where: Situation, name: str
) -> None:
    assert round_to_prove(where) == name
