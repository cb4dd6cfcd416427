"""Fixtures of the tests that need a rehearsal cluster, or the runbook as a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.clusters import Clusters, TestCluster, remove_leftovers
from tests.integration.invocation import Project, copy_project

SMALL = "operative=2,elastic=1,voting=1"


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
def small(clusters: Clusters) -> TestCluster:
    """A cluster of one node each role (operative: two), at its start."""
    return clusters.get("small", SMALL, seed=26)


@pytest.fixture(scope="module")
def inventories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests of a module write their inventories."""
    return tmp_path_factory.mktemp("inventories")
