"""Predicted beside happened: the same differs in nothing, each change is named as what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judge.prediction import LOOKED, compare, deviation_finding, not_compared
from engine.model.compared import Compared, How, Kind
from engine.model.prediction import (
    CLUSTER,
    Act,
    Counted,
    Passage,
    Prediction,
    Seen,
    Waiting,
    place_of,
)

NODES = {"operative": 3, "voting_only": 1}
PLACES = (CLUSTER, *(place_of("operative", n) for n in (1, 2, 3)), "voting-only 1")
WHATS = ("set x", "keep /etc/x", "neteye upgrade, round 1")
STEPS = ("first.look", "second.run[1]", "second.run[2]", "third.files[1]")

acts = st.builds(
    Act, st.sampled_from(PLACES), st.sampled_from(WHATS), st.sampled_from(["", "up-1"])
)
seen = st.builds(Seen, st.sampled_from(["odd", "bad"]), st.sampled_from(PLACES), st.integers(1, 3))
waiting = st.builds(Waiting, st.sampled_from(["/a.rpmnew", "/b.rpmnew"]), st.sampled_from(PLACES))
counted = st.builds(
    Counted,
    st.just("table.column"),
    st.sampled_from(["no integers", "blank"]),
    st.sampled_from(["expected", "observed"]),
    st.integers(0, 9),
    st.just(9),
)


def unique(items: st.SearchStrategy[object], key: object = None) -> st.SearchStrategy[object]:
    return st.lists(items, max_size=3, unique_by=key).map(tuple)  # type: ignore[arg-type]


passages = st.builds(
    Passage,
    st.sampled_from(STEPS),
    st.sampled_from(PLACES),
    unique(acts),
    unique(seen, lambda one: (one.code, one.place)),
    unique(waiting),
    unique(counted, lambda one: (one.of, one.what, one.state)),
)
predictions = st.builds(
    Prediction,
    st.just(NODES),
    st.just(1),
    st.lists(passages, min_size=1, max_size=6, unique_by=lambda one: one.key).map(tuple),
)


def ended(prediction: Prediction, how: str = "done") -> dict[tuple[str, str], str]:
    steps = {*STEPS, *(passage.step for passage in prediction.passages)}
    return {(step, place): how for step in steps for place in PLACES}


def differing(one: Prediction, other: Prediction, how: str = "done") -> list[Compared]:
    return [c for c in compare(one, other, ended(one, how) | ended(other, how)) if c.differs]


@given(predictions)
def test_a_run_differs_in_nothing_from_its_own_prediction(one: Prediction) -> None:
    found = compare(one, one, {})
    assert {c.how for c in found} <= {How.AS_PREDICTED}
    assert not_compared(one, one) == []


@given(predictions, st.data())
def test_what_is_added_is_named_as_not_predicted_and_nothing_else(
    one: Prediction, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(one.passages) - 1))
    place = data.draw(st.sampled_from(PLACES))
    kind, more = data.draw(
        st.sampled_from(
            [
                (Kind.CHANGE, {"acts": Act(place, "something new")}),
                (Kind.ROUND, {"acts": Act(place, "another round", "upgrade-9")}),
                (Kind.FINDING, {"seen": Seen("new-code", place)}),
                (Kind.STOP, {"waiting": Waiting("/new.rpmnew", place)}),
                (Kind.LOSS, {"counted": Counted("table.column", "new", "observed", 2, 9)}),
            ]
        )
    )
    passage = one.passages[number]
    ((name, item),) = more.items()
    changed = replace(passage, **{name: (*getattr(passage, name), item)})
    other = replace(one, passages=(*one.passages[:number], changed, *one.passages[number + 1 :]))
    (found,) = differing(one, other)
    assert (found.kind, found.how, found.step) == (kind, How.UNPREDICTED, passage.step)
    assert found.warns
    (gone,) = differing(other, one)
    assert (gone.kind, gone.how) == (kind, How.NOT_COME)
    assert gone.warns == (kind in (Kind.CHANGE, Kind.ROUND, Kind.STOP))


@given(predictions)
def test_what_is_missing_is_to_come_while_its_step_has_not_looked(one: Prediction) -> None:
    other = replace(one, passages=())
    for how in ("failed", "not reached", "interrupted"):
        assert {c.how for c in compare(one, other, ended(one, how))} <= {How.TO_COME}
    assert {c.how for c in compare(one, other, {})} <= {How.TO_COME}
    for how in LOOKED:
        assert {c.how for c in compare(one, other, ended(one, how))} <= {How.NOT_COME}


def test_a_plan_goes_through_no_step_that_has_nothing_to_change() -> None:
    acting = Passage("x.y", acts=(Act("", "set x"),), seen=(Seen("odd", ""),))
    one = Prediction(NODES, 1, (acting, Passage("x.look", seen=(Seen("odd", ""),))))
    found = compare(one, replace(one, passages=()), ended(one, "SATISFIED") | {
        ("x.y", ""): "SATISFIED", ("x.look", ""): "SATISFIED"})  # fmt: skip
    assert [(c.kind, c.step, c.how) for c in found] == [
        (Kind.CHANGE, "x.y", How.NOT_COME),
        (Kind.FINDING, "x.y", How.TO_COME),
        (Kind.FINDING, "x.look", How.NOT_COME),
    ]


FILES = tuple(
    Passage("third.files[1]", place, (Act(place, "keep /etc/x"),))
    for place in ("operative 1", "operative 2", "operative 3")
)
WHOLE = Prediction(NODES, 1, FILES)


@pytest.mark.parametrize(("order", "who"), [((1, 0, 2), "operative 1"), ((0, 2, 1), "operative 2")])
def test_a_node_out_of_order_is_named(order: tuple[int, ...], who: str) -> None:
    other = replace(WHOLE, passages=tuple(FILES[number] for number in order))
    (found,) = differing(WHOLE, other)
    assert (found.kind, found.how, found.place) == (Kind.ORDER, How.OUT_OF_ORDER, who)
    assert found.warns


def test_the_order_of_nodes_is_not_compared_where_n_has_another_place_in_the_inventory() -> None:
    other = replace(WHOLE, active=2, passages=(FILES[1], FILES[0], FILES[2]))
    assert differing(WHOLE, other) == []
    (said,) = not_compared(WHOLE, other)
    assert "number 1 of the rehearsal's inventory, here it is number 2" in said


def test_of_another_number_of_nodes_the_common_places_alone_are_compared() -> None:
    other = replace(WHOLE, nodes={**NODES, "operative": 2}, passages=FILES[:2])
    assert differing(WHOLE, other) == []
    assert differing(other, WHOLE) == []
    (said,) = not_compared(WHOLE, other)
    assert said.startswith("the rehearsal had 3 operative nodes, this cluster has 2: ")


def test_a_question_for_a_person_is_told_as_one() -> None:
    asked = replace(FILES[0], seen=(Seen("undecided", "operative 1"),))
    one = replace(WHOLE, questions=("undecided",))
    (found,) = differing(one, replace(one, passages=(asked, *FILES[1:])))
    assert found.kind is Kind.QUESTION
    assert found.sentence == (
        "third.files[1]: question for a person not predicted: undecided on operative 1"
    )


def test_one_more_of_a_finding_is_a_finding_that_nobody_predicted() -> None:
    def stopped(count: int) -> Prediction:
        seen = (Seen("resource-stopped", CLUSTER, count),)
        return replace(WHOLE, passages=(Passage("fourth.look", seen=seen),))

    (more,) = differing(stopped(1), stopped(2))
    (fewer,) = differing(stopped(2), stopped(1))
    assert (more.how, more.warns) == (How.ANOTHER_NUMBER, True)
    assert (fewer.how, fewer.warns) == (How.ANOTHER_NUMBER, False)


def test_other_amounts_are_told_and_warn_of_nothing() -> None:
    def lost(count: int) -> Prediction:
        one = Counted("table.column", "no integers", "observed", count, 100)
        return replace(WHOLE, passages=(Passage("fourth.look", counted=(one,)),))

    (found,) = differing(lost(3), lost(4))
    assert (found.how, found.warns) == (How.ANOTHER_NUMBER, False)
    assert found.sentence.endswith("no integers (counted after) (predicted 3, came 4)")
    (found,) = differing(lost(0), lost(4))
    assert (found.how, found.warns) == (How.UNPREDICTED, True)


def test_what_no_rehearsal_can_predict_is_left_out_and_said() -> None:
    one = replace(WHOLE, apart=("load",))
    other = replace(one, passages=(*FILES, Passage("", seen=(Seen("load", "operative 1"),))))
    assert differing(one, other) == []
    assert not_compared(one, other)[-1].endswith("predict: load")


def test_a_step_that_no_rehearsal_can_predict_is_left_out_with_its_changes() -> None:
    held = Passage("second.downtime", acts=(Act("operative 1", "schedule it"),),
                   seen=(Seen("odd", ""),))  # fmt: skip
    one = replace(WHOLE, apart=("second.downtime",))
    assert differing(one, replace(one, passages=(held, *FILES))) == []
    assert differing(replace(one, passages=(*FILES, held)), one) == []
    assert len(differing(WHOLE, replace(WHOLE, passages=(held, *FILES)))) == 2


def test_the_finding_says_each_of_them_and_the_step() -> None:
    told = Compared(Kind.ROUND, How.UNPREDICTED, "second.run[3]", "", "neteye upgrade, round 3")
    finding = deviation_finding("second.run[3]", [told, replace(told, kind=Kind.CHANGE, what="x")])
    assert (finding.code, finding.subject) == ("not-as-predicted", "second.run[3]")
    assert finding.observed == (
        "round not predicted: neteye upgrade, round 3; change not predicted: x"
    )


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (1, "1 thing that was predicted is beyond what is kept"),
        (2, "2 things that were predicted are beyond what is kept"),
    ],
)
def test_what_is_beyond_the_size_is_counted(left: int, said: str) -> None:
    assert not_compared(replace(WHOLE, left_out=left), WHOLE) == [said]


def upgraded(active: int, *passages: Passage) -> Prediction:
    """By a cluster whose N was that one of the inventory."""
    return Prediction(NODES, active, passages)


def acted(place: str, what: str = "set x") -> Passage:
    return Passage("backup.proved", acts=(Act(place, what),))


def fanned(place: str) -> Passage:
    return Passage("third.files[1]", place, (Act(place, f"keep /etc/x on {place}"),))


def round_on(place: str) -> Passage:
    return Passage("second.run[1]", acts=(Act(place, "neteye upgrade", "upgrade-1"),))


def stopped_at(place: str, file: str = "/a.rpmnew") -> Passage:
    return Passage("second.stop[1]", waiting=(Waiting(file, place),))


def seen_at(place: str, count: int = 1, code: str = "odd") -> Passage:
    return Passage("first.look", seen=(Seen(code, place, count),))


@pytest.mark.parametrize(
    ("predicted", "happened", "warns"),
    [
        # where a service runs decides, and somebody may have moved it
        (upgraded(1, acted("operative 2")), upgraded(1, acted("operative 3")), False),
        (upgraded(1, acted("operative 2")), upgraded(1, acted("operative 1")), False),
        (upgraded(1, acted("operative 2")), upgraded(2, acted("operative 3")), False),
        # node by node: another one has what nobody predicted of it
        (upgraded(1, fanned("operative 2")), upgraded(1, fanned("operative 3")), True),
        (upgraded(1, stopped_at("operative 2")), upgraded(1, stopped_at("operative 3")), True),
        (upgraded(1, seen_at("operative 2")), upgraded(1, seen_at("operative 3")), True),
        # the first node of the inventory was N there, the second one is N here
        (upgraded(1, fanned("operative 1")), upgraded(2, fanned("operative 2")), False),
        (upgraded(1, fanned("operative 2")), upgraded(2, fanned("operative 1")), False),
        (upgraded(1, stopped_at("operative 2")), upgraded(2, stopped_at("operative 1")), False),
        (upgraded(1, seen_at("operative 1", 2)), upgraded(2, seen_at("operative 2", 2)), False),
        (upgraded(3, seen_at("operative 2")), upgraded(1, seen_at("operative 1")), False),
        (upgraded(3, seen_at("operative 3")), upgraded(1, seen_at("operative 2")), False),
        # and this is another node of the inventory
        (upgraded(1, seen_at("operative 2")), upgraded(2, seen_at("operative 3")), True),
        (upgraded(1, stopped_at("operative 3")), upgraded(2, stopped_at("operative 1")), True),
        # a command of the vendor belongs on N
        (upgraded(1, round_on("operative 1")), upgraded(1, round_on("operative 2")), True),
        (upgraded(1, round_on("operative 1")), upgraded(2, round_on("operative 2")), True),
    ],
)
def test_what_came_at_another_node_is_one_thing(
    predicted: Prediction, happened: Prediction, warns: bool
) -> None:
    (found,) = differing(predicted, happened)
    assert (found.how, found.warns) == (How.ELSEWHERE, warns)
    assert found.happened == found.place != found.predicted


@pytest.mark.parametrize(
    ("predicted", "happened"),
    [
        (stopped_at("operative 2"), stopped_at("operative 3", "/b.rpmnew")),
        (seen_at("operative 2"), seen_at("operative 3", code="bad")),
        (seen_at("operative 2"), seen_at("operative 3", 2)),
        (seen_at("operative 2"), seen_at("voting-only 1")),
        (seen_at("operative 2"), seen_at(CLUSTER)),
        (seen_at("operative 2"), replace(seen_at("operative 3"), step="second.look")),
        (acted("operative 1", "move it to operative 2"),
         acted("operative 1", "move it to operative 3")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("active", [1, 2])
def test_another_thing_is_not_one_that_was_predicted_elsewhere(
    predicted: Passage, happened: Passage, active: int
) -> None:
    found = differing(upgraded(1, predicted), upgraded(active, happened))
    assert [one.how for one in found] == [How.NOT_COME, How.UNPREDICTED]
    assert found[1].warns


def test_one_of_two_nodes_is_told_as_the_one_that_it_is() -> None:
    both = Passage("first.look", seen=(Seen("odd", "operative 2"), Seen("odd", "operative 3")))
    (kept, missing) = compare(upgraded(1, both), upgraded(1, seen_at("operative 3")),
                              {("first.look", ""): "done"})  # fmt: skip
    assert (missing.how, kept.how) == (How.AS_PREDICTED, How.NOT_COME)


def test_where_it_was_predicted_may_still_come() -> None:
    before, both = upgraded(1, fanned("operative 2")), upgraded(2, *map(fanned, OPERATIVE))
    (first,) = differing(before, replace(both, passages=both.passages[:1]), "")
    assert (first.how, first.warns) == (How.ELSEWHERE, False)
    told = {one.place: one.how for one in compare(before, both, ended(both))}
    assert told == {
        "operative 1": How.UNPREDICTED,
        "operative 2": How.AS_PREDICTED,
        "operative 3": How.UNPREDICTED,
    }


OPERATIVE = ("operative 1", "operative 2", "operative 3")


def test_the_sentence_says_both_places() -> None:
    (found,) = differing(
        upgraded(1, stopped_at("operative 2")), upgraded(1, stopped_at("operative 3"))
    )
    assert found.sentence == (
        "second.stop[1]: planned stop at another place: /a.rpmnew on operative 3"
        " (predicted on operative 2)"
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(OPERATIVE), st.integers(1, 2)),
        min_size=1, unique_by=lambda one: one[0],
    ),
    st.integers(1, 3),
    st.integers(1, 3),
)  # fmt: skip
def test_what_is_a_node_s_own_never_warns_because_n_is_another_node(
    own: list[tuple[str, int]], there: int, here: int
) -> None:
    """`own`: nodes of the inventory by their number in it, and what each has."""

    def upgrade(active: int) -> Prediction:
        nodes = sorted(OPERATIVE, key=lambda node: node != OPERATIVE[active - 1])
        has = {OPERATIVE[nodes.index(node)]: count for node, count in own}
        seen = tuple(Seen("odd", place, count) for place, count in has.items())
        waiting = tuple(Waiting("/a.rpmnew", place) for place in has)
        look = Passage("first.look", seen=seen, waiting=waiting)
        return upgraded(active, look, *map(fanned, sorted(has)))

    found = compare(upgrade(there), upgrade(here), ended(upgrade(there)))
    assert [one for one in found if one.warns] == []
    assert {one.how for one in found} <= {How.AS_PREDICTED, How.ELSEWHERE}
    assert len(found) == 3 * len(own)


@given(predictions, predictions, st.integers(1, 3), st.sampled_from(["done", "", "SATISFIED"]))
def test_each_thing_of_both_is_told_once(
    one: Prediction, other: Prediction, active: int, how: str
) -> None:
    other = replace(other, active=active)
    found = compare(one, other, ended(one, how) | ended(other, how))
    told = [c for c in found if c.kind not in (Kind.LOSS, Kind.ORDER)]
    both = (How.AS_PREDICTED, How.ELSEWHERE, How.ANOTHER_NUMBER)
    was = [c for c in told if c.how in (*both, How.NOT_COME, How.TO_COME)]
    comes = [c for c in told if c.how in (*both, How.UNPREDICTED)]
    for whose, those in ((one, was), (other, comes)):
        things = [(*p.acts, *p.seen, *p.waiting) for p in whose.passages]
        assert len(those) == sum(len(set(each)) for each in things)
    assert all(isinstance(c.warns, bool) and c.sentence for c in found)


def at_inventory(active: int, own: dict[int, int]) -> Prediction:
    """`own`: node of an inventory of four -> of how many subjects it has something odd."""
    numbers = [active, *(n for n in range(1, 5) if n != active)]
    seen = tuple(
        Seen("odd", place_of("operative", numbers.index(n) + 1), count) for n, count in own.items()
    )
    return Prediction({"operative": 4}, active, (Passage("first.look", seen=seen),))


@pytest.mark.parametrize(
    ("came", "told"),
    [
        # one that came has the number of another that did not
        (
            {1: 1, 3: 1},
            [
                ("operative 2", How.ELSEWHERE, False),
                ("operative 2", How.NOT_COME, False),
                ("operative 4", How.ELSEWHERE, False),
            ],
        ),
        # the same nodes, one of them with more
        (
            {1: 1, 2: 1, 3: 5},
            [
                ("operative 2", How.ELSEWHERE, False),
                ("operative 3", How.ELSEWHERE, False),
                ("operative 4", How.ANOTHER_NUMBER, True),
            ],
        ),
        # and one that nobody predicted: by the places it is one, too
        (
            {1: 1, 3: 1, 4: 1},
            [
                ("operative 4", How.ELSEWHERE, True),
            ],
        ),
    ],
)
def test_by_the_nodes_of_the_inventory_each_is_told_as_what_it_is(
    came: dict[int, int], told: list[tuple[str, How, bool]]
) -> None:
    found = differing(at_inventory(1, {1: 1, 2: 1, 3: 1}), at_inventory(4, came))
    assert sorted((c.place, c.how, c.warns) for c in found) == sorted(told)
