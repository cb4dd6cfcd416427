"""What Icinga 2.12, 2.13 and 2.14 answered to the runbook's own questions and requests."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ParseError
from engine.model.answer import Answer
from engine.model.query import Query
from runbook.cluster.icinga.api import REFUSED, said_no
from runbook.cluster.icinga.objects import (
    downtimes_by,
    hosts_called,
    hosts_that,
    permissions_of,
    services_of,
)

DATA = Path(__file__).parents[1] / "data" / "icinga"
VERSIONS = sorted(path.name for path in DATA.iterdir() if path.is_dir())
USER = "runbook-downtime"
HOSTS, SERVICES = hosts_called(USER, ["x"]), services_of(USER, ["x"])
DOWNTIMES = downtimes_by(USER, "neteye-runbook")


def answer(version: str, name: str) -> Answer:
    (path,) = DATA.joinpath(version).glob(f"{name}.*.txt")
    return Answer(int(path.suffixes[-2][1:]), path.read_bytes(), b"", 0.0)


def read(version: str, name: str, query: Query[Any]) -> Any:
    return query.parse(answer(version, name))


def test_there_are_three_versions_with_the_same_answers() -> None:
    names = [{path.name for path in DATA.joinpath(version).iterdir()} for version in VERSIONS]
    assert VERSIONS == ["2.12.3", "2.13.6", "2.14.6"]
    assert names[0] == names[1] == names[2]
    assert len(names[0]) == 20


@pytest.mark.parametrize("version", VERSIONS)
def test_hosts_are_read_with_their_addresses_and_without_a_downtime(version: str) -> None:
    found = {one.name: one for one in read(version, "hosts", HOSTS)}
    assert set(found) == {"neteye01.neteyelocal", "NetEye02", "third"}
    assert found["NetEye02"].addresses == {"10.1.1.2"}
    assert found["third"].addresses == {"neteye03.neteyelocal", "fd00::3"}
    assert {one.downtimes for one in found.values()} == {0}
    # two were not checked yet in some of the versions: DOWN without a check is no problem
    assert not any(one.is_told_problem for one in found.values())
    assert read(version, "hosts-none", HOSTS) == ()
    (one,) = read(version, "hosts-by-filter", hosts_that(USER, "x"))
    assert one.name == "printer.example.test"


@pytest.mark.parametrize("version", VERSIONS)
def test_services_are_read_with_what_people_were_told(version: str) -> None:
    found = {one.name: one for one in read(version, "services", SERVICES)}
    assert set(found) == {"NetEye02!ping", "NetEye02!broken", "third!ping"}
    assert [name for name, one in found.items() if one.is_told_problem] == ["NetEye02!broken"]
    held = {one.name: one.downtimes for one in read(version, "services-in-downtime", SERVICES)}
    assert held == {"NetEye02!ping": 2, "NetEye02!broken": 1, "third!ping": 1}
    assert {one.downtimes for one in read(version, "hosts-in-downtime", HOSTS)} == {1}


@pytest.mark.parametrize("version", VERSIONS)
def test_downtimes_are_read_with_whom_they_are_of_and_their_end(version: str) -> None:
    found = read(version, "downtimes", DOWNTIMES)
    names = {"neteye01.neteyelocal", "NetEye02", "third"}
    services = {"neteye01.neteyelocal!ping", "NetEye02!ping", "NetEye02!broken", "third!ping"}
    assert {one.of for one in found} == names | services
    assert all(one.name.startswith(f"{one.of}!") for one in found)
    assert {one.comment for one in found} == {
        "NetEye 4.25 to 4.26, runbook attempt 20261101T000000Z-test-0001"
    }
    assert {one.end.year for one in found} == {2026}
    assert read(version, "downtimes-none", DOWNTIMES) == ()
    # none is left, of services neither: Icinga 2.12 keeps them when their host's is removed
    assert read(version, "downtimes-gone", DOWNTIMES) == ()


@pytest.mark.parametrize(
    ("end", "year"), [("4102444799", 2099), ("253402300799.5", 9999), ("1e300", 9999)]
)
def test_an_end_is_read_as_it_is_however_far_away(end: str, year: int) -> None:
    """A window without an end in sight: the line that tells both shows the same moment."""
    given = answer(VERSIONS[0], "downtimes")
    text = re.sub(rb'"end_time":[0-9.e+]+', b'"end_time":' + end.encode(), given.stdout)
    assert text != given.stdout
    found = DOWNTIMES.parse(replace(given, stdout=text))
    assert {one.end.year for one in found} == {year}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_user_may_is_read(version: str) -> None:
    found = read(version, "permissions", permissions_of(USER))
    assert found[-2:] == ("actions/schedule-downtime", "actions/remove-downtime")
    assert len(found) == 5


def test_a_permission_for_some_objects_is_one() -> None:
    body = '{"results":[{"permissions":["actions/remove-downtime (filtered)"]}]}'
    seen = permissions_of(USER).parse(Answer(0, f"{body}\n200".encode(), b"", 0.0))
    assert seen == ("actions/remove-downtime",)
    wrong = b'{"results":[{"permissions":[1]}]}\n200'
    with pytest.raises(ParseError, match="expected a list of strings"):
        permissions_of(USER).parse(Answer(0, wrong, b"", 0.0))


REFUSALS = {
    "hosts-bad-filter": (HOSTS, "HTTP 404: syntax error"),
    "services-may-not": (SERVICES, "HTTP 404: Missing permission: objects/query/service"),
    "wrong-password": (
        DOWNTIMES,
        "HTTP 401: Icinga does not take the password of runbook-downtime",
    ),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_no_answer_and_says_why(version: str, name: str) -> None:
    query, said = REFUSALS[name]
    assert answer(version, name).code == REFUSED
    with pytest.raises(ParseError, match=said):
        read(version, name, query)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("schedule", ""),
        ("schedule-service", ""),
        ("remove", ""),
        ("schedule-may-not", "HTTP 404: No objects found."),
        ("remove-may-not", "HTTP 404: No objects found."),
        ("schedule-nothing", "HTTP (500: no reason was given|404: No objects found.)"),
        ("remove-again", "HTTP (500: no reason was given|404: No objects found.)"),
    ],
)
def test_a_request_that_was_refused_says_so(version: str, name: str, said: str) -> None:
    assert re.fullmatch(said, said_no(answer(version, name), USER))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "[]\n200",
        '{"results": {}}\n200',
        '{"results": [{}]}\n200',
        '{"error": 1}\n200',
    ],
)
def test_what_is_no_answer_of_icinga_s_is_refused(text: str) -> None:
    for query in (HOSTS, SERVICES, DOWNTIMES):
        with pytest.raises(ParseError):
            query.parse(Answer(0, text.encode(), b"", 0.0))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<h1>502 Bad Gateway</h1>\n502", "no answer of Icinga's API: <h1>502"),
        ("\n000", "no answer of Icinga's API"),
        (
            '{"results":[{"code":500.0,"status":"Downtime end missing"}]}\n500',
            "Downtime end missing",
        ),
        ('{"results":"x"}\n500', "no reason was given"),
    ],
)
def test_other_words_of_a_refusal_are_told(body: str, said: str) -> None:
    assert said in said_no(Answer(REFUSED, body.encode(), b"", 0.0), USER)
