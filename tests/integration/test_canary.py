"""Secrets planted wherever a run meets one turn up nowhere, however the runs end.

One cluster, one upgrade: runs that are refused, blocked, ended by SIGTERM, killed, stopped for a
person, broken by an exception, and the one that ends well. All the while the command lines of all
processes are sampled.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.running import Running
from tests.integration import planted
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.conftest import SMALL
from tests.integration.invocation import DEADLINE, ROOT, Project, Ran, copy_project
from tests.integration.outcome import assert_upgraded
from tests.integration.planted import NOT_HIDDEN, PLANTED
from tests.integration.secrets_of import SETTINGS, passwords_of, stored_of
from tests.matrix import kill
from tests.matrix.clones import kill_left_behind
from tests.matrix.edges import Point
from tests.secrets.cmdlines import Cmdlines
from tests.secrets.forms import Secrets, contents_of, exposed

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

BACKUPS = "backups"
"""The dump's own data: what the table holds is not the runbook's to mask."""
SEED = 26


@dataclass
class Story:
    """What the runs left, and what they must not show."""

    cluster: TestCluster
    project: Project
    consoles: Path
    cmdlines: Cmdlines
    secrets: dict[str, str | bytes] = field(default_factory=dict)
    runs: dict[str, Ran] = field(default_factory=dict)
    caught: list[str] = field(default_factory=list)
    """Nodes whose processes the sampler has seen."""
    rebuilt: subprocess.CompletedProcess[str] | None = None
    inventory: Path = Path()

    def start(self, name: str, *plugins: str, **extra: str) -> Running:
        inventory = self.inventory
        return Running.start(
            self.project,
            ["--inventory", str(inventory)],
            self.consoles / f"{name}.txt",
            plugins=plugins,
            extra={**planted.environment(), **extra},
        )

    def run(self, name: str, *plugins: str, **extra: str) -> None:
        self.runs[name] = self.start(name, *plugins, **extra).end()

    @property
    def reports(self) -> Path:
        return self.project.directory / "reports"


@pytest.fixture(scope="module")
def story(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    cluster = clusters.get("canary", SMALL, seed=SEED)
    cluster.is_spoilt = True
    project = Project(copy_project(tmp_path_factory.mktemp("canary") / "copy"))
    settings = json.loads(cluster.read(cluster.active, SETTINGS))
    ocs_password = settings["passwords"]["ocsserver"]
    before = {**passwords_of(cluster), **stored_of(cluster, "before")}
    planted.plant(cluster, ocs_password)
    told = Story(cluster, project, tmp_path_factory.mktemp("consoles"), Cmdlines())
    told.secrets.update({**PLANTED, **before})
    told.inventory = _inventory(cluster, project)
    with told.cmdlines:
        _refused(told)
        with planted.on_command_lines(cluster, told.cmdlines) as told.caught:
            with planted.names_of_files(cluster, ocs_password):
                told.run("blocked")
        _terminated(told)
        _killed(told)
        told.secrets["key of the comparisons"] = _comparison_keys(cluster)[0]
        with planted.other_credentials(cluster, settings["credentials_variable"]):
            told.run("stopped")
        told.run("broken", "leaky_exception", PYTHONPATH=str(ROOT / "tests/integration/plugins"))
        told.run("done")
        _rebuild(told)
    told.secrets.update({**passwords_of(cluster), **stored_of(cluster, "after")})
    yield told
    clusters.down()


def _inventory(cluster: TestCluster, project: Project) -> Path:
    """As an operator keeps it, with a notifier that needs a token and never succeeds."""
    token = PLANTED["token of the notifier"]
    path = project.directory / "prod.ini"
    notifier = f"runbook_notify_command = /bin/sh -c 'exit 3' notifier '--token={token}'"
    path.write_text(f"{cluster.inventory.read_text()}\n[all:vars]\n{notifier}\n")
    return path


def _refused(story: Story) -> None:
    good = story.cluster.inventory.read_text()
    for name, text in planted.wrong_inventories(good).items():
        path = story.project.directory / "wrong.ini"
        path.write_text(text)
        story.runs[name] = story.project.run("--inventory", path, extra=planted.environment())
        path.unlink()


def _terminated(story: Story) -> None:
    running = story.start("terminated")
    running.until_intent("update.run#1")
    running.process.send_signal(signal.SIGTERM)
    story.runs["terminated"] = running.end()


def _killed(story: Story) -> None:
    witness = story.consoles / "witness"
    trap = kill.environment("upgrade.run[1]#1", Point.RUNNING, witness)
    mark = {"MATRIX_INVENTORY": str(story.inventory)}
    story.run("killed", "tests.matrix.kill", **trap, **mark)
    kill_left_behind(story.inventory)


def _comparison_keys(cluster: TestCluster) -> list[str]:
    script = "find /var/lib/neteye-runbook -name comparison.key -exec cat {} +"
    return cluster.shell(cluster.active, script).split()


def _rebuild(story: Story) -> None:
    """What the run that was killed could not write any more."""
    story.rebuilt = subprocess.run(
        [sys.executable, "-m", "engine", "report", str(story.runs["killed"].directory)],
        cwd=story.project.directory,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def test_the_runs_ended_in_every_way(story: Story) -> None:
    codes = {name: ran.code for name, ran in story.runs.items()}
    refused = dict.fromkeys(planted.wrong_inventories(""), 4)
    ways = {"blocked": 10, "terminated": 2, "killed": -9, "stopped": 11, "broken": 1, "done": 0}
    assert codes == {**refused, **ways}, {n: r.console[-2000:] for n, r in story.runs.items()}
    assert_upgraded(story.cluster)
    assert story.runs["stopped"].blocking == {"ocs-credentials-other"}
    assert "RuntimeError" in story.runs["broken"].console
    assert story.rebuilt is not None
    assert story.rebuilt.returncode == 0, story.rebuilt.stdout


def test_the_runs_met_what_was_planted(story: Story) -> None:
    """Else it proves nothing that it is nowhere to be seen."""
    texts = {
        place: content.decode(errors="replace")
        for place, content in contents_of(story.reports, without=BACKUPS)
    }
    everything = "\n".join(texts.values())
    for seen in (
        *("PerlSetVar OCS_DB_PWD ********", "old password: ********", "db_password: ********"),
        *("--password ********", 'name="passwd" value="********"', "proxy_password=********"),
        *("baseurl=https://neteye:********@", "conf.d/password=********"),
        *("/etc/httpd/conf.d/********.conf.rpmsave", "can't write"),
    ):
        assert seen in everything, seen


def _named(story: Story, *left_out: str) -> Secrets:
    return {name: value for name, value in story.secrets.items() if name not in left_out}


def test_no_secret_is_in_the_evidence(story: Story) -> None:
    assert len(story.secrets) > 30
    found = exposed(story.secrets, contents_of(story.reports, without=BACKUPS))
    assert found == []


def test_no_secret_is_on_a_console(story: Story) -> None:
    assert story.rebuilt is not None
    consoles = [(f"console of {n}", ran.console.encode()) for n, ran in story.runs.items()]
    consoles.append(("console of the rebuilt report", story.rebuilt.stdout.encode()))
    assert exposed(story.secrets, consoles) == []


def test_no_secret_is_in_the_records_on_n(story: Story) -> None:
    """The logs of the vendor's commands are theirs."""
    script = (
        "cd /var/lib/neteye-runbook && find . -type f ! -path '*/backups/*'"
        " ! -name nohup.out -exec cat {} +"
    )
    records = story.cluster.shell(story.cluster.active, script).encode()
    assert exposed(story.secrets, [("records on N", records)]) == []


def test_the_key_of_the_comparisons_is_gone_with_the_attempt(story: Story) -> None:
    assert len(story.secrets["key of the comparisons"]) == 64
    assert _comparison_keys(story.cluster) == []


def test_no_secret_is_on_a_command_line(story: Story) -> None:
    assert exposed(_named(story, *NOT_HIDDEN), story.cmdlines.contents()) == []


def test_the_sampler_has_seen_every_node_and_this_machine(story: Story) -> None:
    assert story.caught == [*story.cluster.shorts, planted.HERE]
    assert story.cmdlines.looks > 100


def test_the_search_finds_one_that_is_put_there(story: Story, tmp_path: Path) -> None:
    """The same search, over a copy of the evidence with one secret more."""
    journal = (story.runs["done"].directory or Path()) / "journal.jsonl"
    password = story.secrets["ocsserver"]
    assert isinstance(password, str)
    (tmp_path / "journal.jsonl").write_bytes(journal.read_bytes() + password.encode())
    assert exposed(story.secrets, contents_of(tmp_path))[0] == "./journal.jsonl: ocsserver"
