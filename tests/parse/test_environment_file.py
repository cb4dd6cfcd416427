"""A file of environment variables, read as systemd 252 has read it: its own answers decide."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.to_4_26.httpd.environment_file import VERSIONS, assignments, readings
from tests.parse.data import DATA

CASES = [
    (case["file"], case["value"])
    for case in map(
        json.loads, (DATA / "systemd/environment-files.252.jsonl").read_text().splitlines()
    )
]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_a_value_is_the_one_that_systemd_gave_to_the_unit(text: str, value: str | None) -> None:
    values = [one.value for one in assignments(text) if one.name == "V"]
    assert (values[-1] if values else None) == value
    assert value in readings(text, "V")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("V=plain\n", {"plain"}),
        ("V='a$b#c'\n", {"a$b#c"}),
        ("V=a\\b\n", {"ab"}),
        ('V="a\\b"\n', {"a\\b", "ab"}),
        ('V="a\\$b"\n', {"a$b", "a\\$b"}),
        ("V='a\\b'\n", {"a\\b", "ab"}),
        ('V="a\\"b"\n', {'a"b'}),
        ("# c \\\nV=x\n", {None, "x"}),
    ],
)
def test_what_versions_of_systemd_read_differently_has_several_readings(
    text: str, values: set[str | None]
) -> None:
    assert set(readings(text, "V")) == values


@given(st.text("V=ab'\"\\ \n\r#;$"))
def test_every_text_is_read_to_its_end(text: str) -> None:
    for rules in VERSIONS:
        for one in assignments(text, rules):
            assert text[one.start :].startswith(one.name)
            assert one.start < one.end <= len(text)
