"""Fixtures of the tests that need a rehearsal cluster, or the runbook as a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.findings.picture import picture
from tests.integration.clusters import Clusters, TestCluster, remove_leftovers
from tests.integration.invocation import Project, copy_project

SMALL = "operative=2,elastic=1,voting=1"
TWO = "operative=2"
# a blocked run that is no plan has held the lock; records would stay, and be told
_LOCK_AWAY = r"""
cd /var/lib/neteye-runbook 2>/dev/null || exit 0
rm -f -- lock .flock
rmdir --ignore-fail-on-non-empty /var/lib/neteye-runbook
"""


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project in a directory of its own."""
    return Project(copy_project(tmp_path_factory.mktemp("project") / "copy"))


@pytest.fixture(scope="session")
def clusters() -> Iterator[Clusters]:
    """The clusters of this session; all are gone at its end."""
    remove_leftovers()
    made = Clusters()
    yield made
    made.down()


@pytest.fixture(scope="module")
def small(request: pytest.FixtureRequest, clusters: Clusters) -> Iterator[TestCluster]:
    """A cluster of one node each role (operative: two), at its start, shared by the modules.

    A module leaves it as it found it, or marks it as spoilt. One that is neither is taken down.
    """
    cluster = clusters.get("small", SMALL, seed=26)
    start = cluster.start = cluster.start or picture(cluster)
    yield cluster
    cluster.shell(cluster.active, _LOCK_AWAY)
    if not cluster.is_spoilt and (differences := start.differences(picture(cluster))):
        clusters.down()
        told = f"{request.node.name} has not undone this, so its cluster was taken down:"
        raise AssertionError("\n".join([told, *differences[:50]]))


@pytest.fixture(scope="module")
def inventories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests of a module write their inventories."""
    return tmp_path_factory.mktemp("inventories")
