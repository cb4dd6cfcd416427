"""Leftovers of `pcs resource move|ban` and constraints that keep a resource off N."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.judge.constraints import OWN, leftover_constraints
from engine.model.cluster import Cib, LocationConstraint, NodeAttributes
from engine.model.finding import Finding
from tests.judge import builders as b

FENCE = f"fence_{b.N}"


def cib(*location: LocationConstraint, **properties: str) -> Cib:
    ids = tuple(one.id for one in location)
    return Cib({k.replace("_", "-"): v for k, v in properties.items()}, location, ids)


def judged(of: Cib, node: str = b.N, **others: Any) -> tuple[Finding, ...]:
    """With crm_mon telling what the constraints say."""
    bans = [one for one in of.location if one.score.startswith("-") and one.is_certain]
    return leftover_constraints(of, bans, node, **others)


def constraint(id: str, resource: str, node: str, score: str) -> LocationConstraint:
    return LocationConstraint(id, resource, node, score)


HEALTHY = (
    constraint("loc-f1", FENCE, b.N, "-INFINITY"),
    constraint("prefer", "httpd_group", b.SECOND, "100"),
    constraint("not-on-3", "glpi_group", b.THIRD, "-INFINITY"),
    constraint("rather-not", "glpi_group", b.N, "-500"),
    constraint("outweighed", "glpi_group", b.N, "500"),
)


def test_usual_constraints_are_no_finding() -> None:
    assert judged(cib(*HEALTHY), fence_devices=[FENCE]) == ()
    assert judged(cib()) == ()


@pytest.mark.parametrize(
    ("score", "forbids"),
    [
        ("-INFINITY", True),
        ("-1000000", True),  # as crm_mon prints it
        ("-1000001", True),
        ("-999999", False),
        ("1000000", False),
        ("INFINITY", False),
    ],
)
def test_a_score_of_minus_infinity_forbids_however_it_is_written(score: str, forbids: bool) -> None:
    assert constraint("c", "glpi_group", b.N, score).forbids is forbids


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        (("-1",), "score -1) forbids"),
        (("5", "-7"), "score -2) forbids"),
        (("5", "-5"), ""),
        (("INFINITY", "-7"), ""),
    ],
)
def test_scores_that_add_up_to_less_than_0_keep_a_resource_off(
    scores: tuple[str, ...], told: str
) -> None:
    """Seen with pacemaker 2.1.5: with the other nodes in standby it is stopped on N."""
    made = [constraint(f"c{n}", "glpi_group", b.N, score) for n, score in enumerate(scores)]
    found = judged(cib(*made))
    assert [f.code for f in found] == ["constraint-keeps-off-active-node"] * bool(told)
    assert all(told in f.observed for f in found)


def test_what_cant_be_decided_counts_only_against() -> None:
    perhaps = replace(constraint("p", "glpi_group", b.N, "9"), is_certain=False)
    (found,) = judged(cib(constraint("c", "glpi_group", b.N, "-7"), perhaps))
    assert "(score -7) may at some time forbid" in found.observed


@pytest.mark.parametrize(
    ("broken", "codes"),
    [
        (constraint("cli-ban-x", "glpi_group", b.THIRD, "-INFINITY"), ["constraint-leftover"]),
        (constraint("cli-prefer-x", "glpi_group", b.N, "INFINITY"), ["constraint-leftover"]),
        (
            constraint("never", "glpi_group", b.N, "-INFINITY"),
            ["constraint-keeps-off-active-node"],
        ),
        (
            constraint("never", "glpi_group", b.N, "-1000000"),
            ["constraint-keeps-off-active-node"],
        ),
        (
            constraint("cli-ban-x", "glpi_group", b.N, "-INFINITY"),
            ["constraint-keeps-off-active-node", "constraint-leftover"],
        ),
    ],
)
def test_each_hindrance_is_told(broken: LocationConstraint, codes: list[str]) -> None:
    findings = judged(cib(*HEALTHY, broken), fence_devices=[FENCE])
    assert b.codes(findings) == codes
    assert all("glpi_group" in f.observed for f in findings)
    b.assert_told_well(findings)


def test_a_fence_device_is_excused_only_when_it_is_named() -> None:
    assert b.codes(judged(cib(*HEALTHY))) == ["constraint-keeps-off-active-node"]


def test_in_an_opt_in_cluster_every_resource_needs_leave_to_run_on_n() -> None:
    allowed = constraint("yes", "httpd_group", b.N, "0")
    found = judged(
        cib(allowed, symmetric_cluster="false"),
        fence_devices=[FENCE],
        resources=["httpd_group", "glpi_group", FENCE],
    )
    assert [(f.code, f.subject) for f in found] == [
        ("constraint-keeps-off-active-node", "glpi_group")
    ]
    b.assert_told_well(found)


def test_in_the_usual_cluster_no_leave_is_needed() -> None:
    assert judged(cib(symmetric_cluster="true"), resources=["x"]) == ()


RULED = Cib({}, (), ("loc",), rules={"rule": "loc"})
BAN = constraint("rule", "glpi_group", b.N, "-INFINITY")


def test_what_crm_mon_tells_is_judged_and_the_constraint_is_named() -> None:
    """Whatever our own reading of the rule is: pacemaker's counts."""
    (finding,) = leftover_constraints(RULED, [BAN], b.N)
    assert (finding.code, finding.subject) == ("constraint-keeps-off-active-node", "glpi_group")
    assert "'loc'" in finding.observed
    assert b.told(finding) == [(b.N, "pcs constraint remove loc"), (b.N, b.AT_REST)]


