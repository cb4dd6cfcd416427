"""Who is in standby, whether fencing is off: every look counts, and says what it can't know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.errors import RunbookError
from engine.model.cluster import ClusterStatus
from engine.model.event import stamp
from engine.model.facts import AFTER
from engine.parse.crm_mon import parse_crm_mon
from engine.queries.pacemaker import STATUS
from engine.record.intervals import (
    FENCING,
    STANDBY,
    Interval,
    in_words,
    intervals_of,
    length,
    made_by_the_change,
    of_kind,
)
from engine.record.standby import INTERVAL, StateWatch
from tests.engine.kit import BEGIN, event
from tests.parse.topology import crm_mon

STATUS_NOW = parse_crm_mon(crm_mon(3))
NODES = [node.name for node in STATUS_NOW.nodes]
N2, N3 = NODES[1], NODES[2]


def status(*standby: str, fencing: bool = True) -> ClusterStatus:
    nodes = tuple(replace(node, standby=node.name in standby) for node in STATUS_NOW.nodes)
    options = replace(STATUS_NOW.options, stonith_enabled=fencing)
    return replace(STATUS_NOW, nodes=nodes, options=options)


class Watched:
    """A watch whose clock is moved by hand; an answer comes a second after its question."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.now: ClusterStatus | None = status()
        self.looks = 0
        self.events: list[dict[str, Any]] = []
        self.watch = StateWatch(self._look, self._record, self._wall, lambda: self.seconds)

    def _wall(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    def _look(self) -> ClusterStatus:
        self.looks += 1
        if self.now is None:
            raise RunbookError("no answer")
        self.seconds += 1
        return self.now

    def _record(self, name: str, **fields: Any) -> Mapping[str, Any]:
        self.events.append(event(name, self.seconds, **fields))
        return self.events[-1]

    def at(self, seconds: float, *standby: str, fencing: bool = True) -> None:
        self.seconds, self.now = seconds, status(*standby, fencing=fencing)
        self.watch.sample()

    @property
    def recorded(self) -> list[tuple[str, str]]:
        return [(e.get("node", FENCING), e["state"]) for e in self.events]


def test_only_changes_are_recorded() -> None:
    watched = Watched()
    watched.at(1000)
    watched.at(1010, N2, N3)
    watched.at(1020, N2, N3, fencing=False)
    watched.at(1030, N3, fencing=False)
    watched.at(1040)
    assert watched.recorded == [
        *((N2, "entered"), (N3, "entered"), (FENCING, "off")),
        *((N2, "left"), (FENCING, "on"), (N3, "left")),
    ]


def test_a_node_that_is_away_has_not_left_its_standby() -> None:
    """It starts anew, say: whether it is still in standby shows when it is back."""
    watched = Watched()
    watched.at(1000, N2)
    gone = status()
    nodes = tuple(replace(node, online=node.name != N2) for node in gone.nodes)
    watched.watch.see(replace(gone, nodes=nodes), BEGIN + timedelta(seconds=1010))
    watched.watch.see(replace(gone, nodes=nodes), BEGIN + timedelta(seconds=1020))
    assert watched.recorded == [(N2, "entered")]
    watched.at(1030)
    assert watched.recorded == [(N2, "entered"), (N2, "left")]


def test_a_change_has_its_time_and_that_of_the_look_before() -> None:
    watched = Watched()
    watched.at(1000)
    watched.at(1010, N2)
    watched.at(1020)
    (one,) = intervals_of(watched.events)
    at = [BEGIN + timedelta(seconds=s) for s in (1000, 1011, 1010, 1021)]
    assert [one.earliest, one.since, one.seen, one.until] == [at[0], at[1], max(at[1:3]), at[3]]
    assert (one.seconds, one.least, one.most) == (10.0, 0.0, 21.0)


def test_every_look_counts_not_only_its_own() -> None:
    """A step that asks for the status tells of it: nothing else is asked for that."""
    watched = Watched()
    watched.at(1000)
    watched.watch.see(status(N2), BEGIN + timedelta(seconds=1001))
    assert (watched.recorded, watched.looks) == ([(N2, "entered")], 1)


def test_an_answer_that_was_asked_before_the_last_look_changes_nothing() -> None:
    """A step takes one that was asked ahead, after somebody has looked."""
    watched = Watched()
    watched.at(1000)
    watched.at(1010, N2)
    watched.watch.see(status(), BEGIN + timedelta(seconds=1005))
    assert watched.recorded == [(N2, "entered")]
    watched.at(1020)
    assert watched.recorded == [(N2, "entered"), (N2, "left")]


def test_it_looks_no_more_often_than_its_interval_unless_told_to() -> None:
    watched = Watched()
    for tenth in range(100):
        watched.at(1000 + tenth / 10)
    assert watched.looks == 10 / INTERVAL
    watched.watch.sample(now=True)
    assert watched.looks == 10 / INTERVAL + 1


def test_a_look_that_fails_is_left_out() -> None:
    watched = Watched()
    watched.at(1000, N2)
    watched.seconds, watched.now = 1010, None
    watched.watch.sample()
    watched.at(1020, N2)
    assert watched.recorded == [(N2, "entered")]


def test_the_next_run_goes_on_where_the_one_before_was() -> None:
    """Taken out of standby by a person between two runs: it has an end, and its error is known."""
    first = Watched()
    first.at(1000)
    first.at(1010, N2)
    asked = event("observation", 1050, question=STATUS.name)
    later = Watched()
    later.watch.go_on_from([*first.events, asked])
    later.at(2000)
    (one,) = intervals_of([*first.events, asked, *later.events])
    assert (one.least, one.seconds, one.most) == (39.0, 990.0, 1001.0)
    still = Watched()
    still.watch.go_on_from([*first.events, asked])
    still.at(2000, N2)
    (told,) = still.events
    assert (told["event"], told["kind"], told["subject"]) == ("lasting", STANDBY, N2)
    assert told["since"] == stamp(BEGIN + timedelta(seconds=1011))
    assert intervals_of([*first.events, asked, *still.events])[0].until is None


def test_what_was_so_at_the_first_look_is_not_the_changes() -> None:
    watched = Watched()
    watched.at(1000, N2, fencing=False)
    watched.at(1010)
    found = intervals_of(watched.events)
    assert [one.earliest for one in found] == [None, None]
    assert made_by_the_change(found) == []
    assert in_words(found) == ""


def standby(seconds: float, node: str, state: str) -> dict[str, object]:
    return event("standby", seconds, node=node, state=state)


def look(seconds: float) -> dict[str, Any]:
    return event("observation", seconds, question=STATUS.name)


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        ([], {}),
        ([standby(10, "n2", "entered"), standby(70, "n2", "left")], {"n2": 60.0}),
        (
            [
                *(standby(0, "n2", "entered"), standby(5, "n3", "entered")),
                *(standby(60, "n2", "left"), standby(100, "n2", "entered")),
                *(standby(105, "n3", "left"), standby(130, "n2", "left")),
            ],
            {"n2": 90.0, "n3": 100.0},
        ),
        # seen again by the next run: the first look counts
        (
            [
                *(standby(0, "n2", "entered"), standby(50, "n2", "entered")),
                standby(60, "n2", "left"),
            ],
            {"n2": 60.0},
        ),
        ([standby(10, "n2", "left")], {}),
        ([event("note", text="x")], {}),
    ],
)
def test_journals_of_before_are_read_too(
    events: list[dict[str, object]], seconds: dict[str, float]
) -> None:
    found: dict[str, float] = {}
    for one in intervals_of(events):
        found[one.subject] = found.get(one.subject, 0.0) + one.seconds
    assert found == seconds


