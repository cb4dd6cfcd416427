"""`--plan` on a good cluster: exit code 0, and no trace on any node (promise 1 of the design)."""

from __future__ import annotations

import pytest

from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran
from tests.integration.snapshot import nothing_changes, starts

pytestmark = pytest.mark.integration

# no lock and no baseline either; temporary caches are removed
TRACES = """
find /tmp /var/tmp /var/cache /var/lib/neteye-runbook -mindepth 1 -newer "$1" 2>/dev/null || true
"""
MARK = "/run/before-the-plan"


@pytest.fixture(scope="module")
def planned(small: TestCluster, project: Project) -> Ran:
    for node in small.shorts:
        small.run(node, ("touch", MARK))
    with nothing_changes(small):
        return project.plan(small.inventory)


def test_a_plan_of_a_good_cluster_ends_well(planned: Ran) -> None:
    assert planned.code == 0, planned.console
    assert planned.summary["outcome"] == "planned"
    assert planned.summary["mode"] == "plan"
    assert planned.summary["attempt"] is None
    assert planned.changes == []


def test_it_leaves_nothing_on_any_node(planned: Ran, small: TestCluster) -> None:
    assert planned.code == 0
    traces = {node: small.shell(node, TRACES, MARK).split() for node in small.shorts}
    assert traces == {node: [] for node in small.shorts}
    for command in ("neteye-update", "neteye-upgrade"):
        assert not any(starts(small, command).values())


def test_it_shows_the_next_command_and_what_comes_after(planned: Ran) -> None:
    assert "WILL RUN  neteye update" in planned.console
    assert planned.outcomes["update.run"] == "WILL RUN"
    assert {planned.outcomes[f"upgrade.run[{r}]"] for r in (1, 2)} <= {"WILL RUN", "AFTER"}
    assert planned.outcomes["verification.versions"] == "AFTER"


def test_its_checks_were_made_all_the_same(planned: Ran) -> None:
    checks = {n: o for n, o in planned.outcomes.items() if n.startswith("preflight.")}
    assert len(checks) > 15
    assert set(checks.values()) == {"done"}
