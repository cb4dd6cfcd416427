"""/etc/neteye-cluster missing or not JSON, a release file without a version (G01, G17)."""

from __future__ import annotations

import pytest

from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran
from tests.integration.snapshot import nothing_changes

pytestmark = pytest.mark.integration

FILE = "/etc/neteye-cluster"
RELEASE = "/etc/neteye-release"


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
        with nothing_changes(small):
            ran = project.execute(small.inventory)
    return ran


def test_a_broken_file_blocks(broken: Ran) -> None:
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
