"""The course of an upgrade, folded from the events of its runs."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

from engine.judge.prediction import compare
from engine.model.compared import How
from engine.model.facts import CONFLICTS
from engine.model.prediction import Act, Places, Seen, Waiting, as_data
from engine.parse.fields import Fields
from engine.parse.prediction import prediction_of
from engine.record.course import MOST_IN_ONE, UpgradeCourse
from tests.engine.kit import event, intent, result
from tests.evidence.journals import started, step

NODES = {
    "ne1.example.test": "operative",
    "ne2.example.test": "operative",
    "el1.example.test": "elastic_only",
}
N, OTHER, ELASTIC = NODES


def begun(**fields: Any) -> dict[str, Any]:
    return started(nodes=NODES, **fields)


def at(active: str) -> dict[str, Any]:
    return event("position", 1, step="", position="not started", active=active)


def found(code: str, subject: str, name: str = "first.look", **fields: Any) -> dict[str, Any]:
    plain = {"step": name, "code": code, "subject": subject, "severity": "warn"}
    return event("finding", 2, **{**plain, **fields})


def course(*events: dict[str, Any], active: str = N) -> UpgradeCourse:
    return UpgradeCourse.of([begun(), at(active), *events])


def test_nodes_are_places_n_the_first_of_its_role() -> None:
    places = Places(NODES, OTHER)
    assert places.nodes == {"operative 1": OTHER, "operative 2": N, "elastic-only 1": ELASTIC}
    assert (places.active, places.counts) == (2, {"elastic_only": 1, "operative": 2})
    assert places.place("ne1") == "operative 2"
    assert places.worded("move x to ne2.neteyelocal by ne2-ban, not one2") == (
        "move x to operative 1 by ne2-ban, not one2"
    )
    assert places.worded("keep /etc/a as /etc/a.01122026.bak") == "keep /etc/a as /etc/a.#.bak"
    assert Places({}).worded("as it is") == "as it is"


def test_names_whose_first_word_is_the_same_are_told_apart() -> None:
    places = Places({"ne.a.test": "operative", "ne.b.test": "operative"}, "ne.b.test")
    assert places.worded("from ne.a.test to ne.b.test") == "from operative 2 to operative 1"
    assert places.place("ne") == ""


def test_a_node_is_known_by_the_name_that_its_machine_has() -> None:
    machines = {N: {"machine_id": "1" * 32, "hostname": "neteye07.neteyelocal"}}
    made = UpgradeCourse.of(
        [
            begun(),
            event("machines", 1, step="", machines=machines),
            at(OTHER),
            intent("third.x", node=N, what="move it to neteye07"),
        ]
    ).prediction
    assert made.passages[0].acts == (Act("operative 2", "move it to operative 2"),)


def test_changes_findings_stops_and_losses_of_a_step_by_its_place() -> None:
    made = course(
        intent(f"third.files[1][{OTHER}]", node=OTHER, what=f"keep /etc/x on {OTHER}"),
        intent("second.run[1]", node=N, what="neteye upgrade, round 1", detached="upgrade-1"),
        found("odd", OTHER),
        found("odd", f"{OTHER}: again"),
        found("odd", f"{N}, {OTHER}"),
        event("fact", 3, step="second.stop[1]", name=f"{CONFLICTS}1", files={OTHER: ["/a.rpmnew"]}),
        event("loss", 4, step="fourth.look", state="observed", of="t.c", what="no integers",
              count=3, total=9, where="", limit=None,
              no_loss=[{"what": "blank", "count": 2, "is_changed": True},
                       {"what": "NULL", "count": 1, "is_changed": False}]),
    ).prediction  # fmt: skip
    told = {passage.key: passage for passage in made.passages}
    files = told["third.files[1]", "operative 2"]
    assert files.acts == (Act("operative 2", "keep /etc/x on operative 2"),)
    assert made.rounds == {"upgrade": 1}
    assert told["first.look", ""].seen == (
        Seen("odd", "operative 2", 2),
        Seen("odd", "several nodes"),
    )
    assert told["second.stop[1]", ""].waiting == (Waiting("/a.rpmnew", "operative 2"),)
    lost = {one.what: (one.count, one.total) for one in told["fourth.look", ""].counted}
    assert lost == {"no integers": (3, 9), "blank": (2, 9)}


def test_what_is_shown_without_weight_and_what_can_t_be_predicted_is_not_in_it() -> None:
    made = UpgradeCourse.of(
        [
            begun(not_predicted=["first.change", "load"], questions=["undecided"]),
            at(N),
            found("odd", N, severity="info"),
            found("not-as-predicted", "x"),
            found("load", N),
            found("window-outside", "x", "first.change"),
            found("undecided", N),
        ]
    ).prediction
    assert [passage.seen for passage in made.passages] == [(Seen("undecided", "operative 1"),)]
    assert (made.questions, made.apart) == (("undecided",), ("first.change", "load"))


def test_a_command_that_was_never_started_is_no_change() -> None:
    one = intent("second.change", what="set x", node=N)
    never = result("second.change", outcome="failed", never_started=True)
    assert course(one, never).prediction.passages == ()
    assert len(course(one, never, one).prediction.passages) == 1
    assert len(course(one, result("second.change"), never).prediction.passages) == 1


def test_a_change_that_several_runs_made_or_followed_is_one() -> None:
    first = intent("second.run[1]", what="neteye upgrade, round 1", node=N, detached="upgrade-1")
    later = {**first, "run": "another"}
    made = course(first, begun(run="another"), later).prediction
    assert made.rounds == {"upgrade": 1}
    assert len(made.passages) == 1


def test_a_command_that_is_started_again_in_the_same_step_is_another_round() -> None:
    starts = [
        intent("update.run", number, what="neteye update", node=N, detached=f"update-{number}")
        for number in (1, 2)
    ]
    assert course(*starts).prediction.rounds == {"update": 2}


def test_runs_that_were_no_upgrade_are_not_part_of_it() -> None:
    of_restore = {**intent("restore.unstandby", what="unstandby", node=N), "run": "a restore"}
    assert course(begun(run="a restore", scope="restore"), of_restore).prediction.passages == ()


def test_the_order_of_the_runs_events_before_the_first_step_does_not_matter() -> None:
    earlier = [begun(run="before"), {**at(N), "run": "before"}]
    of_earlier = {**intent("second.change", what="set x", node=N), "run": "before"}
    for own in permutations([begun(), at(N)]):
        made = UpgradeCourse.of([*own, *earlier, of_earlier]).prediction
        assert [passage.step for passage in made.passages] == ["second.change"]
        assert made.active == 1


def test_how_steps_ended_and_the_shares_of_phases() -> None:
    made = course(
        *step("first.look", 0, 30),
        *step("second.run[1]", 30, 120),
        *step(f"third.x[{OTHER}]", 0, 0),
    )
    assert made.ended["third.x", "operative 2"] == "done"
    assert made.prediction.times == {"first": 250, "second": 750}


def test_it_is_bounded_and_says_what_is_left_out() -> None:
    many = [intent("second.change", number, what=f"set {number}") for number in range(300)]
    made = course(*many).prediction
    assert len(made.passages[0].acts) == MOST_IN_ONE
    assert made.left_out == 300 - MOST_IN_ONE


def test_events_that_lack_something_add_nothing_that_stops() -> None:
    for kind in ("run-started", "position", "intent", "result", "finding", "fact", "loss",
                 "step-ended", "note"):  # fmt: skip
        UpgradeCourse.of([{"event": kind, "run": "x"}])


def test_it_is_read_as_it_is_written() -> None:
    made = course(
        intent("second.run[1]", what="neteye upgrade", node=N, detached="upgrade-1"),
        found("odd", OTHER),
        event("fact", 3, step="second.stop[1]", name=f"{CONFLICTS}1", files={N: ["/a.rpmnew"]}),
        event("loss", 4, step="x.y", state="observed", of="t.c", what="w", count=3, total=9),
        *step("second.run[1]", 0, 9),
    ).prediction
    text = json.dumps(as_data(made))
    assert prediction_of(Fields(json.loads(text), "x", "predicted")) == made


STAGES = [{"phases": ["first", "update"]}, {"phases": ["upgrade", "closing"]}]
END = "closing.downtime"


def night(run: str, until: str | None, *steps: tuple[str, str]) -> list[dict[str, Any]]:
    """A run that makes a change in each of these steps."""
    told = [begun(stages=STAGES, **({"until": until} if until else {})), at(N)]
    for name, what in steps:
        told += [intent(name, what=what, node=N), *step(name, 0, 1)]
    return [{**one, "run": run} for one in told]


UPDATE, UPGRADE, LAST = ("update.run", "update"), ("upgrade.run[1]", "upgrade"), (END, "remove it")
ONE_NIGHT = night("whole", None, UPDATE, UPGRADE, LAST)
FIRST = night("first", "update", UPDATE, LAST)
SECOND_NIGHT = night("second", None, UPGRADE, LAST)


def test_what_ends_a_night_too_is_the_last_of_the_upgrade() -> None:
    keys = [UPDATE[0], UPGRADE[0], END]
    for events in (ONE_NIGHT, [*FIRST, *SECOND_NIGHT], [*SECOND_NIGHT[:1], *FIRST, *SECOND_NIGHT]):
        made = UpgradeCourse.of(events).prediction
        assert [passage.step for passage in made.passages] == keys


def test_two_nights_go_as_one_at_each_moment_and_one_as_two() -> None:
    whole = UpgradeCourse.of(ONE_NIGHT).prediction
    nights = [*FIRST, *SECOND_NIGHT]
    for count in range(1, len(nights) + 1):
        by_now = UpgradeCourse.of(nights[:count])
        assert not [c for c in compare(whole, by_now.prediction, by_now.ended) if c.differs]
    rehearsed_in_two = UpgradeCourse.of(nights).prediction
    for count in range(1, len(ONE_NIGHT) + 1):
        by_now = UpgradeCourse.of(ONE_NIGHT[:count])
        found = compare(rehearsed_in_two, by_now.prediction, by_now.ended)
        assert not [c for c in found if c.differs]


def test_what_the_last_step_finds_is_to_come_after_the_first_night() -> None:
    whole = UpgradeCourse.of([*ONE_NIGHT, {**found("odd", N, END), "run": "whole"}]).prediction
    first, both = (UpgradeCourse.of(events) for events in (FIRST, [*FIRST, *SECOND_NIGHT]))
    told = {c.what: c.how for c in compare(whole, first.prediction, first.ended)}
    assert told["odd"] is How.TO_COME
    told = {c.what: c.how for c in compare(whole, both.prediction, both.ended)}
    assert told["odd"] is How.NOT_COME


def test_a_run_that_was_killed_and_goes_on_differs_at_no_moment() -> None:
    whole = UpgradeCourse.of(ONE_NIGHT).prediction
    again = night("again", None, UPDATE, UPGRADE, LAST)
    for killed in range(1, len(ONE_NIGHT)):
        for count in range(len(again) + 1):
            by_now = UpgradeCourse.of([*ONE_NIGHT[:killed], *again[:count]])
            assert not [c for c in compare(whole, by_now.prediction, by_now.ended) if c.differs]
