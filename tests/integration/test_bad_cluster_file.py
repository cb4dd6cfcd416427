"""/etc/neteye-cluster missing, not JSON, or naming other nodes: blocked, nothing changed (G17)."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran
from tests.integration.snapshot import snapshot

pytestmark = pytest.mark.integration

FILE = "/etc/neteye-cluster"


@pytest.fixture(scope="module")
def broken(small: TestCluster, project: Project) -> Ran:
    """Missing on the Elastic-only node, not JSON on the voting-only one."""
    elastic, voting = small.topology.elastic[0].short, small.shorts[-1]
    cut = small.read(voting, FILE)[:-20]
    with (
        small.changed_file(elastic, FILE, None),
        small.changed_file(voting, FILE, cut),
    ):
        before = snapshot(small)
        ran = project.execute(small.inventory)
        before.assert_same(snapshot(small))
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
    node = small.topology.nodes[-1].name
    told = [f for f in broken.findings("question-unanswered") if f["subject"] == node]
    assert any(FILE in f["observed"] and "JSON" in f["observed"] for f in told)


def test_the_nodes_files_that_differ_are_told_too(broken: Ran) -> None:
    assert "files-differ" in broken.blocking


def test_a_file_that_names_other_nodes_blocks(small: TestCluster, project: Project) -> None:
    """On all nodes alike: OTHER of the inventory is not in it, and a stranger is."""
    node = small.topology.operative[1]
    with ExitStack() as stack:
        for short in small.shorts:
            text = small.read(short, FILE)
            assert node.name in text
            text = text.replace(node.short, "stranger")
            stack.enter_context(small.changed_file(short, FILE, text))
        before = snapshot(small)
        ran = project.execute(small.inventory)
        before.assert_same(snapshot(small))
    assert ran.code == 10, ran.console
    assert ran.changes == []
    told = {f["subject"]: f for f in ran.findings("role-mismatch")}
    assert node.name in told
    assert any("stranger" in subject for subject in told)
    assert all(f["remedy"] for f in told.values())
    assert ran.states["G17"] == "failed"
