"""Rules of location constraints, against what crm_mon itself says of the same configuration."""

from __future__ import annotations

import pytest

from engine.parse.cib import parse_cib
from engine.parse.crm_mon import parse_crm_mon

from .data import pacemaker

CASES = ("rules", "rules-that-ban-n")


@pytest.mark.parametrize("case", CASES)
def test_what_pacemaker_forbids_is_seen_and_nothing_else_is_called_certain(case: str) -> None:
    cib = parse_cib(pacemaker(f"{case}.cib.xml"))
    told = {
        (cib.rules.get(ban.id, ban.id), ban.resource, ban.node)
        for ban in parse_crm_mon(pacemaker(f"{case}.crm_mon.xml")).bans
        if ban.forbids
    }
    forbidding = [one for one in cib.location if one.forbids]
    assert told <= {(one.id, one.resource, one.node) for one in forbidding}
    assert {(c.id, c.resource, c.node) for c in forbidding if c.is_certain} <= told


@pytest.mark.parametrize("case", CASES)
def test_little_is_left_undecided(case: str) -> None:
    """Dates, versions, a resource's own parameters, halves of numbers, who is the controller."""
    cib = parse_cib(pacemaker(f"{case}.cib.xml"))
    undecided = {one.id for one in cib.location if not one.is_certain}
    assert len(undecided) <= len(cib.location_ids) // 4, undecided


def test_n_is_banned_four_times() -> None:
    cib = parse_cib(pacemaker("rules-that-ban-n.cib.xml"))
    assert [c.resource for c in cib.location if c.node == "ne-a" and c.forbids] == list("abcd")


def test_who_is_the_controller_may_change_at_any_time() -> None:
    """The one of now is kept on by `ne true`, and may not be it any more in an hour."""
    cib = parse_cib(pacemaker("rules-that-ban-n.cib.xml"))
    found = [(c.node, c.is_certain) for c in cib.location if c.id == "l2"]
    assert found == [("ne-a", True), ("ne-b", False)]


def test_a_node_is_the_same_in_any_case() -> None:
    cib = parse_cib(pacemaker("rules.cib.xml"))
    assert [c.node for c in cib.location if c.id == "l-case"] == ["ne-a"]


def test_a_score_by_an_attribute_that_is_not_there_forbids() -> None:
    cib = parse_cib(pacemaker("rules.cib.xml"))
    found = [(c.node, c.score, c.is_certain) for c in cib.location if c.id == "l46"]
    assert found == [("ne-a", "-INFINITY", True)]
