"""What a page tells of all is the sum of what it tells of each, however they are rounded."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.record.gaps import gaps_of, sentence, totals_of
from engine.record.intervals import STANDBY, Interval, length
from engine.report.audit.timeline.bars import Bar
from engine.report.audit.timeline.labels import exact
from engine.report.spans import Span
from tests.engine.kit import event

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
MOMENTS = st.lists(st.integers(0, 400_000), min_size=2, max_size=6, unique=True).map(sorted)
"""Milliseconds at which something begins or ends."""


def spans(moments: list[int]) -> list[tuple[datetime, datetime]]:
    times = [BEGIN + timedelta(milliseconds=moment) for moment in moments]
    return list(zip(times[::2], times[1::2], strict=False))


def tenths(text: str) -> int:
    """Of `94.7 s`, or `0:01:34.7`."""
    number = text.removesuffix(" s")
    parts = [float(part) for part in number.split(":")]
    return round(10 * sum(part * 60**power for power, part in enumerate(reversed(parts))))


@given(MOMENTS)
def test_times_in_standby(moments: list[int]) -> None:
    each = [Interval(STANDBY, "n", since, since, end, end) for since, end in spans(moments)]
    told = [length([one]).partition(" (")[0] for one in each]
    assert tenths(length(each).partition(" (")[0]) == sum(map(tenths, told))


@given(MOMENTS)
def test_bars_of_the_timeline(moments: list[int]) -> None:
    each = [Span("gap", begin, end) for begin, end in spans(moments)]
    told = [exact(Bar("gap", "httpd", (one,)).seconds) for one in each]
    assert tenths(exact(Bar("gap", "httpd", tuple(each)).seconds)) == sum(map(tenths, told))


@given(MOMENTS)
def test_gaps_of_a_service(moments: list[int]) -> None:
    asked = {"target": "web", "way": "http://x/", "state": "answers"}
    events = [
        event("probing", 0, **asked),
        *(
            event("service-gap", 1, target="web", state="ended", unseen=False, why="refused",
                  since=begin.isoformat(), until=end.isoformat())
            for begin, end in spans(moments)
        ),
    ]  # fmt: skip
    told = sum(tenths(f"{one.seconds:.1f}") for one in gaps_of(events))
    (total,) = totals_of(events)
    assert round(10 * total["seconds"]) == told
    in_all = re.search(r"gaps?, ([\d.]+) s", sentence([total]))
    assert in_all is not None
    assert tenths(in_all[1]) == told
