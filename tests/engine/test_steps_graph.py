"""Names, fan-out and dependencies of steps, checked before anything is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import UsageError
from engine.model.steps import Scope, StepItem, StepMark, mark_of, step
from engine.run.graph import order, resolve


def item(name: str, *after: str, round: int | None = None, node: str | None = None) -> StepItem:
    return StepItem(StepMark(name, after), round, node)


def rounds(name: str, *after: str, of: int = 3) -> list[StepItem]:
    return [item(name, *after, round=number) for number in range(1, of + 1)]


def names(items: list[StepItem], running: list[int]) -> list[str]:
    return [items[index].name for index in running]


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (item("upgrade.run"), "upgrade.run"),
        (item("upgrade.run", round=2), "upgrade.run[2]"),
        (item("verify.node", node="n1.lan"), "verify.node[n1.lan]"),
        (item("migration.files", round=2, node="n1.lan"), "migration.files[2][n1.lan]"),
    ],
)
def test_a_step_has_a_name_of_its_own(made: StepItem, name: str) -> None:
    assert made.name == name
    assert made.phase == name.split(".")[0]


def test_own_round_and_node_are_filled_in() -> None:
    made = item("m.files", "m.read[{round}][{node}]", "u.stop[{previous}]", round=2, node="n1")
    assert made.waits_for() == ["m.read[2][n1]", "u.stop[1]"]


def test_in_the_first_round_there_is_no_previous_one() -> None:
    made = item("u.run", "backup.made", "m.done[{previous}]", "s.all", round=1)
    assert made.waits_for() == ["backup.made", "s.all"]


def test_the_mark_of_a_function() -> None:
    @step("a.b", after=["x.y"], guide=("G01",), each="round,node", nodes="all", asks=True)
    def marked() -> None:
        """Something."""

    def plain() -> None:
        """Nothing."""

    assert mark_of(marked) == StepMark("a.b", ("x.y",), ("G01",), ("round", "node"), "all", True)
    assert mark_of(plain) is None
    assert mark_of(None) is None


def test_a_fan_out_over_rounds_runs_round_by_round() -> None:
    items = [item("first"), *rounds("u.run"), *rounds("m.do"), item("last"), *rounds("x.y", of=2)]
    assert names(items, order(items)) == [
        "first",
        *("u.run[1]", "m.do[1]", "u.run[2]", "m.do[2]", "u.run[3]", "m.do[3]"),
        *("last", "x.y[1]", "x.y[2]"),
    ]


def test_within_a_round_functions_and_nodes_keep_their_order() -> None:
    fan = [item("m.do", round=r, node=n) for n in ("n1", "n2") for r in (1, 2)]
    items = [*rounds("u.run", of=2), *fan]
    assert names(items, order(items)) == [
        *("u.run[1]", "m.do[1][n1]", "m.do[1][n2]"),
        *("u.run[2]", "m.do[2][n1]", "m.do[2][n2]"),
    ]


def test_nothing_is_nothing() -> None:
    assert order([]) == []
    assert resolve([]) == {}


def test_a_bare_name_waits_for_all_items_of_a_fan_out() -> None:
    fan = [item("v.node", node=name) for name in ("n1", "n2")]
    assert resolve([*fan, item("end", "v.node")])["end"] == ["v.node[n1]", "v.node[n2]"]


def test_a_name_with_its_round_waits_for_all_nodes_of_that_round() -> None:
    fan = [item("m.do", round=r, node=n) for r in (1, 2) for n in ("n1", "n2")]
    assert resolve([*fan, item("end", "m.do[2]")])["end"] == ["m.do[2][n1]", "m.do[2][n2]"]


def test_a_full_name_waits_for_one_item() -> None:
    fan = [item("m.do", round=1, node=n) for n in ("n1", "n2")]
    assert resolve([*fan, item("end", "m.do[1][n2]")])["end"] == ["m.do[1][n2]"]


def test_a_phase_waits_for_all_its_earlier_steps() -> None:
    fan = [item("v.node", node=name) for name in ("n1", "n2")]
    later = item("v.last")
    resolved = resolve([item("v.one"), *fan, item("w.x"), item("end", "v.*", "v.one"), later])
    assert resolved["end"] == ["v.one", "v.node[n1]", "v.node[n2]"]


def test_a_phase_with_a_round_waits_for_those_of_that_round() -> None:
    fan = [item("m.do", round=r, node=n) for r in (1, 2) for n in ("n1", "n2")]
    items = [*rounds("m.see", of=2), *fan, item("end", "m.*[2]"), item("none", "m.*[3]?")]
    resolved = resolve(items)
    assert resolved["end"] == ["m.see[2]", "m.do[2][n1]", "m.do[2][n2]"]
    assert resolved["none"] == []


@pytest.mark.parametrize("wanted", ["b.*?", "b.one?", "b.*[1]?"])
def test_what_a_version_step_may_have_need_not_be_there(wanted: str) -> None:
    assert resolve([item("a.one"), item("end", wanted, "a.one")])["end"] == ["a.one"]
    there = item("b.one", round=1)
    assert resolve([there, item("end", wanted)])["end"] == ["b.one[1]"]


Faulty = Callable[[], list[StepItem]]


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (
            lambda: [item("a.b"), item("c.d", "a.bb")],
            "step 'c.d' waits for 'a.bb', which is no earlier step",
        ),
        (lambda: [item("c.d", "a.b"), item("a.b")], "waits for 'a.b', which is no earlier step"),
        (lambda: [item("a.b", "a.b")], "waits for 'a.b', which is no earlier step"),
        (lambda: [item("a.b"), item("a.b")], "step 'a.b' is there twice"),
        (lambda: [item("ab.c"), item("d", "a.*")], "waits for 'a.*', which is no earlier step"),
        (
            lambda: [*rounds("u.run", of=2), item("end", "u.run[3]")],
            "waits for 'u.run[3]', which is no earlier step",
        ),
    ],
)
def test_a_graph_that_is_wrong_is_a_usage_error(items: Faulty, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(items())
    assert told in str(caught.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        resolve([item("a", "x"), item("b", "y"), item("b")])
    assert all(told in str(caught.value) for told in ("'x'", "'y'", "'b' is there twice"))


def test_a_large_cluster_resolves() -> None:
    """16 operative nodes make 18 rounds of 16 nodes."""
    nodes = [f"n{number:02}" for number in range(16)]
    items = rounds("u.run", "m.do[{previous}]", of=18)
    items += [item("m.do", "u.run[{round}]", round=r, node=n) for r in range(1, 19) for n in nodes]
    running = [items[index] for index in order(items)]
    resolved = resolve(running)
    assert resolved["u.run[18]"] == [f"m.do[17][{node}]" for node in nodes]


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        ({}, {Scope.UPGRADE}),
        ({"scope": "restore"}, {Scope.RESTORE}),
        ({"scope": "both"}, {Scope.UPGRADE, Scope.RESTORE}),
        ({"scope": "follow-up"}, {Scope.FOLLOW_UP}),
        ({"scope": "every"}, {Scope.UPGRADE, Scope.RESTORE, Scope.FOLLOW_UP}),
    ],
)
def test_a_step_belongs_to_its_scope(given: dict[str, str], scopes: set[Scope]) -> None:
    @step("a.b", **given)  # type: ignore[arg-type]
    def function() -> None: ...

    mark = mark_of(function)
    assert mark is not None
    assert mark.scopes == scopes


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'a\.b'.*'restoring'.*restore, both"):
        step("a.b", scope="restoring")
