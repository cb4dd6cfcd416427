"""How long each node was in standby: measured by looks, kept as changes."""

from __future__ import annotations

import pytest

from engine.errors import RunbookError
from engine.standby import INTERVAL, StandbyWatch, standby_seconds
from tests.engine.kit import FakeTime, event


class Watched:
    def __init__(self) -> None:
        self.time = FakeTime(seconds=1000.0)
        self.standby: tuple[str, ...] | None = ()
        self.looks = 0
        self.recorded: list[tuple[str, str]] = []
        self.watch = StandbyWatch(self._look, self._record, self.time.clock)

    def _look(self) -> tuple[str, ...]:
        self.looks += 1
        if self.standby is None:
            raise RunbookError("no answer")
        return self.standby

    def _record(self, node: str, state: str) -> None:
        self.recorded.append((node, state))

    def at(self, seconds: float, *standby: str) -> None:
        self.time.seconds, self.standby = seconds, standby
        self.watch.sample()


def test_only_changes_are_recorded() -> None:
    watched = Watched()
    watched.at(1000)
    watched.at(1010, "n2", "n3")
    watched.at(1020, "n2", "n3")
    watched.at(1030, "n3")
    watched.at(1040)
    assert watched.recorded == [
        *(("n2", "entered"), ("n3", "entered")),
        *(("n2", "left"), ("n3", "left")),
    ]


def test_it_looks_no_more_often_than_its_interval_unless_told_to() -> None:
    watched = Watched()
    for tenth in range(100):
        watched.at(1000 + tenth / 10)
    assert watched.looks == 10 / INTERVAL
    watched.watch.sample(now=True)
    assert watched.looks == 10 / INTERVAL + 1


def test_a_look_that_fails_is_left_out() -> None:
    watched = Watched()
    watched.at(1000, "n2")
    watched.time.seconds, watched.standby = 1010, None
    watched.watch.sample()
    watched.at(1020, "n2")
    assert watched.recorded == [("n2", "entered")]


def standby(seconds: float, node: str, state: str) -> dict[str, object]:
    return event("standby", seconds, node=node, state=state)


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
def test_the_time_in_standby_is_summed(
    events: list[dict[str, object]], seconds: dict[str, float]
) -> None:
    assert standby_seconds(events) == seconds


def test_a_node_still_in_standby_is_told() -> None:
    assert "n2" in standby_seconds([standby(0, "n2", "entered")])