def test_an_old_journals_error_is_told_by_the_answers_on_record() -> None:
    (one,) = intervals_of([look(4), standby(10, "n2", "entered"), standby(70, "n2", "left")])
    assert (one.least, one.seconds, one.most) == (0.0, 60.0, 66.0)


def test_what_still_lasts_is_told_so() -> None:
    found = intervals_of([look(0), standby(5, "n2", "entered"), look(60)])
    assert (found[0].until, found[0].seconds) == (None, 55.0)
    assert in_words(of_kind(found, STANDBY)) == (
        "n2 55 s (55 s to 60 s), and longer: last seen so at 00:01:00 UTC"
    )


def test_a_length_has_its_bounds() -> None:
    at = [BEGIN + timedelta(seconds=s) for s in (0, 5, 60, 67)]
    one = Interval(STANDBY, "n2", at[0], at[1], at[2], at[3])
    assert length([one]) == "62 s (55 s to 67 s)"
    assert length([one, one]) == "124 s (110 s to 134 s)"
    assert length([Interval(STANDBY, "n2", at[1], at[1], at[3], at[3])]) == "62 s"
    # nobody looked for minutes before it was seen: those seconds would be read as its length
    late = Interval(STANDBY, "n2", at[0] - timedelta(seconds=150), at[1], at[2], at[3])
    assert length([late]) == "between 55 s and 217 s"
    assert length([late, one]) == "between 110 s and 284 s"


def after(seconds: float, nodes: Mapping[str, str], fencing: str) -> dict[str, Any]:
    cluster = {"fencing": fencing}
    return event("fact", seconds, name=AFTER, nodes=nodes, cluster=cluster)


def test_the_last_step_of_an_earlier_run_has_seen_it_too() -> None:
    """It asks another node when N is away: that look is no sighting of the state before."""
    earlier = [look(10), look(200), after(201, {N2: "online, standby", N3: "online"}, "off")]
    found = {one.key: one for one in intervals_of(earlier)}
    assert set(found) == {(STANDBY, N2), (FENCING, "cluster")}
    for one in found.values():
        assert [one.earliest, one.since] == [BEGIN + timedelta(seconds=s) for s in (10, 200)]
    later = Watched()
    later.watch.go_on_from(earlier)
    later.at(300, N2, fencing=False)
    later.at(400)
    told = [(each["event"], each.get("state")) for each in later.events]
    assert told == [("lasting", None)] * 2 + [(FENCING, "on"), (STANDBY, "left")]
    ended = intervals_of([*earlier, *later.events])
    assert [(one.least, one.most) for one in ended] == [(100.0, 391.0)] * 2


def test_that_step_may_also_have_seen_its_end() -> None:
    begun = [look(0), standby(5, N2, "entered")]
    earlier = [*begun, look(60), look(200), after(201, {N2: "online"}, "on")]
    (one,) = intervals_of(earlier)
    assert [one.seen, one.until] == [BEGIN + timedelta(seconds=s) for s in (60, 200)]


@pytest.mark.parametrize("words", ["offline", "unclean"])
def test_a_node_that_is_away_says_nothing_of_its_standby(words: str) -> None:
    begun = [look(0), standby(5, N2, "entered"), look(60)]
    (one,) = intervals_of([*begun, after(61, {N2: words}, "on")])
    assert one.until is None
