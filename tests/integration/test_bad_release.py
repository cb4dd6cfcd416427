"""A cluster that is not at 4.25 is refused, and the refusal names the way (guide row G01)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.integration.clusters import TestCluster
from tests.integration.invocation import Project, Ran
from tests.integration.snapshot import nothing_changes

pytestmark = pytest.mark.integration

RELEASE = "/etc/neteye-release"


@contextmanager
def releases(small: TestCluster, of_node: Callable[[str], str]) -> Iterator[None]:
    """Let every node claim a release."""
    with ExitStack() as stack:
        for node in small.shorts:
            text = f"NetEye release {of_node(node)}\n"
            stack.enter_context(small.changed_file(node, RELEASE, text))
        yield


def refused(small: TestCluster, run: Callable[..., Ran], of_node: Callable[[str], str]) -> Ran:
    """The run on such a cluster: blocked by the version alone, nothing changed."""
    with releases(small, of_node):
        with nothing_changes(small):
            ran = run(small.inventory)
    assert ran.code == 10, ran.console
    assert ran.changes == []
    assert ran.states["G01"] == "failed"
    assert ran.outcomes["baseline.recorded"] == "not reached"
    return ran


@pytest.mark.parametrize(
    ("version", "way"),
    [
        ("4.21", "upgrade to 4.22, 4.23, 4.24, 4.25 first"),
        ("4.24", "upgrade to 4.25 first"),
        ("4.27", ""),
    ],
)
def test_another_version_is_refused(
    version: str, way: str, small: TestCluster, project: Project
) -> None:
    ran = refused(small, project.execute, lambda node: version)
    found = ran.finding("version-path", "cluster")
    assert f"NetEye {version}" in found["observed"]
    for node in small.topology.nodes:
        assert node.name in found["observed"]
    assert "NetEye 4.25 on every node" in found["expected"]
    assert way in found["remedy"]
    assert found["remedy"]
    assert ran.blocking == {"version-path"}
    assert f"NetEye {version}" in ran.console


def test_the_target_without_our_record_is_refused(small: TestCluster, project: Project) -> None:
    ran = refused(small, project.execute, lambda node: "4.26")
    found = ran.finding("version-path", "cluster")
    assert "no record" in found["observed"]
    assert ran.blocking == {"version-path"}


def test_different_versions_without_an_upgrade_of_ours_are_refused(
    small: TestCluster, project: Project
) -> None:
    ran = refused(small, project.execute, lambda n: "4.26" if n == small.other else "4.25")
    found = ran.finding("version-mixed", "cluster")
    assert f"{small.topology.operative[1].name} 4.26" in found["observed"]
    assert "4.25 on every node" in found["expected"]
    assert ran.blocking == {"version-mixed"}
