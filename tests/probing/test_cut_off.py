"""What did not answer while the node that carries it was out of reach is not seen, and no gap."""

from __future__ import annotations

from typing import Any

import pytest

from engine.record.gaps import blinding_of, gaps_of, how_asked, totals_of
from engine.record.reach import cut_offs_of
from tests.engine.kit import SECOND, N, event
from tests.evidence.journals import FIRST, asked, of_run

WEB = "http://192.0.2.10:80/"
OF_DATABASE = f"database on {N}"
BY_NODE = f"tcp://search:9200 through {N}"
SILENCE = "no answer within 3 s"


def asking(begin: float, end: float, target: str, way: str) -> list[dict[str, Any]]:
    return [
        event("probing", begin, target=target, state="began", ways=[way, OF_DATABASE]),
        event("probing", begin + 1, target=target, state="answers", way=way),
        event("probing", end, target=target, state="ended", questions=9),
    ]


def gap(begin: float, end: float, target: str, why: str, **fields: Any) -> list[dict[str, Any]]:
    since, until = event("x", begin)["time"], event("x", end)["time"]
    plain = {"target": target, "since": since, "why": why, "unseen": False, **fields}
    ended = {**plain, "until": until, "seconds": end - begin, "steps": ["s"]}
    return [
        event("service-gap", begin + 3, state="began", **plain),
        event("service-gap", end, state="ended", **ended),
    ]


def lost(seconds: float, node: str = N) -> dict[str, Any]:
    return asked(seconds, node=node, problem="timed out", lost="unreachable", code=None)


def run(*events: dict[str, Any]) -> list[dict[str, Any]]:
    each = [*events, *asking(0, 200, "httpd", WEB), event("run-ended", 210)]
    return of_run(FIRST, sorted(each, key=lambda one: str(one["time"])))


def told(events: list[dict[str, Any]]) -> list[tuple[str, float, bool]]:
    return [(one.target, one.seconds, one.unseen) for one in gaps_of(events)]


def test_silence_while_the_node_is_out_of_reach_is_not_seen() -> None:
    events = run(
        *asking(0, 200, "MariaDB", OF_DATABASE),
        *gap(50.1, 150, "MariaDB", "lost", unseen=True),
        *gap(50, 150, "httpd", SILENCE),
        lost(90),
        asked(150),
    )
    assert told(events) == [("httpd", 100.0, True), ("MariaDB", 99.9, True)]
    assert gaps_of(events)[0].why == (
        f"not known: the machine of the run did not reach {N} either; {SILENCE}"
    )
    (cut_off,) = cut_offs_of(events)
    assert cut_off.sentence() == (
        f"the machine of the run was cut off from {N} from 2026-11-02 00:00:50"
        " to 2026-11-02 00:02:30"
    )
    web = next(one for one in totals_of(events) if one["target"] == "httpd")
    assert (web["gaps"], web["seconds"], web["unseen"], web["measured"]) == (0, 0, 100.0, 99.0)


def test_what_was_proved_before_and_after_stays_a_gap() -> None:
    events = run(*gap(30, 150, "httpd", "Connection refused"), lost(50), asked(100))
    assert told(events) == [
        ("httpd", 20.0, False),
        ("httpd", 50.0, True),
        ("httpd", 50.0, False),
    ]


@pytest.mark.parametrize(
    "more",
    [
        [],
        [lost(50, SECOND), asked(100, node=SECOND)],
        [asked(50, problem="it took too long", lost="deadline", code=None)],
    ],
)
def test_a_node_that_can_be_asked_leaves_a_gap_what_it_is(more: list[dict[str, Any]]) -> None:
    events = run(*gap(50, 60, "httpd", SILENCE), *more)
    assert told(events) == [("httpd", 10.0, False)]


def test_a_service_that_refuses_meanwhile_is_seen() -> None:
    events = run(*gap(60, 70, "httpd", "Connection refused"), lost(50), asked(100))
    assert told(events) == [("httpd", 10.0, False)]


def test_by_way_of_the_node_nothing_is_seen_from_where_it_was_lost() -> None:
    """ssh takes a while to tell it; a forward looks open until then."""
    events = run(
        *asking(0, 200, "search", BY_NODE),
        *gap(70, 100, "search", "no connection", unseen=True),
        event("connection", 50, node=N, state="lost", why="timed out"),
        event("connection", 100, node=N, state="back", why=""),
    )
    assert told(events) == [("search", 50.0, True)]


def test_what_can_not_be_forwarded_alone_is_no_cut_off() -> None:
    events = run(*asking(0, 200, "search", BY_NODE), *gap(70, 80, "search", "no", unseen=True))
    assert cut_offs_of(events) == []
    assert told(events) == [("search", 10.0, True)]


def test_only_a_cut_off_that_hid_a_service_is_told_beside_the_gaps() -> None:
    other = [lost(20, SECOND), asked(30, node=SECOND)]
    events = run(*gap(50, 60, "httpd", SILENCE), *other, lost(51), asked(60))
    assert [one.node for one in cut_offs_of(events)] == [SECOND, N]
    assert [one.node for one in blinding_of(events)] == [N]


def test_a_node_that_is_not_reached_again_is_out_of_reach_to_the_last_event() -> None:
    (one,) = cut_offs_of(run(asked(20), lost(50), lost(90)))
    assert (one.end - one.begin).total_seconds() == 160
    assert one.sentence().endswith("to 2026-11-02 00:03:30 and longer")


def test_how_exact_a_length_is_goes_by_what_was_really_asked() -> None:
    def totals(questions: int) -> list[dict[str, Any]]:
        ended = event("probing", 60, target="httpd", state="ended", questions=questions)
        return totals_of(of_run(FIRST, [*asking(0, 200, "httpd", WEB)[:2], ended]))

    assert how_asked(totals(58)).endswith("a gap's length is right to about a second")
    assert "httpd every 20 s" in how_asked(totals(3))
    assert how_asked(totals(3)).endswith("a gap's length is right to about that")
