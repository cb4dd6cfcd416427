"""Killed on one machine, gone on with from another: what is refused there, what is honoured.

The second clone has another home directory, and nothing of the first one but what N keeps.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal.run import wait_for
from tests.integration.clusters import Clusters, TestCluster
from tests.integration.invocation import DEADLINE, Project, Ran, copy_project, environment
from tests.integration.outcome import assert_started_once_a_round, assert_upgraded
from tests.integration.snapshot import starts

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

NODES = "operative=2,voting=1"
ACCEPT = ("--accept", "constraint-leftover=it keeps glpi on N, see CHG-17", "--by", "A. Rossi")
RECORDS = "/var/lib/neteye-runbook"


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Project]:
    """Two clones of one text, as on two machines."""
    first = copy_project(tmp_path_factory.mktemp("first") / "copy")
    second = tmp_path_factory.mktemp("second") / "copy"
    shutil.copytree(first, second)
    return Project(first), Project(second)


@pytest.fixture(scope="module")
def begun(
    clusters: Clusters,
    clones: tuple[Project, Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> TestCluster:
    """A cluster whose first run was killed with all its processes while `neteye update` ran."""
    cluster = clusters.get("takeover", NODES, seed=15)
    cluster.is_spoilt = True
    leftover = ("cli-prefer-glpi_group", "glpi_group", cluster.node_name(0), "INFINITY")
    cluster.run(cluster.active, ("pcs", "constraint", "location", "add", *leftover))
    project = clones[0]
    home = tmp_path_factory.mktemp("home-of-the-first")
    with (tmp_path_factory.mktemp("console") / "first").open("wb") as console:
        process = subprocess.Popen(
            project.command("--inventory", cluster.inventory, *ACCEPT),
            cwd=project.directory,
            env={**environment(), "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for("neteye update running", lambda: _not_started(cluster, process), seconds=DEADLINE)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return cluster


def _not_started(cluster: TestCluster, process: subprocess.Popen[bytes]) -> str | None:
    if process.poll() is not None:
        raise AssertionError(f"the first run ended by itself with {process.returncode}")
    running = starts(cluster, "neteye-update")[cluster.active]
    return None if running else "a start of neteye update"


@pytest.fixture(scope="module")
def second(
    clones: tuple[Project, Project], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Ran]:
    """The runbook in another clone, with another home directory."""
    project = clones[1]
    home = tmp_path_factory.mktemp("home-of-the-second")

    def run(*arguments: str | Path) -> Ran:
        return project.run(*arguments, extra={"HOME": str(home)})

    return run


def edited(cluster: TestCluster, place: Path, *changes: tuple[str, str]) -> Path:
    """An inventory of the cluster with other words in it."""
    text = cluster.inventory.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = place / "edited.ini"
    path.write_text(text)
    return path


# what a command that still runs writes there is left alone
_FILES = 'cd "$1"; set -- attempt attempts/*/baseline.json attempts/*/journal/*.jsonl'


@contextmanager
def spoilt(cluster: TestCluster, script: str) -> Iterator[None]:
    """The records on N as the script leaves them, for as long as the block runs."""
    keep = f'rm -rf /root/kept; mkdir /root/kept; {_FILES}; cp -a --parents "$@" /root/kept'
    cluster.shell(cluster.active, keep, RECORDS)
    try:
        cluster.shell(cluster.active, f'cd "$1"; {script}', RECORDS)
        before = _sums(cluster)
        yield
        assert _sums(cluster) == before, "something was written beside records of no use"
    finally:
        cluster.shell(cluster.active, 'cp -a /root/kept/. "$1"', RECORDS)


def _sums(cluster: TestCluster) -> str:
    return cluster.shell(cluster.active, f'{_FILES}; sha256sum "$@"', RECORDS)


def assert_refused(ran: Ran, code: str, *words: str) -> None:
    assert ran.code == 10, ran.console
    assert ran.changes == []
    told = ran.findings(code)
    assert told, ran.console
    text = " ".join(f"{f['subject']} {f['observed']} {f['expected']}" for f in told)
    for word in words:
        assert word in text
    assert "Traceback" not in ran.console


SPOILT = {
    "a torn line in the middle": (
        "sed -i '3s/.\\{40\\}$//' attempts/*/journal/*.jsonl",
        "records-unreadable",
        ":3:",
    ),
    "half a baseline": (
        "truncate -s 100 attempts/*/baseline.json",
        "records-unreadable",
        "can't be read",
    ),
    "no directory": (
        "echo 20260101T000000Z-gone-0000 > attempt",
        "records-unreadable",
        "attempts/20260101T000000Z-gone-0000 is not there",
    ),
    "another cluster": (
        """sed -i 's/"cluster": "[^"]*"/"cluster": "another.example"/' attempts/*/baseline.json""",
        "records-foreign",
        "another.example",
    ),
    "another version step": (
        """sed -i 's/"target": "[^"]*"/"target": "4.27"/' attempts/*/baseline.json""",
        "records-foreign",
        "4.27",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_records_of_no_use_stop_before_anything(
    begun: TestCluster, second: Callable[..., Ran], what: str
) -> None:
    script, code, word = SPOILT[what]
    with spoilt(begun, script):
        assert_refused(second("--inventory", begun.inventory), code, word)


def test_other_roles_are_another_cluster(
    begun: TestCluster, second: Callable[..., Ran], tmp_path: Path
) -> None:
    roles = ("[elastic_only]\n", ""), ("[voting_only]", "[elastic_only]")
    inventory = edited(begun, tmp_path, *roles)
    assert_refused(second("--inventory", inventory), "records-foreign", "as voting_only")


def test_a_changed_setting_is_named(
    begun: TestCluster, second: Callable[..., Ran], tmp_path: Path
) -> None:
    setting = "runbook_reactivate_after_update"
    inventory = edited(begun, tmp_path, (f"{setting}=yes", f"{setting}=no"))
    assert_refused(second("--inventory", inventory), "settings-changed", setting, "'no'", "'yes'")


def test_another_version_of_the_runbook_is_told(
    begun: TestCluster, second: Callable[..., Ran], clones: tuple[Project, Project]
) -> None:
    source = clones[1].directory / "runbook" / "__init__.py"
    before = source.read_text()
    source.write_text(f"{before}\n# another text\n")
    try:
        ran = second("--inventory", begun.inventory)
    finally:
        source.write_text(before)
    assert_refused(ran, "runbook-changed", "a hash over its sources")


def test_what_is_not_unknown_is_not_settled(begun: TestCluster, second: Callable[..., Ran]) -> None:
    words = ("--settle", "update.run=done", "--reason", "it looks so", "--by", "B. Bianchi")
    ran = second("--inventory", begun.inventory, *words)
    assert ran.code == 4, ran.console
    assert "a word does not replace an exit status" in ran.console
    assert ran.changes == []


def test_the_second_machine_goes_on_to_the_end(
    begun: TestCluster, second: Callable[..., Ran]
) -> None:
    """Without the acceptance being given again."""
    ran = second("--inventory", begun.inventory)
    assert ran.code == 0, ran.console
    assert_upgraded(begun)
    assert_started_once_a_round(begun, rounds=2)
    accepted = [f["accepted"] for f in ran.summary["findings"] if f["accepted"]]
    assert {(a["by"], a["reason"]) for a in accepted} == {
        ("A. Rossi", "it keeps glpi on N, see CHG-17")
    }
    assert {a["run"] for a in accepted} == {ran.summary["attempt"]}
    assert f"in run {ran.summary['attempt']}" in ran.console
    assert ran.summary["ledger"] == []


def test_after_the_attempt_an_acceptance_counts_no_more(
    begun: TestCluster, second: Callable[..., Ran]
) -> None:
    """Nor is it needed: what guards the start is information once the upgrade is closed."""
    ran = second("--inventory", begun.inventory)
    assert ran.code == 0, ran.console
    found = [f for f in ran.summary["findings"] if f["code"] == "constraint-leftover"]
    assert [(f["severity"], f["accepted"]) for f in found] == [("info", None)] * len(found)
    assert found
    assert ran.changes == []
