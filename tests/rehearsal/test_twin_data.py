"""What a twin's data is drawn from: shares of rows, passwords of a shape, values of a class."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.errors import UsageError
from rehearsal.like.drawing import CLASSES, Shape, password
from rehearsal.like.fields import Fields, SnapshotError
from rehearsal.like.scale import scaled, share, spread
from rehearsal.to_4_26.twin import glpi, memories
from rehearsal.to_4_26.twin.values import SAMPLES, class_of, made
from tests.rehearsal import snapshots

_SHARES = st.fractions(min_value=Fraction(1, 10**6), max_value=1)


@given(st.integers(0, 10**7), _SHARES)
def test_no_kind_of_row_is_lost_and_none_becomes_more(number: int, rows: Fraction) -> None:
    found = scaled(number, rows)
    assert (found == 0) is (number == 0)
    assert found <= number
    assert found == 1 or abs(found - number * rows) <= Fraction(1, 2)


@given(st.integers(0, 10**6), st.integers(0, 10**6), _SHARES)
def test_more_rows_stay_more_rows(one: int, other: int, rows: Fraction) -> None:
    few, many = sorted((one, other))
    assert scaled(few, rows) <= scaled(many, rows)


@given(st.dictionaries(st.integers(0, 50), st.integers(0, 10**5), min_size=1), st.integers(0, 999))
def test_what_is_shared_out_is_shared_out_to_the_last(weights: dict[int, int], total: int) -> None:
    found = spread(weights, total)
    assert found.keys() == weights.keys()
    assert sum(found.values()) == (total if any(weights.values()) else 0)
    for key, weight in weights.items():
        if any(weights.values()):
            assert abs(found[key] - total * weight / sum(weights.values())) <= 1


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("1/10", Fraction(1, 10)), ("2/4", 0.5)])
def test_a_share_of_rows(text: str, expected: float) -> None:
    assert share(text) == expected


@pytest.mark.parametrize("text", ["", "0", "2", "3/2", "1/0", "0.1", "-1", "1/10 ", "ten"])
def test_what_is_no_share_of_rows(text: str) -> None:
    with pytest.raises(UsageError, match="no share of the rows"):
        share(text)


@st.composite
def _shapes(draw: st.DrawFn) -> Shape:
    classes = draw(st.lists(st.sampled_from(sorted(CLASSES)), min_size=1, unique=True))
    return Shape(draw(st.integers(len(classes), 64)), tuple(classes))


@given(_shapes(), st.integers())
def test_a_password_has_the_length_and_the_classes_of_the_real_one(shape: Shape, seed: int) -> None:
    drawn = password(shape, random.Random(seed))
    assert len(drawn) == shape.length
    used = {name for name, letters in CLASSES.items() for letter in drawn if letter in letters}
    assert used == set(shape.classes)
    assert drawn == password(shape, random.Random(seed))


@given(_shapes(), st.integers())
def test_a_password_begins_and_ends_with_a_plain_character_where_it_has_two(
    shape: Shape, seed: int
) -> None:
    drawn = password(shape, random.Random(seed))
    plain = [letter for letter in drawn if letter.isascii() and letter.isalnum()]
    if len(plain) > 1:
        assert drawn[0].isalnum()
        assert drawn[-1].isalnum()


@given(
    st.sampled_from(sorted(SAMPLES)),
    st.text("a9x .,+:/_()-", max_size=40),
    st.none() | st.text(max_size=20),
)
def test_a_value_made_anew_is_of_its_class(kind: str, shape: str, literal: str | None) -> None:
    value = made(kind, shape, literal)
    assert class_of(value) == kind
    if literal is not None and class_of(literal) == kind:
        assert value == literal


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        ("", "blank"),
        ("  \t", "blank"),
        ("008", "integer"),
        ("2147483647", "integer"),
        ("2147483648", "out of range"),
        ("-2147483649", "out of range"),
        ("8192\r\n", "decorated integer"),
        ("-0", "decorated integer"),
        ("512.", "leading number"),
        (" 8192 MB", "leading number"),
        (".5", "text"),
        ("8192\u00a0", "leading number"),
        ("- 1", "text"),
    ],
)
def test_classes_are_those_of_the_runbook(value: str | None, kind: str) -> None:
    assert class_of(value) == kind


def _memories(**more: Any) -> memories.Memories:
    one = Fields({**snapshots.step()["memories"], **more}, "memories")
    found = memories.memories(one)
    one.done()
    return found


@given(_SHARES)
def test_each_agent_has_machines_of_its_own_at_any_scale(rows: Fraction) -> None:
    told = _memories()
    found = memories.ids(told, told.rows, rows)
    every = [number for own in found.values() for number in own]
    assert sorted(every) == list(range(1, len(every) + 1))
    assert set(found) == {
        "OCS-NG_unified_unix_agent_v2.1.1",
        "OCS-NG_WINDOWS_AGENT_v2.9.0.0",
        "agent-1",
    }


def test_rows_in_no_group_are_like_the_most_frequent_and_orphans_are_filled_up() -> None:
    told = _memories(others=50, orphans=15)
    added = told.rows[-2:]
    assert [(one.value, one.number) for one in added] == [("8192", 40), ("8192", 10)]
    text = "\n".join(memories.statements(told, Fraction(1)))
    assert text.count("INSERT INTO ocsweb.memories") == 7
    assert "SELECT 1000 + MOD(" in text  # behind the hundred machines


def test_a_twin_has_no_more_rows_than_a_rehearsal_takes() -> None:
    huge = [{"class": "integer", "agent": None, "known": True, "shape": "", "rows": 10_000_000}]
    told = _memories(capacity=huge)
    with pytest.raises(SnapshotError, match="take --rows 1/10"):
        memories.statements(told, Fraction(1))
    assert any("seq_1_to_1000000" in one for one in memories.statements(told, Fraction(1, 10)))


@pytest.mark.parametrize("machines", [5_000_000, 2**63 - 1])
def test_a_twin_has_no_more_machines_than_a_rehearsal_takes(machines: int) -> None:
    told = _memories(agents=[{"agent": "agent-1", "machines": machines}], machines=machines)
    with pytest.raises(SnapshotError, match=f"take --rows 1/{-(-machines // 1_000_000)}"):
        memories.statements(told, Fraction(1))
    assert memories.statements(told, Fraction(1, -(-machines // 1_000_000)))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"table": "missing"}, ["RENAME TABLE"]),
        ({"table": "view"}, ["RENAME TABLE", "CREATE VIEW"]),
        ({"column": "decimal(20,0)"}, ["SET SESSION", "ALTER TABLE ocsweb.memories MODIFY"]),
        ({}, []),
    ],
)
def test_the_table_is_as_the_snapshot_tells(more: dict[str, Any], expected: list[str]) -> None:
    told = memories.statements(_memories(**more), Fraction(1))
    last = [one for one in told if not one.startswith(("INSERT", "DELETE", "UPDATE"))]
    assert [one.startswith(begin) for one, begin in zip(last, expected, strict=True)] == [
        True
    ] * len(expected)


def test_of_a_database_that_the_snapshot_does_not_tell_the_rows_stay() -> None:
    empty = dict.fromkeys(("rows", "machines", "orphans", "column"))
    assert memories.statements(_memories(**empty, capacity=[], agents=[]), Fraction(1)) == ()


@pytest.mark.parametrize(
    "more",
    [
        {"column": "int; DROP TABLE x"},
        {"last_contact_days": {"soon": 1}},
        {"table": "index"},
        {"colour": "red"},
        {"agents": [{"agent": "x" * 51, "machines": 1}]},
    ],
)
def test_memories_of_another_form_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(SnapshotError):
        _memories(**more)


@given(st.text(max_size=30))
def test_a_value_in_sql_is_no_more_than_a_value(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    text = memories.literal(value)
    inner = text.removeprefix("CONVERT(X'").removesuffix("' USING utf8mb4)")
    assert bytes.fromhex(inner).decode() == value


def test_servers_of_glpi_are_in_the_order_of_the_snapshot_and_the_own_one_goes() -> None:
    servers = Fields(snapshots.step(), "step").objects("glpi_servers", glpi.server)
    told = list(glpi.statements(servers))
    assert (
        "'glpi_ocsinventoryng', ocs_db_passwd, 'mariadb.neteyelocal', 'ocsweb', 1, 1, 0" in told[0]
    )
    assert "'user-1', NULL, 'host-1', 'database-1', 1, 0, 1" in told[1]
    assert told[2].startswith("DELETE FROM glpi.")
