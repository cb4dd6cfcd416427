"""The OCS migration has questions for a person, one after the other; each time the same command
goes on.

A credentials file with another password, which is seen before the start; a merged file that httpd
refuses, a file that can't be merged with certainty; then nothing is left to ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.integration.clusters import Clusters, TestCluster
from tests.integration.conftest import SMALL
from tests.integration.invocation import Project, Ran, copy_project
from tests.integration.ocs_files import (
    RESTAPI,
    SERVER,
    Kept,
    all_kept,
    assert_httpd_takes_them,
    assert_migrated,
    kept,
    variable_of,
)
from tests.integration.outcome import assert_rows, assert_started_once_a_round, assert_upgraded
from tests.integration.secrets_of import passwords_of
from tests.secrets.forms import contents_of, exposed

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

CREDENTIALS = "/neteye/shared/httpd/conf/sysconfig/ocsinventory-credentials"
HTTPD_CONF = "/etc/httpd/conf/httpd.conf"
# the package's new file has `Require ip`, the one of before had not
MODULE = "LoadModule authz_host_module"
ANOTHER = "another-word-than-in-the-files"
LEVEL = "PerlSetEnv OCS_OPT_LOGLEVEL"


@dataclass
class Story:
    """Four runs of one cluster, and what lay on it between them."""

    cluster: TestCluster
    project: Project
    before: dict[tuple[str, str], Kept]
    runs: list[Ran] = field(default_factory=list)
    refused: dict[tuple[str, str], Kept] = field(default_factory=dict)
    put_back: dict[str, Kept] = field(default_factory=dict)
    left: str = ""

    def run(self) -> Ran:
        self.runs.append(self.project.execute(self.cluster.inventory))
        return self.runs[-1]


@pytest.fixture(scope="module")
def story(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    cluster = clusters.get("ocsstops", SMALL, seed=4)
    n, other = cluster.active, cluster.other
    variable = variable_of(cluster)
    cluster.shell(n, 'printf "%s=%s\\n" "$2" "$3" > "$1"', CREDENTIALS, variable, ANOTHER)
    cluster.shell(n, 'sed -i "s/^$2/#&/" "$1"', HTTPD_CONF, MODULE)
    condition = r"s/^\s*\($2 .*\)$/<IfDefine NOISY>\n\1\n<\/IfDefine>/"
    story = Story(cluster, Project(copy_project(tmp_path_factory.mktemp("s") / "copy")), {})
    unconditional = all_kept(cluster)
    cluster.shell(other, f'sed -i "{condition}" "$1"', SERVER, LEVEL)
    story.before = all_kept(cluster)
    story.run()
    cluster.run(n, ("rm", "--", CREDENTIALS))
    story.run()
    story.refused = {(n, path): kept(cluster, n, path) for path in (SERVER, RESTAPI)}
    story.left = cluster.shell(n, "ls /etc/httpd/conf.d")
    _put_back(story, n)
    cluster.shell(n, 'sed -i "s/^#\\($2\\)/\\1/" "$1"', HTTPD_CONF, MODULE)
    story.run()
    cluster.shell(other, 'sed -i "/IfDefine/d; s/^$2/  &/" "$1"', SERVER, LEVEL)
    story.before |= {(other, SERVER): kept(cluster, other, SERVER)}
    assert story.before[other, SERVER].text.split() == unconditional[other, SERVER].text.split()
    story.run()
    yield story
    clusters.down()


def _put_back(story: Story, node: str) -> None:
    """The commands of the finding, as a person types them; the runbook merges once more."""
    finding = next(iter(story.runs[-1].findings("ocs-httpd-complains")), None)
    if finding is None:
        return
    assert {command["node"].partition(".")[0] for command in finding["commands"]} == {node}
    for command in finding["commands"]:
        story.cluster.run(node, command["argv"])
    story.put_back = {path: kept(story.cluster, node, path) for path in (SERVER, RESTAPI)}


def stopped(ran: Ran, code: str) -> None:
    assert ran.code == 11, ran.console
    assert code in ran.blocking, ran.summary["findings"]
    assert ran.summary["outcome"] == "stopped"
    assert "Traceback" not in ran.console


def test_a_credentials_file_with_another_password_is_a_question(story: Story) -> None:
    ran = story.runs[0]
    assert ran.code == 10, ran.console
    assert ran.blocking == {"ocs-credentials-other"}
    assert ran.changes == []
    assert "Traceback" not in ran.console


def test_a_file_that_httpd_refuses_stops_before_its_rpmnew_is_gone(story: Story) -> None:
    ran = story.runs[1]
    stopped(ran, "ocs-httpd-complains")
    (finding,) = ran.findings("ocs-httpd-complains")
    assert "Unknown Authz provider" in finding["observed"]
    for path in (SERVER, RESTAPI):
        assert f"{path.rpartition('/')[2]}.rpmnew" in story.left.split()
        assert story.refused[story.cluster.active, path] != story.before[story.cluster.active, path]


def test_the_way_back_in_the_finding_gives_the_old_files(story: Story) -> None:
    """Content, owner and mode."""
    for path in (SERVER, RESTAPI):
        assert story.put_back[path] == story.before[story.cluster.active, path]


def test_what_can_not_be_merged_with_certainty_is_a_question(story: Story) -> None:
    ran = story.runs[2]
    stopped(ran, "ocs-merge-undecided")
    (finding,) = ran.findings("ocs-merge-undecided")
    assert finding["subject"] == f"{name(story, 1)}:{SERVER}"
    assert "OCS_OPT_LOGLEVEL" in finding["observed"]
    assert ran.outcomes[f"migration.files[1][{name(story, 0)}]"] == "done"


def test_in_the_end_all_is_done(story: Story) -> None:
    ran = story.runs[3]
    assert ran.code == 0, ran.console
    assert_rows(ran)
    assert_upgraded(story.cluster)
    assert_started_once_a_round(story.cluster, rounds=2)
    assert_migrated(story.cluster, story.before)
    assert_httpd_takes_them(story.cluster, variable_of(story.cluster))


def test_no_password_was_told_on_the_way(story: Story) -> None:
    words = {**passwords_of(story.cluster), "of the credentials file": ANOTHER}
    consoles = [(f"console {n}", ran.console.encode()) for n, ran in enumerate(story.runs)]
    found = exposed(words, [*consoles, *contents_of(story.project.directory / "reports")])
    assert found == []


def name(story: Story, number: int) -> str:
    return story.cluster.node_name(number)
