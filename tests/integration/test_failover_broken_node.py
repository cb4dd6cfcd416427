"""A node whose httpd can't log in to the database: found by the failover proof, harming nobody."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.run import wait_for
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.failover import assert_nothing_holds_httpd, httpd_starts
from tests.integration.invocation import DEADLINE, Project, Ran, copy_project
from tests.integration.outcome import is_fencing_on, ocs_answer

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

UNIT = "/etc/systemd/system/httpd.service"
# the node's files are right, so that comparing them with N's finds nothing
_BREAK = r"""cp -a "$1" /root/httpd.service; sed -i '/^EnvironmentFile/d' "$1"
systemctl daemon-reload"""
_MEND = r"""cp -a /root/httpd.service "$1"; systemctl daemon-reload"""
MENDED = "mended, httpd was there and answered"


@dataclass
class Story:
    """A first run that finds the node, a second one that changes nothing, a third one, accepted."""

    cluster: TestCluster
    first: Ran
    httpd: str
    """Where httpd ran after the first run."""
    fencing: bool
    answer: int
    starts: dict[str, int]
    second: Ran
    third: Ran


@pytest.fixture(scope="module")
def story(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Story:
    cluster = clusters.get("failover", "operative=3", seed=15, scenario="no-updates")
    cluster.is_spoilt = True
    project = Project(copy_project(tmp_path_factory.mktemp("failover") / "copy"))
    first = _broken_on_the_way(cluster, project, tmp_path_factory.mktemp("console") / "first")
    assert_nothing_holds_httpd(cluster)
    where, fencing = cluster.node_of("httpd"), is_fencing_on(cluster)
    answer, counted = ocs_answer(cluster), httpd_starts(cluster, first)
    second = project.execute(cluster.inventory)
    cluster.shell(cluster.other, _MEND, UNIT)
    accepted = f"failover-ocs-failed@{cluster.node_name(1)}={MENDED}"
    words = ("--accept", accepted, "--by", "A. Rossi")
    third = project.run("--inventory", cluster.inventory, *words)
    return Story(cluster, first, where, fencing, answer, counted, second, third)


def _broken_on_the_way(cluster: TestCluster, project: Project, console: Path) -> Ran:
    """The second node's httpd does not read the credentials file any more."""
    process = project.start(cluster.inventory, console)

    def missing() -> str | None:
        assert process.poll() is None, console.read_text(errors="replace")
        return None if "== verification " in console.read_text(errors="replace") else "verification"

    try:
        wait_for("the verification", missing, seconds=DEADLINE, every=0.2)
        cluster.shell(cluster.other, _BREAK, UNIT)
        code = process.wait(timeout=DEADLINE)
    finally:
        process.kill()
        process.wait()
    return project.ran(code, console.read_text(errors="replace"))


def test_the_node_is_named_by_the_right_step(story: Story) -> None:
    node = story.cluster.node_name(1)
    assert story.first.code == 1, story.first.console
    assert story.first.blocking == {"failover-ocs-failed"}
    finding = story.first.finding("failover-ocs-failed", node)
    assert "500" in finding["observed"]
    assert story.first.outcomes[f"failover.proof[{node}]"] == "failed"
    assert story.first.states["G14"] == "failed"


def test_the_other_nodes_were_exercised_all_the_same(story: Story) -> None:
    third = story.cluster.node_name(2)
    assert story.first.outcomes[f"failover.httpd[{third}]"] == "done"
    assert story.first.outcomes[f"failover.proof[{third}]"] == "done"
    assert story.starts == dict.fromkeys(story.cluster.shorts[:3], 1)


def test_everything_is_given_back_before_it_is_judged(story: Story) -> None:
    """httpd is where it was and works, fencing is on, nothing is left in place."""
    assert story.httpd == story.cluster.active
    assert story.answer == 400
    assert story.fencing
    assert story.first.summary["ledger"] == []
    assert story.first.outcomes["reactivation.final"] == "done"
    assert story.first.outcomes["closing.attempt"] == "not reached"


def test_with_fencing_on_httpd_is_not_moved_again(story: Story) -> None:
    node = story.cluster.node_name(1)
    assert story.second.code == 10, story.second.console
    assert story.second.changes == []
    assert story.second.blocking == {"failover-ocs-failed"}
    steps = {step["name"]: step for step in story.second.summary["steps"]}
    assert "fencing is on" in steps[f"failover.httpd[{node}]"]["reason"]


def test_accepted_by_name_the_attempt_is_closed(story: Story) -> None:
    assert story.third.code == 0, story.third.console
    assert story.third.changes == []
    assert story.third.outcomes["closing.attempt"] == "done"
    assert MENDED in story.third.console
    assert httpd_starts(story.cluster, story.first) == story.starts
