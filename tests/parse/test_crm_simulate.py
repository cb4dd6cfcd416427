"""What pacemaker's scheduler has left to do, as its versions print it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ParseError
from engine.parse.crm_simulate import parse_left_to_do

DATA = Path(__file__).parents[1] / "data"
OF = ("bases/bullseye-pacemaker-2.0.5.", "captured/", "bases/trixie-pacemaker-3.0.0.")
each_version = pytest.mark.parametrize("version", OF, ids=("2.0.5", "2.1.5", "3.0.0"))


def captured(version: str, state: str) -> tuple[str, ...]:
    return parse_left_to_do((DATA / f"{version}{state}.crm_simulate.txt").read_text())


@each_version
def test_of_a_cluster_at_rest_nothing_is_left(version: str) -> None:
    assert captured(version, "healthy") == ()


@each_version
def test_a_change_that_has_not_begun_is_left_to_do(version: str) -> None:
    """A moment after `pcs resource disable glpi`."""
    (line,) = captured(version, "disabled-glpi")
    assert line.split() == [
        *("Stop", "glpi", "(", "neteye01.neteyelocal", ")"),
        *("due", "to", "node", "availability"),
    ]


@pytest.mark.parametrize("text", ["", "Could not connect to the CIB\n"])
def test_an_answer_without_a_summary_is_none(text: str) -> None:
    with pytest.raises(ParseError, match="Transition Summary"):
        parse_left_to_do(text)
