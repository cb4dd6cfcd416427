"""Which configuration conflicts are the planned stop, and which are for a person."""

from __future__ import annotations

import pytest

from engine.transport.base import Answer
from runbook.actions.rpm_config import KNOWN, TEMPLATE_THERE, split
from runbook.release import KNOWN_CONFLICTS

SERVER, RESTAPI = sorted(KNOWN, key=len)


def test_the_known_ones_are_those_of_the_release() -> None:
    assert KNOWN == KNOWN_CONFLICTS


@pytest.mark.parametrize(
    ("found", "template", "known", "foreign", "planned"),
    [
        ({}, True, {}, {}, False),
        ({"a": ()}, True, {}, {}, False),
        ({"a": (SERVER,)}, True, {"a": (SERVER,)}, {}, True),
        ({"a": (SERVER, RESTAPI)}, True, {"a": (SERVER, RESTAPI)}, {}, True),
        ({"a": (SERVER,)}, False, {}, {"a": (SERVER,)}, False),
        ({"a": ("/etc/x.rpmsave",)}, True, {}, {"a": ("/etc/x.rpmsave",)}, False),
        (
            {"a": (SERVER, "/etc/x.rpmnew"), "b": (RESTAPI,)},
            True,
            {"a": (SERVER,), "b": (RESTAPI,)},
            {"a": ("/etc/x.rpmnew",)},
            False,
        ),
        ({"a": (SERVER.replace(".rpmnew", ".rpmsave"),)}, True, {}, None, False),
    ],
)
def test_split(
    found: dict[str, tuple[str, ...]],
    template: bool,
    known: dict[str, tuple[str, ...]],
    foreign: dict[str, tuple[str, ...]] | None,
    planned: bool,
) -> None:
    conflicts = split(found, template=template)
    assert conflicts.known == known
    assert conflicts.foreign == (found if foreign is None else foreign)
    assert conflicts.is_planned_stop is planned


def test_whether_the_template_is_there() -> None:
    assert TEMPLATE_THERE.parse(Answer(0, b"", b"", 0.0)) is True
    assert TEMPLATE_THERE.parse(Answer(1, b"", b"", 0.0)) is False
