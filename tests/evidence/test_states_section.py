"""Before and after: what differs comes first, each move has its reason, nothing is left out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.change import Move
from engine.report.audit.own_moves import own_moves
from engine.report.audit.page import render
from engine.report.audit.placement import Comment, Course, comment_of, nodes_of
from engine.report.audit.states import PACKAGES_SHOWN, states_of
from tests.engine import kit
from tests.engine.kit import SECOND, THIRD, N, event
from tests.evidence import journals

WORDS = st.sampled_from(
    ["", f"Started on {N}", f"Started on {SECOND}", f"Started on {N}, {SECOND}", "Stopped",
     f"Started on {N}, failed", f"Stopped, disabled; Started on {THIRD}"]
)  # fmt: skip
NODES = dict.fromkeys((N, SECOND, THIRD), "online")


def fact(name: str, seconds: float, **groups: Any) -> dict[str, Any]:
    return event("fact", seconds, step="x.y", name=name, **groups)


def standby(seconds: float, node: str, state: str) -> dict[str, Any]:
    return event("standby", seconds, node=node, state=state, other=None)


def course(*events: dict[str, Any], nodes: dict[str, str] | None = None) -> Course:
    told = event("position", 0, position="not started", active=N, attempt=None)
    return Course.of([told, *events], nodes or NODES)


@given(st.dictionaries(st.sampled_from("abcdef"), st.tuples(WORDS, WORDS)))
def test_everything_is_either_different_or_alike(drawn: dict[str, tuple[str, str]]) -> None:
    before = {name: one for name, (one, _) in drawn.items() if one}
    after = {name: other for name, (_, other) in drawn.items() if other}
    states = states_of(
        [fact("state-before", 1, resources=before), fact("state-after", 2, resources=after)]
    )
    shown = {
        name: (row.before, row.after)
        for side in (states.differing, states.alike)
        for _, rows in side
        for row in rows
        for name in row.names
    }
    assert shown == {name: pair for name, pair in drawn.items() if any(pair)}
    if before and after:
        for _, rows in states.differing:
            assert all(row.comment is not None and row.comment.text for row in rows)
    else:
        assert states.differing == []


def test_what_differs_is_first_and_what_is_alike_is_together() -> None:
    states = states_of(journals.whole())
    (group, (row,)), *rest = states.differing
    assert (group, row.names, row.before, row.after) == ("version", (N, SECOND), "4.25", "4.26")
    assert rest == []
    assert [(group, [row.count for row in rows]) for group, rows in states.alike] == [
        ("node", [1]), ("resource", [2]), ("property of the cluster", [1]),
    ]  # fmt: skip
    assert states.packages is not None
    assert states.packages[0]["name"] == "neteye"
    assert len(states.configuration) == 1  # of an older journal: it is so by its name
    assert states.configuration[0].said == "1 line came, 1 left"


def test_what_was_observed_once_is_no_difference() -> None:
    states = states_of([fact("state-before", 1, nodes={N: "online"}, versions={N: "4.25"})])
    assert states.differing == []
    assert [group for group, _ in states.alike] == ["version", "node"]
    lost = states_of(
        [fact("state-before", 1, nodes={N: "online"}), fact("state-after", 2, versions={N: "4"})]
    )
    assert lost.differing == []


def test_a_diff_of_a_configuration_is_one_whatever_it_is_called() -> None:
    named = event("attachment", 60, step="x", name="what a step did", about="configuration")
    other = event("attachment", 60, step="x", name="what changed in it", about="")
    assert [file.name for file in states_of([named, other]).configuration] == ["what a step did"]


def test_of_many_packages_the_rest_is_counted_and_cited() -> None:
    changes = [
        {"name": f"p{n}", "before": "1", "after": "2", "nodes": [N]}
        for n in range(PACKAGES_SHOWN + 5)
    ]
    events = journals.whole()
    (told,) = [one for one in events if one.get("name") == "packages-changed"]
    told["changes"] = changes
    page = render(events, [])
    assert f"{PACKAGES_SHOWN + 5} packages changed" in page
    assert "5 more (whole: event 1 of the journal of run r)" in page
    assert len(re.findall(r'<th scope="row">p\d+</th>', page)) == PACKAGES_SHOWN


# why a resource is elsewhere


def test_nodes_of_a_state_in_words() -> None:
    assert nodes_of(f"Started on {N}, {SECOND}, disabled, failed") == (N, SECOND)
    assert nodes_of(f"Promoted on {N}; Unpromoted on {SECOND}") == (N, SECOND)
    assert nodes_of("Stopped, disabled") == ()


def test_what_left_a_node_that_was_in_standby_is_normal() -> None:
    told = course(standby(60, SECOND, "entered"), standby(120, SECOND, "left"))
    comment = comment_of(f"Started on {SECOND}", f"Started on {N}", told)
    assert comment.is_normal
    assert comment.text.startswith(f"{SECOND} was in standby from 00:01:00 to 00:02:00.")
    assert f"It went to {N}, the node that stays active through the upgrade." in comment.text


def test_it_may_have_been_so_several_times_or_be_so_still() -> None:
    twice = [standby(n * 60, SECOND, "left" if n % 2 else "entered") for n in range(4)]
    comment = comment_of(f"Started on {SECOND}", f"Started on {THIRD}", course(*twice))
    assert f"{SECOND} was in standby 2 times between 00:00:00 and 00:03:00" in comment.text
    assert "stays active" not in comment.text
    still = comment_of(f"Started on {SECOND}", f"Started on {N}", course(*twice[:1]))
    assert "since 00:00:00, and still is" in still.text


def moved(seconds: float, source: str, target: str, outcome: str = "ok") -> list[dict[str, Any]]:
    """A move of web's group by the runbook, with its two events."""
    step = f"proof.moved[{target}]"
    moves = Move(("web_ip", "web"), source, target, "the proof")
    begun = kit.intent(step, int(seconds), moves=moves.as_data())
    ended = kit.result(step, int(seconds), outcome)
    return [{**begun, "time": event("x", seconds)["time"]}, ended]


