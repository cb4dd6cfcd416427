"""Questions that get no usable answer (G01, G17, G04, G05): each is told, none has a default.

/etc/neteye-cluster is missing or is not JSON, a release file has no version, the database is down.
"""

from __future__ import annotations

import pytest

from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran
from tests.integration.snapshot import nothing_changes

pytestmark = pytest.mark.integration

FILE = "/etc/neteye-cluster"
RELEASE = "/etc/neteye-release"
DATABASE = ("pcs", "resource")


@pytest.fixture(scope="module")
def broken(small: TestCluster, project: Project) -> Ran:
    """Missing on the Elastic-only node, not JSON on OTHER; no version on the voting-only node."""
    elastic, voting = small.topology.elastic[0].short, small.shorts[-1]
    cut = small.read(small.other, FILE)[:-20]
    with (
        small.changed_file(elastic, FILE, None),
        small.changed_file(small.other, FILE, cut),
        small.changed_file(voting, RELEASE, "Red Hat Enterprise Linux\n"),
    ):
        small.run(small.active, (*DATABASE, "disable", "mariadb", "--wait=300"))
        try:
            with nothing_changes(small):
                ran = project.execute(small.inventory)
        finally:
            small.run(small.active, (*DATABASE, "enable", "mariadb", "--wait=300"))
            small.until_ready()
    return ran


def test_what_is_not_answered_blocks(broken: Ran) -> None:
    assert broken.code == 10, broken.console
    assert broken.changes == []
    assert broken.outcomes["preflight.roles"] == "failed"
    assert broken.states["G17"] == "failed"
    assert "Traceback" not in broken.console


def test_a_missing_file_is_named_with_its_node(broken: Ran, small: TestCluster) -> None:
    node = small.topology.elastic[0].name
    told = [f for f in broken.findings("question-unanswered") if f["subject"] == node]
    assert any(FILE in f["observed"] and "No such file" in f["observed"] for f in told)
    assert all(f["remedy"] for f in told)


def test_a_file_that_is_no_json_is_named_with_its_node(broken: Ran, small: TestCluster) -> None:
    node = small.topology.operative[1].name
    told = [f for f in broken.findings("question-unanswered") if f["subject"] == node]
    assert any(FILE in f["observed"] and "JSON" in f["observed"] for f in told)


def test_the_nodes_files_that_differ_are_told_too(broken: Ran) -> None:
    assert "files-differ" in broken.blocking


def test_a_release_file_without_a_version_is_no_answer(broken: Ran, small: TestCluster) -> None:
    """Missing is not a default: neither 4.25 nor anything else is assumed."""
    node = small.topology.nodes[-1].name
    told = [f for f in broken.findings("question-unanswered") if f["subject"] == node]
    assert any(RELEASE in f["observed"] for f in told)
    assert broken.outcomes["preflight.versions"] == "failed"


def test_a_stopped_database_blocks(broken: Ran) -> None:
    assert broken.blocking & {"resource-disabled", "resource-stopped"}
    told = broken.findings("question-unanswered")
    assert any("mariadb" in f["observed"] for f in told), told


@pytest.mark.parametrize("step", ["preflight.ocs_servers", "preflight.capacity"])
def test_without_a_database_nothing_is_called_not_applicable(broken: Ran, step: str) -> None:
    assert broken.outcomes[step] == "failed"
    assert "not applicable" not in broken.states.values()
    assert broken.states["G04"] == "failed"
    assert broken.states["G05"] == "failed"
