"""Machines beside the cluster whose agents report: what needs no container."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from rehearsal import agents, cli, image, network, podman, state
from rehearsal.errors import RehearsalError, UsageError
from rehearsal.to_4_26 import STEP
from rehearsal.to_4_26.machines import EMPTY, memory
from rehearsal.topology import DEFAULT_COUNTS

NETWORK = IPv4Network("10.125.40.0/24")
DMIDECODE = STEP.folder / "agents/programs/dmidecode"


def dmidecode(table: Path, *words: str) -> str:
    done = subprocess.run(
        [DMIDECODE, *words],
        env={"MEMORY": str(table), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_stand_in_prints_the_table_or_one_type_of_it(tmp_path: Path) -> None:
    table = tmp_path / "memory"
    table.write_text(memory("pc1", ["8 GB", EMPTY]))
    assert dmidecode(table) == table.read_text()
    assert dmidecode(table, "-q") == table.read_text()
    devices = dmidecode(table, "-t", "17")
    assert devices.count("Handle ") == devices.count("Memory Device") == 2
    assert [line for line in devices.splitlines() if "Size:" in line] == [
        "\tSize: 8 GB",
        f"\tSize: {EMPTY}",
    ]
    assert "Serial Number: pc1\n" in dmidecode(table, "--type", "1")
    assert "Handle " not in dmidecode(table, "-t", "7")


class Beside:
    """The container, as podman would tell of it."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[str] = []
        self.ran: list[Sequence[str]] = []
        self.networks = [network.Network("rehearsal-x-1", "", NETWORK, "x")]
        monkeypatch.setattr(state, "ROOT", directory / "state")
        monkeypatch.setattr(state, "_LOCKS", directory / "lock")
        monkeypatch.setattr(network, "of_cluster", lambda _: self.networks)
        monkeypatch.setattr(image, "ensure_agents", lambda *_: "image")
        monkeypatch.setattr(podman, "containers", self._containers)
        monkeypatch.setattr(podman, "start_beside", self._start)
        monkeypatch.setattr(podman, "execute", self._execute)
        self.place = state.State("x")

    def up(self, step: str = STEP.package) -> None:
        self.place.directory.mkdir(parents=True)
        asked = state.Asked("x", "guide", 4, DEFAULT_COUNTS, NETWORK, package=step)
        self.place.write(asked, "image of nodes")

    def _containers(self, cluster: str) -> dict[str, podman.Container]:
        return {name: podman.Container(name, "running", "image") for name in self.started}

    def _start(self, name: str, **options: Any) -> None:
        self.started.append(name)
        assert options["network"] == "rehearsal-x-1:ip=10.125.40.200"

    def _execute(
        self, container: str, argv: Sequence[str], **_: Any
    ) -> subprocess.CompletedProcess[str]:
        assert container in self.started
        self.ran.append(argv)
        code = 3 if argv[1] == "old01" else 0
        return subprocess.CompletedProcess(argv, code, "said\n", "and this\n\n")


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Beside:
    return Beside(tmp_path, monkeypatch)


HTTPD = "10.125.40.102"


def test_all_report_by_a_container_that_is_started_once(beside: Beside) -> None:
    beside.up()
    assert STEP.agents is not None
    seen = agents.report("x", say=lambda _: None)
    assert [one.machine for one in seen] == list(STEP.agents.machines)
    assert beside.ran == [["/agents/report", name, HTTPD] for name in STEP.agents.machines]
    agents.report("x", ["linux01"], due=True, say=lambda _: None)
    assert beside.ran[-1] == ["/agents/report", "linux01", HTTPD, "due"]
    assert beside.started == ["rehearsal-x-agents"]


def test_a_container_that_is_started_has_machines_that_never_reported(beside: Beside) -> None:
    beside.up()
    kept = beside.place.agents / "linux01/state"
    kept.mkdir(parents=True)
    agents.report("x", ["linux01"], files={"memory": "another"}, say=lambda _: None)
    assert not kept.exists()
    assert (beside.place.agents / "linux01/memory").read_text() == "another"
    assert EMPTY in (beside.place.agents / "linux02/memory").read_text()
    assert not (beside.place.agents / "linux03/memory").exists()


def test_what_can_not_report_is_told_before_anything_is_started(beside: Beside) -> None:
    with pytest.raises(RehearsalError, match="There is no cluster 'x'"):
        agents.report("x")
    beside.up()
    with pytest.raises(UsageError, match="no machine 'pc9'; there are: linux01, "):
        agents.report("x", ["pc9"])
    beside.networks = []
    with pytest.raises(RehearsalError, match="Cluster 'x' is off"):
        agents.report("x")
    assert beside.started == []


def test_a_step_need_not_have_machines(beside: Beside) -> None:
    beside.up("tests.next_step.rehearsal")
    with pytest.raises(RehearsalError, match="has no machines with agents"):
        agents.report("x")


def test_the_command_tells_how_each_agent_ended(
    beside: Beside, capsys: pytest.CaptureFixture[str]
) -> None:
    beside.up()
    assert cli.main(["report", "linux01", "old01", "--name", "x"]) == 1
    told = capsys.readouterr().out.splitlines()[-2:]
    assert told == [
        "linux01: the agent ended with 0; its last words: and this",
        "old01: the agent ended with 3; its last words: and this",
    ]


def test_a_file_that_is_given_is_that_of_the_machine(beside: Beside, tmp_path: Path) -> None:
    beside.up()
    table = tmp_path / "table"
    table.write_text("# dmidecode 3.3\n")
    words = ["report", "linux03", "--name", "x", "--file", f"memory={table}"]
    assert cli.main(words) == 0
    assert (beside.place.agents / "linux03/memory").read_text() == "# dmidecode 3.3\n"


def test_a_file_that_can_not_be_read_is_a_usage_error(
    beside: Beside, capsys: pytest.CaptureFixture[str]
) -> None:
    beside.up()
    assert cli.main(["report", "--name", "x", "--file", "memory=/nowhere/at/all"]) == 4
    assert "/nowhere/at/all can't be read" in capsys.readouterr().err
    assert beside.started == []


@pytest.mark.parametrize("word", ["memory", "../x=/dev/null"])
def test_a_file_that_is_none_is_a_usage_error(word: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", "--file", word])
    assert ended.value.code == 4
