"""`runbook_contacts`: whom to call, in the order in which they are called."""

from __future__ import annotations

import pytest

from engine.model.inventory import Contact
from engine.parse.inventory_lines import Value, Wrong
from engine.parse.inventory_values import contacts


def value(text: str) -> Value:
    return Value(text, text, 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A. Rossi=+39 0471 000001", [("A. Rossi", "+39 0471 000001")]),
        (
            "on call=(0471) 00-00-01, storage team=0471/000002 ext. 7,",
            [("on call", "(0471) 00-00-01"), ("storage team", "0471/000002 ext. 7")],
        ),
        ("desk=112", [("desk", "112")]),
        ("night desk=+39.0471.1", [("night desk", "+39.0471.1")]),
        ("", []),
    ],
)
def test_who_and_number(text: str, expected: list[tuple[str, str]]) -> None:
    assert contacts(value(text)) == tuple(Contact(*one) for one in expected)


@pytest.mark.parametrize(
    "text",
    [
        "+39 0471 000001",
        "A. Rossi",
        "A. Rossi=",
        "=+39 0471 000001",
        "A. Rossi=call me",
        "A. Rossi=12",
        "A. Rossi=+39 0471 000001 000002 000003 000004",
        "A. Rossi=+39 0471 000001; B. Bianchi=+39 0471 000002",
        "A. Rossi=<script>1234</script>",
    ],
)
def test_what_is_no_number_is_told(text: str) -> None:
    with pytest.raises(Wrong, match="expected WHO=NUMBER separated by commas"):
        contacts(value(text))