AWAY = [standby(60, SECOND, "entered"), standby(120, SECOND, "left")]
BACK = [*moved(200, N, SECOND), *moved(210, SECOND, THIRD), *moved(220, THIRD, N)]


def commented(after: str, *events: dict[str, Any]) -> dict[tuple[str, ...], Comment | None]:
    """What is said of three resources that ran on SECOND, of which the runbook moves two."""
    names = ("web_ip", "web", "database")
    states = states_of(
        [
            event("position", 0, position="not started", active=N, attempt=None),
            fact("state-before", 1, resources=dict.fromkeys(names, f"Started on {SECOND}")),
            *events,
            fact("state-after", 300, resources=dict.fromkeys(names, f"Started on {after}")),
        ]
    )
    return {row.names: row.comment for _, rows in states.differing for row in rows}


def test_moves_of_the_runbook_are_told_of_what_they_moved_and_of_nothing_else() -> None:
    told = commented(N, *AWAY, *BACK)
    assert list(told) == [("web_ip", "web"), ("database",)]
    web, database = told.values()
    assert web is not None
    assert database is not None
    assert f"The resources went to {N}, the node that stays active through" in web.text
    assert (
        f"The runbook had pacemaker move them to {SECOND}, {THIRD} and back to {N}, for the proof."
        in web.text
    )
    assert "It went to" in database.text
    assert "The runbook" not in database.text
    assert web.is_normal
    assert database.is_normal


def test_a_move_that_failed_is_no_cause() -> None:
    (alike,) = commented(N, *AWAY, *moved(200, N, THIRD, "failed"))
    assert alike == ("web_ip", "web", "database")


def test_what_the_runbook_did_not_move_back_is_where_the_runbook_moved_it() -> None:
    said = commented(THIRD, *AWAY, *BACK[:4])["web_ip", "web"]
    assert said is not None
    assert f"The resources went to {N}, " in said.text
    assert said.text.endswith(f"move them to {SECOND}, {THIRD}, for the proof.")
    assert not said.is_normal


def test_where_it_is_against_the_last_move_is_not_explained() -> None:
    said = commented(THIRD, *AWAY, *BACK)["web_ip", "web"]
    assert said is not None
    assert f"Nothing on record explains why the resources run on {THIRD} now." in said.text
    assert not said.is_normal


@pytest.mark.parametrize(
    ("before", "after", "nodes", "said"),
    [
        (f"Started on {SECOND}", f"Started on {N}", {}, "Nothing on record explains why it left"),
        (f"Started on {SECOND}", f"Started on {N}", {SECOND: "offline"}, "which is offline now"),
        (f"Started on {N}", "Stopped", {}, f"It ran on {N}, and runs nowhere now."),
        (f"Started on {N}", "Stopped, disabled", {}, "It is disabled now."),
        (f"Started on {N}", f"Started on {N}, failed", {}, "It is marked failed"),
        (f"Started on {N}", f"Stopping on {N}", {}, "in another state"),
        (f"Started on {N}", "", {}, "no longer configured"),
    ],
)
def test_what_is_not_normal_says_so(
    before: str, after: str, nodes: dict[str, str], said: str
) -> None:
    comment = comment_of(before, after, course(nodes={**NODES, **nodes}))
    assert said in comment.text
    assert not comment.is_normal


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", f"Started on {N}", "It is new"),
        ("Stopped", f"Started on {N}", "It ran nowhere before"),
        (f"Started on {N}", f"Started on {N}, {SECOND}", "more nodes than before"),
    ],
)
def test_what_came_is_normal(before: str, after: str, said: str) -> None:
    comment = comment_of(before, after, course())
    assert said in comment.text
    assert comment.is_normal


def test_moves_of_the_runbook_stand_beside_the_gaps_with_their_times() -> None:
    (said,) = own_moves([*BACK, *moved(230, N, THIRD, "failed")])
    begins = f"The runbook itself moved web_ip, web for the proof: to {SECOND}"
    assert said.startswith(f"{begins} at 2026-11-02 00:03:20 UTC,")
    assert said.count(" at ") == 4, "three moves; the one that failed is none"
    assert own_moves(AWAY) == []
