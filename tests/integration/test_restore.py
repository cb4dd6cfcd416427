"""An upgrade that is left: `--restore` gives back what it took, and what it may not it says."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.run import wait_for
from tests.integration.clusters import SETTLE, Clusters, TestCluster
from tests.integration.invocation import DEADLINE, Project, Ran, copy_project
from tests.integration.snapshot import starts

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

GIVE_UP = ("--accept", "restore-half-upgraded=given up, ticket 17", "--by", "A. Rossi")
COMMANDS = "/var/lib/neteye-runbook/attempts"


@dataclass(frozen=True)
class Left:
    """A run, and how the cluster was when it had ended."""

    ran: Ran
    standby: tuple[str, ...]
    fencing: bool


class Scene:
    """One cluster and one copy of the project, used by one run after the other."""

    def __init__(self, cluster: TestCluster, folder: Path) -> None:
        self.cluster = cluster
        self.project = Project(copy_project(folder / "copy"))
        self.console = folder / "console"

    def run(self, *options: str) -> Left:
        ran = self.project.run("--inventory", self.cluster.inventory, *options)
        return self._left(ran)

    def _left(self, ran: Ran) -> Left:
        status = self.cluster.run(self.cluster.active, ("crm_mon", "--one-shot", "--as-xml"))
        standby = re.findall(r'<node name="([^"]+)"[^>]* standby="true"', status)
        return Left(ran, tuple(standby), 'stonith-enabled="true"' in status)

    def leave_during(self, command: str) -> Left:
        """A run that gets SIGTERM as soon as the command was started on N."""
        before = starts(self.cluster, command)[self.cluster.active]
        process = self.project.start(self.cluster.inventory, self.console)

        def missing() -> str | None:
            if process.poll() is not None:
                return None
            now = starts(self.cluster, command)[self.cluster.active]
            return None if now > before else f"a start of {command}"

        try:
            wait_for(f"{command} running", missing, seconds=DEADLINE, every=1.0)
            process.send_signal(signal.SIGTERM)
            code = process.wait(timeout=DEADLINE)
        finally:
            process.kill()
            process.wait()
        return self._left(self.project.ran(code, self.console.read_text(errors="replace")))

    def until_ended(self, name: str) -> None:
        """Wait for the exit status of the detached command of the attempt under way."""
        script = 'cat "$1/$(cat /var/lib/neteye-runbook/attempt)/commands/$2/status" 2>&1 || true'

        def missing() -> str | None:
            said = self.cluster.shell(self.cluster.active, script, COMMANDS, name).strip()
            return None if said.isdigit() else said

        wait_for(f"the end of {name}", missing, seconds=DEADLINE, every=1.0)

    def stop_other(self) -> None:
        self.cluster.run(self.cluster.other, ("pcs", "cluster", "stop", "--force"))

    def start_other(self) -> None:
        self.cluster.run(self.cluster.other, ("pcs", "cluster", "start"))

        def missing() -> str | None:
            status = self.cluster.run(self.cluster.active, ("pcs", "status", "nodes"))
            online = re.search(r"Online:(.*)", status)
            other = self.cluster.node_name(1)
            return None if online and other in online[1] else f"{other} online"

        wait_for("both nodes online", missing, seconds=SETTLE, every=1.0)


@pytest.fixture(scope="module")
def runs(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Left]:
    """Left during the update, and given back; left during the upgrade, and given up."""
    cluster = clusters.get("restore", "operative=2", seed=15)
    cluster.is_spoilt = True
    scene = Scene(cluster, tmp_path_factory.mktemp("restore"))
    done = {"none": scene.run("--restore"), "update": scene.leave_during("neteye-update")}
    done["while running"] = scene.run("--restore")
    scene.until_ended("update-1")
    done["planned"] = scene.run("--restore", "--plan")
    done["given back"] = scene.run("--restore")
    done["again"] = scene.run("--restore")
    done["upgrade"] = scene.leave_during("neteye-upgrade")
    scene.until_ended("upgrade-1")
    done["refused"] = scene.run("--restore")
    scene.stop_other()
    done["node away"] = scene.run("--restore", *GIVE_UP)
    scene.start_other()
    done["given up"] = scene.run("--restore", *GIVE_UP)
    done["next"] = scene.run("--plan")
    return done


def changes(left: Left) -> Sequence[str]:
    return [change["command"].split(" --")[0] for change in left.ran.changes]


def test_without_an_attempt_there_is_nothing_to_restore(runs: dict[str, Left]) -> None:
    assert runs["none"].ran.code == 4, runs["none"].ran.console
    assert "no attempt of this runbook is on record" in runs["none"].ran.console


def test_a_command_that_runs_keeps_the_restore_off(runs: dict[str, Left]) -> None:
    left = runs["while running"]
    assert left.ran.code == 10, left.ran.console
    assert "restore-while-running" in left.ran.blocking
    assert left.ran.changes == []


WAYS_OUT = {
    **dict.fromkeys(
        ("update", "while running", "upgrade"),
        r"the way out: .*; --restore gives nothing back while the command runs",
    ),
    "planned": r"\S.*pytest runbook --inventory \S+ --restore",
    "refused": r"the way out: .*; the cluster is half-upgraded, so --restore gives nothing back .*",
}


@pytest.mark.parametrize("name", WAYS_OUT)
def test_what_is_left_is_shown_with_the_way_out(runs: dict[str, Left], name: str) -> None:
    console = runs[name].ran.console
    assert re.search(r"STILL IN PLACE, 2 temporary changes:", console), console
    assert re.search(rf"^ +{WAYS_OUT[name]}$", console, re.MULTILINE), console


def test_a_plan_of_the_restore_shows_it_and_changes_nothing(runs: dict[str, Left]) -> None:
    left = runs["planned"]
    assert left.ran.code == 0, left.ran.console
    assert left.ran.outcomes["restore.unstandby"] == "WILL RUN"
    assert left.ran.outcomes["restore.fencing"] == "WILL RUN"
    assert left.ran.changes == []
    assert left.standby
    assert not left.fencing


def test_after_the_update_all_is_given_back_and_the_attempt_closed(runs: dict[str, Left]) -> None:
    left = runs["given back"]
    assert left.ran.code == 0, left.ran.console
    assert left.ran.summary["mode"] == "restore"
    assert left.ran.summary["ledger"] == []
    assert [words.split()[:3] for words in changes(left)] == [
        ["pcs", "node", "unstandby"],
        ["pcs", "property", "set"],
    ]
    assert (left.standby, left.fencing) == ((), True)
    assert any(event["event"] == "attempt-closed" for event in left.ran.events)
    assert not any(name.startswith(("update.", "upgrade.")) for name in left.ran.outcomes)


def test_a_second_restore_has_nothing_to_do(runs: dict[str, Left]) -> None:
    assert runs["again"].ran.code == 0, runs["again"].ran.console
    assert runs["again"].ran.changes == []


def test_the_upgrade_after_it_is_an_attempt_of_its_own(runs: dict[str, Left]) -> None:
    first, second = (runs[name].ran.summary["attempt"] for name in ("update", "upgrade"))
    assert first
    assert second
    assert first != second


def test_a_half_upgraded_node_stays_in_standby(runs: dict[str, Left]) -> None:
    left = runs["refused"]
    assert left.ran.code == 10, left.ran.console
    assert left.ran.blocking == {"restore-half-upgraded"}
    (found,) = left.ran.findings("restore-half-upgraded")
    assert found["subject"] in left.standby
    assert left.ran.changes == []
    assert not left.fencing


def test_fencing_stays_off_while_a_node_is_away(runs: dict[str, Left]) -> None:
    """What can be given back is; the rest stays in the ledger, and the run is not done."""
    left = runs["node away"]
    assert left.ran.code == 1, left.ran.console
    assert left.ran.blocking == {"restore-unclean"}
    assert [entry["kind"] for entry in left.ran.summary["ledger"]] == ["fencing"]
    assert (left.standby, left.fencing) == ((), False)


def test_whoever_accepts_it_by_name_ends_the_attempt(runs: dict[str, Left]) -> None:
    left = runs["given up"]
    assert left.ran.code == 0, left.ran.console
    assert (left.standby, left.fencing) == ((), True)
    assert left.ran.summary["ledger"] == []
    (accepted,) = left.ran.findings("restore-half-upgraded")
    assert accepted["accepted"]["by"] == "A. Rossi"
    assert any(event["event"] == "attempt-closed" for event in left.ran.events)


def test_the_next_start_judges_the_cluster_anew(runs: dict[str, Left]) -> None:
    left = runs["next"]
    assert left.ran.code == 10, left.ran.console
    assert "rpmnew-known" in left.ran.blocking
