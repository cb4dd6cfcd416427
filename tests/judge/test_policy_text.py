"""How spans and sizes are told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.judge.text import by_value, duration, on_nodes


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (-61, "-1 min 01 s"),
        (146, "2 min 26 s"),
        (600, "10 min"),
        (3599, "59 min"),
        (3600, "1 h 00 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_a_duration(seconds: int, told: str) -> None:
    assert duration(timedelta(seconds=seconds)) == told


MANY = {f"ne{number:02}": "4.25" for number in range(1, 20)}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, ""),
        ({"ne01": "4.25", "ne02": "4.26"}, "ne01 4.25, ne02 4.26"),
        (MANY, "4.25 on all 19 nodes"),
        ({**MANY, "ne05": "4.26"}, "4.25 on 18 of 19 nodes; 4.26 on ne05"),
        (
            {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6},
            "1 on a; 2 on b; 3 on c; 4 on d; 5 on e; 6 on f",
        ),
    ],
)
def test_of_many_nodes_what_most_have_is_told_once_and_the_others_by_name(
    values: dict[str, object], told: str
) -> None:
    assert by_value(values) == told


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(0, 2), max_size=20))
def test_who_has_what_can_be_told_of_every_node(values: dict[str, object]) -> None:
    """A node that is not named has what most have: nothing is lost but its name."""
    told = by_value(values, " = ")
    for part in told.split("; ") if len(values) > 5 else ():
        value, _, nodes = part.partition(" on ")
        if not nodes.endswith(" nodes"):
            assert {str(values[node]) for node in nodes.split(", ")} == {value}
    named = {n for part in told.split("; ")[1:] for n in part.partition(" on ")[2].split(", ")}
    if len(values) > 5:
        assert len({str(value) for node, value in values.items() if node not in named}) == 1


def test_nodes_are_named_or_counted() -> None:
    assert on_nodes(()) == "no node"
    assert on_nodes(("ne01", "ne02")) == "ne01, ne02"
    assert on_nodes(tuple(MANY)) == "19 nodes"
