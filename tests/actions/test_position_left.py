"""Where a run leaves the upgrade: by the records, and by the look that ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.model.cluster import ClusterStatus
from engine.model.facts import AFTER
from engine.model.host import Version
from engine.model.query import Asked, Query
from engine.record.memory import Memory
from engine.record.position import AT_TARGET, Position
from engine.report.summary import summary_of
from runbook.cluster.states import position_left
from runbook.phases import test_99_state
from runbook.to_4_26.release import RELEASE
from tests.engine import kit
from tests.engine.kit import N, event
from tests.evidence.journals import started
from tests.judge.builders import cluster_status

OLD, NEW = RELEASE.source, RELEASE.target
CONFLICT = min(RELEASE.known_conflicts)
OPENED = event("attempt-opened", 1, attempt="a")
BEGUN = kit.intent("upgrade.run[1]", detached="upgrade-1")
STOPPED = kit.result("upgrade.run[1]", code=2, outcome="failed")
ENDED = kit.result("upgrade.run[1]", code=0)
PROVED = event("fact", 3, name=AT_TARGET, round="upgrade-1", nodes={})
CLOSED = event("attempt-closed", 4, attempt="a", by="done")
ROUND = (OPENED, BEGUN, ENDED, PROVED)


def look(*events: Any, leftovers: tuple[str, ...] = ()) -> Any:
    nodes = (N, kit.SECOND, kit.THIRD)
    asked: list[str] = []

    def ask_all(names: Any, query: Query[Any]) -> Asked[Any]:
        asked.append(query.name)
        return Asked(query.name, dict.fromkeys(names, leftovers))

    return SimpleNamespace(
        memory=Memory.fold(events),
        release=RELEASE,
        baseline={"fencing": True},
        names=SimpleNamespace(all=nodes),
        ask_all=ask_all,
        asked=asked,
    )


def seen(*, standby: bool = False, fencing: bool = True) -> ClusterStatus:
    status = cluster_status(fencing=fencing)
    nodes = tuple(replace(n, standby=standby and n.name == kit.SECOND) for n in status.nodes)
    return replace(status, nodes=nodes)


def versions(version: Version = OLD) -> Mapping[str, Version]:
    return dict.fromkeys((N, kit.SECOND, kit.THIRD), version)


@pytest.mark.parametrize(
    ("at_end", "version", "status", "position"),
    [
        (look(), OLD, seen(), Position.NOT_STARTED),
        (look(OPENED), OLD, seen(), Position.NOT_STARTED),
        (look(OPENED, BEGUN), OLD, seen(standby=True), Position.UPGRADE_UNDER_WAY),
        (look(OPENED, BEGUN, STOPPED), OLD, seen(standby=True), Position.UPGRADE_UNDER_WAY),
        (look(OPENED, BEGUN, STOPPED, leftovers=(CONFLICT,)), OLD, seen(), Position.PLANNED_STOP),
        # the release file alone proves nothing, and nobody asks for packages any more
        (look(OPENED, BEGUN, ENDED), NEW, seen(standby=True), Position.UPGRADE_UNDER_WAY),
        (look(*ROUND), NEW, seen(standby=True, fencing=False), Position.UPGRADED),
        (look(*ROUND), NEW, seen(), Position.REACTIVATED),
        (look(*ROUND, CLOSED), NEW, seen(), Position.CLOSED),
    ],
)
def test_it_is_the_position_that_the_next_run_would_find(
    at_end: Any, version: Version, status: ClusterStatus, position: Position
) -> None:
    assert position_left(at_end, versions(version), status) is position


def test_what_lies_about_is_asked_for_between_the_rounds_alone() -> None:
    done, under_way = look(*ROUND, CLOSED), look(OPENED, BEGUN, STOPPED)
    for at_end in (done, under_way):
        position_left(at_end, versions(NEW), seen())
    assert (done.asked, len(under_way.asked)) == ([], 1)


@pytest.mark.parametrize(
    ("run", "status"),
    [
        ({"not_known": "N does not answer", "follows": None}, seen()),
        ({"not_known": "", "follows": "a-run"}, seen()),
        ({"not_known": "", "follows": None}, None),
    ],
)
def test_without_records_or_the_status_of_n_nobody_knows(
    run: dict[str, Any], status: ClusterStatus | None
) -> None:
    session: Any = SimpleNamespace(run=SimpleNamespace(**run))
    assert test_99_state._position(session, look(*ROUND), versions(NEW), status) == "unknown"


def test_the_state_that_is_left_names_each_node_in_standby() -> None:
    """Who reads it has to reactivate them; on a large cluster, too."""
    nodes = [f"ne{number:02}" for number in range(1, 17)]
    (one, *_) = cluster_status().nodes
    status = replace(
        cluster_status(), nodes=tuple(replace(one, name=n, standby=n != "ne01") for n in nodes)
    )
    names = SimpleNamespace(active="ne01", other=tuple(nodes[1:]), localised=lambda seen: seen)
    at_end: Any = SimpleNamespace(names=names, ask=lambda *_: status)
    told = test_99_state._status(at_end)[1]
    assert f"standby: {', '.join(nodes[1:])}; fencing on" in told


def test_the_summary_tells_begin_and_end_apart() -> None:
    found = event("position", 1, position="not started", active=N, attempt=None, records="known")
    left = event("fact", 90, step="closing.state", name=AFTER, versions={}, position="closed")
    for events, at_end in (([found, left], "closed"), ([found], None)):
        summary = summary_of([started(), *events])
        assert (summary["position"], summary["position_at_end"]) == ("not started", at_end)
    # the state at the end of an older run has none
    older = {name: value for name, value in left.items() if name != "position"}
    assert summary_of([started(), found, older])["position_at_end"] is None
