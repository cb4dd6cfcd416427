"""Several runs of one cluster: one at a time; who slept while another took over changes nothing."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rehearsal.run import wait_for
from tests.integration.clusters import SETTLE, Clusters, TestCluster
from tests.integration.invocation import DEADLINE, Project, Ran, copy_project, environment
from tests.integration.outcome import assert_started_once_a_round, assert_upgraded

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]

PLUGINS = Path(__file__).parent / "plugins"
LEASE = 15
ON_N_DETACHED = "update.run#1"
ON_N = "update.unstandby#1"
ELSEWHERE = "migration.files[1][neteye02.neteyelocal]#2"
LOCK = "/var/lib/neteye-runbook/lock"
# seconds since the lock was renewed, as the runbook counts them: by the node's uptime
AGE = f"echo $(( $(cut -d. -f1 /proc/uptime) - $(stat -c %Y {LOCK}) ))"


@dataclass
class Running:
    """A run from a clone and a home of its own, on a machine of its own unless told another."""

    project: Project
    console: Path
    process: subprocess.Popen[bytes]

    @property
    def is_asleep(self) -> bool:
        if self.process.poll() is not None:
            return False
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def wake_up(self) -> Ran:
        """It goes on, and ends."""
        self.process.send_signal(signal.SIGCONT)
        return self.end()

    def end(self) -> Ran:
        code = self.process.wait(DEADLINE)
        return self.project.ran(code, self.console.read_text(errors="replace"))


@dataclass
class Desk:
    """Where runs are started."""

    cluster: TestCluster
    place: Path
    original: Path
    started: list[Running] = field(default_factory=list)

    def start(self, *, asleep_at: str = "", machine: str = "") -> Running:
        number = len(self.started) + 1
        home, here = self.place / f"home-{number}", self.place / (machine or f"machine-{number}")
        home.mkdir()
        here.mkdir(exist_ok=True)
        clone = self.place / f"clone-{number}"
        shutil.copytree(self.original, clone)  # all of one version, whatever happens to ours
        project = Project(clone)
        console = self.place / f"console-{number}"
        # where an operator keeps it: of all paths given pytest makes out the root
        inventory = clone / "prod.ini"
        added = f"\n[all:vars]\nrunbook_lease_seconds={LEASE}\n"
        inventory.write_text(self.cluster.inventory.read_text() + added)
        words = project.command("-p", "sleepy_machine", "--inventory", inventory)
        with console.open("wb") as file:
            process = subprocess.Popen(
                words,
                cwd=project.directory,
                env={
                    **environment(),
                    "HOME": str(home),
                    "PYTHONPATH": str(PLUGINS),
                    "TEST_MACHINE": str(here),
                    "TEST_ASLEEP_AT": asleep_at,
                },
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.started.append(Running(project, console, process))
        return self.started[-1]

    def until_asleep(self, running: Running) -> None:
        def missing() -> str | None:
            assert running.process.poll() is None, running.console.read_text()
            return None if running.is_asleep else "a run that sleeps"

        wait_for("a run that sleeps", missing, seconds=DEADLINE)

    def until_the_lease_is_over(self) -> None:
        def missing() -> str | None:
            age = int(self.cluster.shell(self.cluster.active, AGE))
            return None if age > LEASE else f"{LEASE - age} s of the lease are left"

        wait_for("the end of the lease", missing, seconds=SETTLE)

    def until_it_holds(self, running: Running) -> None:
        def missing() -> str | None:
            assert running.process.poll() is None, running.console.read_text()
            holder = self.cluster.read(self.cluster.active, LOCK).splitlines()[2:]
            pid = json.loads(holder[0])["pid"] if holder else None
            return None if pid == str(running.process.pid) else f"the lock is held by {pid}"

        wait_for("the lock in its hands", missing, seconds=SETTLE)


@dataclass
class Told:
    """What the runs came to."""

    loser: Ran
    same_machine: Ran
    sleepers: list[Ran]
    last: Ran


@pytest.fixture(scope="module")
def cluster(clusters: Clusters) -> TestCluster:
    found = clusters.get("two", "operative=2", seed=15)
    found.is_spoilt = True
    return found


@pytest.fixture(scope="module")
def desk(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    place = tmp_path_factory.mktemp("runs")
    made = Desk(cluster, place, copy_project(place / "original"))
    yield made
    for running in made.started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


@pytest.fixture(scope="module")
def told(desk: Desk) -> Told:
    """Two start at once; who wins sleeps at a change, is taken over, wakes up; three times."""
    both = [desk.start(asleep_at=ON_N_DETACHED), desk.start(asleep_at=ON_N_DETACHED)]

    def missing() -> str | None:
        return None if any(run.process.poll() is not None for run in both) else "a loser"

    wait_for("one of the two to be refused", missing, seconds=DEADLINE)
    lost = next(run for run in both if run.process.poll() is not None)
    first = next(run for run in both if run is not lost)
    desk.until_asleep(first)
    machine = f"machine-{both.index(first) + 1}"
    same_machine = desk.start(machine=machine).end()
    sleepers = []
    for asleep_at in (ON_N, ELSEWHERE, ""):
        desk.until_the_lease_is_over()
        second = desk.start(asleep_at=asleep_at)
        if asleep_at:
            desk.until_asleep(second)
        else:
            desk.until_it_holds(second)
        sleepers.append(first.wake_up())
        first = second
    return Told(lost.end(), same_machine, sleepers, first.end())


def test_of_two_runs_started_at_once_exactly_one_wins(told: Told) -> None:
    winner = told.sleepers[0]
    assert told.loser.code == 13, told.loser.console
    assert told.loser.changes == []
    assert winner.directory is not None
    assert f"run {winner.directory.name}" in told.loser.console
    assert "since 20" in told.loser.console


def test_on_the_same_machine_the_second_asks_no_node(told: Told) -> None:
    assert told.same_machine.code == 13, told.same_machine.console
    assert "on this machine" in told.same_machine.console
    assert not [e for e in told.same_machine.events if e["event"] == "observation"]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_who_slept_through_a_takeover_starts_nothing_more(told: Told, number: int) -> None:
    sleeper = told.sleepers[number]
    after = (*told.sleepers, told.last)[number + 1]
    assert after.directory is not None
    assert sleeper.code == 13, sleeper.console
    assert sleeper.summary["outcome"] == "locked"
    assert f"run {after.directory.name}" in sleeper.summary["stopped"]["reason"]
    key = (ON_N_DETACHED, ON_N, ELSEWHERE)[number]
    assert sleeper.changes[-1]["key"] == key
    last = [e for e in sleeper.events if e["event"] == "result"][-1]
    assert (last["key"], last.get("never_started")) == (key, True)
    assert "Traceback" not in sleeper.console


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_takeover_names_the_former_holder_and_run(told: Told, number: int) -> None:
    former, after = told.sleepers[number], (*told.sleepers, told.last)[number + 1]
    assert former.directory is not None
    notes = [e["text"] for e in after.events if e["event"] == "note"]
    taken = [text for text in notes if "was taken over" in text]
    assert len(taken) == 1
    assert f"run {former.directory.name}" in taken[0]
    assert "had renewed it for" in taken[0]


def test_the_last_one_brings_it_to_its_end(told: Told, cluster: TestCluster) -> None:
    assert told.last.code == 0, told.last.console
    assert_upgraded(cluster)


def test_nothing_was_done_twice(told: Told, cluster: TestCluster) -> None:
    assert told.last.code == 0, told.last.console
    assert_started_once_a_round(cluster, rounds=2)
