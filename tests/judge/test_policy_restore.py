"""What keeps a restore from giving back standby or fencing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.judge.restore import (
    LastRound,
    half_upgraded,
    still_in_standby,
    undecided,
    unsafe_to_fence,
    upgrade_unverified,
)
from engine.model.cluster import ClusterNode, ClusterStatus
from engine.model.host import Version
from tests.judge.builders import (
    DEFAULT,
    ELASTIC,
    SECOND,
    SOURCE,
    TARGET,
    THIRD,
    N,
    assert_told_well,
    cluster_status,
    codes,
    node,
    observed,
)

ENDS = (SOURCE, TARGET)
DONE = LastRound("upgrade-2", 0)
STOPPED = LastRound("upgrade-1", 2)
LOST = LastRound("upgrade-1", None)


def versions(**different: Version) -> dict[str, Version]:
    return {**dict.fromkeys(DEFAULT.all, SOURCE), **different}


def half(found: dict[str, Version], last: LastRound | None) -> list[str]:
    findings = half_upgraded(found, last, ENDS, (SECOND,))
    assert_told_well(findings)
    return codes(findings)


def test_before_the_first_round_and_after_the_last_one_nothing_is_half() -> None:
    assert half(dict.fromkeys(DEFAULT.all, SOURCE), None) == []
    assert half(dict.fromkeys(DEFAULT.all, TARGET), DONE) == []
    # done by somebody else while the attempt was open: whole, all the same
    assert half(dict.fromkeys(DEFAULT.all, TARGET), None) == []


@pytest.mark.parametrize("last", [None, DONE, STOPPED, LOST])
def test_mixed_versions_are_half(last: LastRound | None) -> None:
    assert half(versions(**{ELASTIC: TARGET}), last) == ["restore-half-upgraded"]


@pytest.mark.parametrize("version", [SOURCE, TARGET])
@pytest.mark.parametrize("last", [STOPPED, LOST])
def test_a_round_that_did_not_end_well_is_half_whatever_the_nodes_say(
    version: Version, last: LastRound
) -> None:
    assert half(dict.fromkeys(DEFAULT.all, version), last) == ["restore-half-upgraded"]


def test_a_round_that_ended_well_without_its_effect_is_half() -> None:
    assert half(dict.fromkeys(DEFAULT.all, SOURCE), DONE) == ["restore-half-upgraded"]


def test_packages_of_the_old_version_are_half_whatever_release_files_say() -> None:
    found = dict.fromkeys(DEFAULT.all, TARGET)
    (finding,) = half_upgraded(found, DONE, ENDS, (SECOND,), has_packages_left=True)
    assert finding.code == "restore-half-upgraded"
    assert "older than the repository's" in finding.observed
    assert_told_well([finding])


def test_a_version_that_is_neither_is_half() -> None:
    assert half(dict.fromkeys(DEFAULT.all, Version(4, 27)), None) == ["restore-half-upgraded"]


def test_each_node_is_named_with_how_to_accept_it() -> None:
    findings = half_upgraded(versions(), LOST, ENDS, (SECOND, THIRD))
    assert [finding.subject for finding in findings] == [SECOND, THIRD]
    for finding in findings:
        assert "has no exit status" in finding.observed
        assert f"--accept 'restore-half-upgraded@{finding.subject}=REASON'" in finding.remedy
        assert "without --restore" in finding.remedy


def nodes_are(*nodes: ClusterNode) -> ClusterStatus:
    return replace(cluster_status(), nodes=nodes)


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"online": False}, "OFFLINE"),
        ({"unclean": True}, "UNCLEAN"),
        ({"online": False, "unclean": True}, "UNCLEAN"),
        ({"pending": True}, "pending"),
    ],
)
def test_fencing_waits_for_every_node(changes: dict[str, Any], seen: str) -> None:
    status = nodes_are(node(N), node(SECOND, **changes), node(THIRD))
    (finding,) = unsafe_to_fence(status, DEFAULT.operative)
    assert_told_well([finding])
    assert (finding.code, finding.subject) == ("restore-unclean", SECOND)
    assert seen in finding.observed


def test_without_a_controller_nothing_is_given_back() -> None:
    healthy, quorum = cluster_status(), observed().quorum
    assert undecided(healthy, quorum) == ()
    (finding,) = undecided(replace(healthy, dc=None, with_quorum=None), quorum)
    assert_told_well([finding])
    assert finding.code == "no-dc"


def test_a_node_that_is_not_listed_is_away() -> None:
    status = nodes_are(node(N), node(SECOND))
    (finding,) = unsafe_to_fence(status, DEFAULT.operative)
    assert finding.subject == THIRD


def test_standby_alone_is_no_danger() -> None:
    status = nodes_are(node(N), node(SECOND, standby=True), node(THIRD))
    assert unsafe_to_fence(status, DEFAULT.operative) == ()


def test_only_the_nodes_that_were_meant_are_judged() -> None:
    status = nodes_are(node(N), node(SECOND, standby=True), node(THIRD, standby=True))
    (finding,) = still_in_standby(status, [SECOND])
    assert (finding.code, finding.subject) == ("node-standby", SECOND)
    assert still_in_standby(status, [N]) == ()


@pytest.mark.parametrize(
    ("last", "is_verified", "told"),
    [(None, False, 0), (STOPPED, False, 0), (DONE, True, 0), (DONE, False, 1)],
)
def test_an_upgrade_without_its_verification_is_told(
    last: LastRound | None, is_verified: bool, told: int
) -> None:
    findings = upgrade_unverified(last, is_verified)
    assert codes(findings) == ["restore-unverified"] * told
    assert_told_well(findings)
