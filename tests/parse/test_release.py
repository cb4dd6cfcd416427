"""The release file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.model.host import Version
from engine.parse.machine import parse_neteye_release

from .data import outcome


@pytest.mark.parametrize(
    "text",
    [
        "NetEye release 4.26",
        "NetEye release 4.26\n",
        "NetEye release 4.26 (Enterprise)\nbuilt in spring\n",
        "NetEye release 4.26.1",
    ],
)
def test_release(text: str) -> None:
    assert parse_neteye_release(text) == Version(4, 26)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\nNetEye release 4.26",
        "NetEye release",
        "NetEye release four",
        "4.26",
        "CentOS release 7.9",
    ],
)
def test_other_release_is_an_error(text: str) -> None:
    first = text.split("\n")[0]
    with pytest.raises(ParseError) as caught:
        parse_neteye_release(text)
    assert str(caught.value).startswith(
        f"/etc/neteye-release: line 1: is {first!r}, expected 'NetEye"
    )


@given(st.integers(0, 999), st.integers(0, 999), st.text())
def test_what_follows_the_release_does_not_matter(major: int, minor: int, rest: str) -> None:
    expected = Version(major, minor)
    assert parse_neteye_release(f"NetEye release {expected} {rest}") == expected


@given(st.text())
def test_any_text_is_answered_by_a_value_or_a_parse_error(text: str) -> None:
    assert outcome(parse_neteye_release, text)
