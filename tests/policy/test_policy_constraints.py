"""Leftovers of `pcs resource move|ban` and constraints that keep a resource off N."""

from __future__ import annotations

import pytest

from engine.model.cluster import Cib, LocationConstraint
from engine.policy.constraints import leftover_constraints
from tests.policy import builders as b

FENCE = f"fence_{b.N}"


def cib(*location: LocationConstraint, **properties: str) -> Cib:
    return Cib({k.replace("_", "-"): v for k, v in properties.items()}, location)


def constraint(id: str, resource: str, node: str, score: str) -> LocationConstraint:
    return LocationConstraint(id, resource, node, score)


HEALTHY = (
    constraint("loc-f1", FENCE, b.N, "-INFINITY"),
    constraint("prefer", "httpd_group", b.SECOND, "100"),
    constraint("not-on-3", "glpi_group", b.THIRD, "-INFINITY"),
    constraint("rather-not", "glpi_group", b.N, "-500"),
)


def test_usual_constraints_are_no_finding() -> None:
    assert leftover_constraints(cib(*HEALTHY), b.N, fence_devices=[FENCE]) == ()
    assert leftover_constraints(cib(), b.N) == ()


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
    findings = leftover_constraints(cib(*HEALTHY, broken), b.N, fence_devices=[FENCE])
    assert b.codes(findings) == codes
    assert all("glpi_group" in f.observed for f in findings)
    b.assert_told_well(findings)


def test_a_fence_device_is_excused_only_when_it_is_named() -> None:
    assert b.codes(leftover_constraints(cib(*HEALTHY), b.N)) == ["constraint-keeps-off-active-node"]


def test_in_an_opt_in_cluster_every_resource_needs_leave_to_run_on_n() -> None:
    allowed = constraint("yes", "httpd_group", b.N, "0")
    found = leftover_constraints(
        cib(allowed, symmetric_cluster="false"),
        b.N,
        fence_devices=[FENCE],
        resources=["httpd_group", "glpi_group", FENCE],
    )
    assert [(f.code, f.subject) for f in found] == [
        ("constraint-keeps-off-active-node", "glpi_group")
    ]
    b.assert_told_well(found)


def test_in_the_usual_cluster_no_leave_is_needed() -> None:
    assert leftover_constraints(cib(symmetric_cluster="true"), b.N, resources=["x"]) == ()