def test_a_rule_that_pacemaker_says_does_not_hold_is_no_finding() -> None:
    ours = constraint("loc", "glpi_group", b.N, "-INFINITY")
    assert leftover_constraints(replace(RULED, location=(ours,)), [], b.N) == ()


def test_a_rule_that_nobody_can_decide_counts_as_matching() -> None:
    """A date: it may come true in the middle of the upgrade."""
    perhaps = replace(constraint("loc", "glpi_group", b.N, "-INFINITY"), is_certain=False)
    (finding,) = leftover_constraints(replace(RULED, location=(perhaps,)), [], b.N)
    assert "may at some time forbid" in finding.observed
    assert len(leftover_constraints(replace(RULED, location=(perhaps,)), [BAN], b.N)) == 1


def test_leave_that_nobody_can_decide_is_none() -> None:
    perhaps = replace(constraint("loc", "glpi_group", b.N, "INFINITY"), is_certain=False)
    found = judged(cib(perhaps, symmetric_cluster="false"), resources=["glpi_group"])
    assert b.codes(found) == ["constraint-keeps-off-active-node"]
    allowed = f"pcs constraint location glpi_group prefers {b.N}=0"
    assert b.lines(found[0]) == [allowed, b.AT_REST]


def test_the_commands_run_where_the_inventory_says_and_name_it_as_pacemaker_does() -> None:
    opt_in = cib(symmetric_cluster="false")
    (finding,) = leftover_constraints(opt_in, (), "n.internal", resources=["x"], node="n.example")
    assert b.told(finding)[0] == ("n.example", "pcs constraint location x prefers n.internal=0")


def test_names_of_nodes_are_the_same_in_any_case() -> None:
    (finding,) = leftover_constraints(RULED, [replace(BAN, node=b.N.upper())], b.N)
    assert finding.code == "constraint-keeps-off-active-node"


def test_a_leftover_whose_rule_holds_nowhere_is_one() -> None:
    found = leftover_constraints(Cib({}, (), ("cli-ban-x",)), [], b.N)
    assert [(f.code, f.subject) for f in found] == [("constraint-leftover", "cli-ban-x")]
    assert b.lines(found[0]) == ["pcs constraint remove cli-ban-x", b.AT_REST]


def test_a_leftover_for_several_nodes_is_one_finding() -> None:
    several = tuple(constraint("cli-ban-x", "x", node, "-INFINITY") for node in (b.N, b.SECOND))
    found = leftover_constraints(Cib({}, several, ("cli-ban-x",)), [], b.N)
    assert [(f.code, f.subject) for f in found] == [("constraint-leftover", "cli-ban-x")]


def test_what_is_exclusive_to_other_nodes_keeps_off_n_and_is_no_ban_of_crm_mon() -> None:
    nodes = tuple(NodeAttributes(name, name) for name in (b.N, b.SECOND))
    only = replace(constraint("only", "glpi_group", b.SECOND, "0"), is_exclusive=True)
    (finding,) = leftover_constraints(Cib({}, (only,), attributes=nodes), [], b.N)
    assert (finding.code, finding.subject) == ("constraint-keeps-off-active-node", "glpi_group")
    assert "exclusive to other nodes" in finding.observed
    here = replace(only, id="here", node=b.N)
    assert leftover_constraints(Cib({}, (only, here), attributes=nodes), [], b.N) == ()


@pytest.mark.parametrize(
    ("held", "says", "commands"),
    [
        # N's records are not known, so nobody can tell whose it is
        (None, "When nothing of it is on record any more", []),
        ([f"{OWN}httpd"], "the upgrade goes on and removes it", []),
        # before an upgrade that has not moved anything: a run only says so again
        (["other"], "No attempt has it on record", [f"pcs constraint remove {OWN}httpd"]),
    ],
)
def test_a_constraint_of_a_runbook_is_removed_by_who_can(
    held: list[str] | None, says: str, commands: list[str]
) -> None:
    cib = Cib({}, (), (f"{OWN}httpd",))
    (finding,) = leftover_constraints(cib, [], b.N, held=held)
    assert finding.code == "constraint-leftover"
    assert says in finding.remedy
    assert [line for line in b.lines(finding) if line != b.AT_REST] == commands
    b.assert_told_well([finding])
