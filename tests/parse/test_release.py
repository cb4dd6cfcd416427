"""Release file and DNF0."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.model.host import Version
from engine.parse.release import parse_dnf0, parse_neteye_release, parse_profile_dnf0

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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("DNF0=4.25", "4.25"),
        ("export DNF0=4.25\n", "4.25"),
        ('export DNF0="4.25"\n', "4.25"),
        ("# which repositories\nexport DNF0='4.25' # pinned\n", "4.25"),
        ("DNF0=4.25; export DNF0", "4.25"),
        ("DNF0=4.24\nDNF0=4.25\n", "4.25"),
        ("#DNF0=4.24\n  DNF0=4.25\n", "4.25"),
        ("DNF_VAR_DNF0=4.24\nDNF0=4.25\n", "4.25"),
        ("DNF0=4.26-beta\n", "4.26-beta"),
        ("it's a comment without DNF\nDNF0=4.25", "4.25"),
    ],
)
def test_profile(text: str, value: str) -> None:
    assert parse_profile_dnf0(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "DNF0: is not assigned; expected DNF0=VERSION"),
        ("# DNF0=4.25", "DNF0: is not assigned"),
        ("export DNF0", "DNF0: is not assigned"),
        ("DNF0=4.25\nDNF0=", "DNF0: is not assigned"),
        ("DNF0=$(cat /etc/x)", "computed by the shell; expected a plain version"),
        ("DNF0=${DNF0:-4.25}", "computed by the shell"),
        ("DNF0='4.25", "DNF0: unbalanced quotes"),
    ],
)
def test_profile_errors(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_profile_dnf0(text)
    assert str(caught.value).startswith("/etc/profile.d/neteye-DNF.sh: DNF0: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["4.25", "4.25\n", "export DNF0=4.25\n"])
def test_dnf0(text: str) -> None:
    assert parse_dnf0(text) == Version(4, 25)


@pytest.mark.parametrize("text", ["", "\n", "4", "4.25-beta", "DNF0=next", "$DNF0"])
def test_dnf0_errors(text: str) -> None:
    with pytest.raises(ParseError, match=r"DNF0: is '.*', expected a NetEye version such as 4.21"):
        parse_dnf0(text)


@given(st.integers(0, 999), st.integers(0, 999), st.text())
def test_what_follows_the_release_does_not_matter(major: int, minor: int, rest: str) -> None:
    expected = Version(major, minor)
    assert parse_neteye_release(f"NetEye release {expected} {rest}") == expected
    assert parse_dnf0(f"DNF0={expected}") == parse_dnf0(str(expected)) == expected


@given(st.text() | st.text().map(lambda text: f"DNF0={text}"))
def test_any_text_is_answered_by_a_value_or_a_parse_error(text: str) -> None:
    for parser in (parse_neteye_release, parse_dnf0, parse_profile_dnf0):
        assert outcome(parser, text)
