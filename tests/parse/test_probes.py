"""`runbook_probes`: what may be asked once a second."""

from __future__ import annotations

import pytest

from engine.model.probe import Manner, Probes, Target, Way
from engine.parse.probes import parse_probes


@pytest.mark.parametrize("text", ["no", " No ", "false"])
def test_none_is_wanted(text: str) -> None:
    assert parse_probes(text) == Probes(wanted=False)


def test_names_and_urls() -> None:
    text = "httpd=https://a.example/, x y = http://b:8080/p?q=1 , db=tcp://[::1]:3306,"
    assert parse_probes(text).targets == (
        Target("httpd", (Way(Manner.HTTPS, "a.example", 443, "/"),)),
        Target("x y", (Way(Manner.HTTP, "b", 8080, "/p?q=1"),)),
        Target("db", (Way(Manner.TCP, "::1", 3306, "/"),)),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (",", "is empty"),
        ("yes", "expected no, or NAME=URL"),
        ("a=ftp://b/", "schemes are http, https, tls, tcp, address"),
        ("a=database://b/", "schemes are"),
        ("a=http://", "expected no, or NAME=URL"),
        ("a=tcp://b", "expected a port"),
        ("a=http://b:99999/", "can't be read"),
        ("a=http://b/ c", "a path with blanks"),
        ("a=http://b/\x1b", "a path with blanks"),
        ("a=http://b/,a=http://c/", "'a' twice"),
        ("=http://b/", "expected no, or NAME=URL"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        parse_probes(text)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["a=http://u:hunter2@b/", "http://u:hunter2@b/"])
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        parse_probes(text)
    assert "hunter2" not in str(caught.value)
