"""The page of versions: what is read of a tool, where a RHEL lies, how a module's tests count."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType, SimpleNamespace

import pytest

from rehearsal.bases import BASES
from tests.integration.clusters import BASE
from tests.matrix.edges import STATES, Point
from tests.proving.kind import Red
from tests.versions import bases
from tests.versions.bases import BASES_PROOF, KILLED, MODULES, SUDO, kills
from tests.versions.rhel import FOUND, RELEASES, UNPROVED
from tests.versions.tools import COMMANDS, beside, ordered, place, version_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("Pacemaker 2.1.5", "2.1.5"),
        ("0.11.5", "0.11.5"),
        ("Corosync Cluster Engine, version '3.1.7'", "3.1.7"),
        ("OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026", "9.2p1"),
        ("RPM version 4.18.0", "4.18.0"),
        ("mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64", "10.11.19"),
        ("Server version: Apache/2.4.71 (Debian)", "2.4.71"),
        ("systemd 252 (252.39-1~deb12u2)", "252"),
        ("Sudo version 1.9.13p3", "1.9.13p3"),
        ("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)", "5.2.15"),
        ("stat (GNU coreutils) 9.1", "9.1"),
    ],
)
def test_a_version_is_read_of_what_a_tool_prints(line: str, version: str) -> None:
    assert version_of(line) == version


def test_a_tool_that_tells_no_version_is_told() -> None:
    with pytest.raises(ValueError, match="no version in 'command not found'"):
        version_of("command not found")


@pytest.mark.parametrize(
    ("rhel", "where"),
    [
        ("8.0p1", "older than run"),
        ("8.4p1", ""),
        ("8.7p1", ""),
        ("9.9p1", ""),
        ("10.0p1", ""),
        ("10.2p1", "newer than run"),
        ("10", ""),
        ("8", ""),
    ],
)
def test_versions_outside_of_those_that_were_run_are_named(rhel: str, where: str) -> None:
    assert place(rhel, ["9.2p1", "8.4p1", "10.0p1"]) == where


def test_versions_are_compared_by_their_numbers() -> None:
    assert ordered("4.14.3") < ordered("4.16") < ordered("4.16.1")
    assert ordered("1.8.29") < ordered("1.9.5p2") < ordered("1.9.13p3")


def test_each_tool_has_versions_of_each_rhel_and_sources() -> None:
    assert set(FOUND) == set(COMMANDS)
    for tool, found in FOUND.items():
        assert len(found.versions) == len(RELEASES)
        for versions in found.versions:
            assert versions, tool
            assert [version_of(one) for one in versions] == list(versions)
            assert sorted(versions, key=ordered) == list(versions)
        assert found.sources
        assert all(source.startswith("https://") for source in found.sources)
    assert set(UNPROVED) <= set(FOUND)


def test_what_lies_outside_of_what_was_run_is_told_or_red() -> None:
    assert beside("bash", ["5.1.4", "5.2.15", "5.2.37"])["RHEL 8"] == "4.4.20 (older than run)"
    assert beside("OpenSSH", ["8.4p1", "10.0p2"])["RHEL 9"] == "8.7p1, 9.9p1"
    assert "corosync" not in UNPROVED
    with pytest.raises(Red, match=r"corosync: .*older than run.*nothing says what was done"):
        beside("corosync", ["3.1.8", "3.1.9"])


def test_each_base_has_all_that_is_asked() -> None:
    asked = {*MODULES, KILLED, SUDO}
    for base in BASES:
        of = {name.partition(".")[2] for name, group in BASES_PROOF.groups.items()}
        assert of == asked
        assert {g for n, g in BASES_PROOF.groups.items() if n.startswith(base.name)} == {base.name}
    for module in MODULES.values():
        assert (ROOT / "tests" / "integration" / f"{module}.py").is_file()


def test_the_five_kills_are_in_the_order_of_a_run_and_of_five_phases() -> None:
    found = kills()
    assert len({edge.key.partition(".")[0] for edge in found}) == 5
    assert {edge.point for edge in found} > {Point.RUNNING}
    assert len({edge.state for edge in found}) == len(STATES) + 1


# a module's tests, as a pytest of its own

MODULE = """
import os
import pytest

def test_the_base() -> None:
    assert os.environ["RUNBOOK_BASE"] == "bullseye"
"""


@pytest.fixture
def tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `bases` finds the modules it runs; the environment is a user's."""
    folder = tmp_path / "tests" / "integration"
    folder.mkdir(parents=True)
    monkeypatch.setattr(bases, "ROOT", tmp_path)
    return folder / "test_one.py"


def run(tmp_path: Path) -> dict[str, str]:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    return bases.results_of("bullseye", "test_one", evidence)


def test_a_module_is_run_on_its_base(tested: Path, tmp_path: Path) -> None:
    assert BASE not in os.environ
    tested.write_text(MODULE)
    assert run(tmp_path) == {"what": "tests/integration/test_one.py", "tests": "1"}
    assert BASE not in os.environ


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("def test_red() -> None:\n    assert False\n", "ended with 1; 1 passed; 1 failures"),
        ("@pytest.mark.skip\ndef test_not() -> None: ...\n", "ended with 0; 1 passed; 1 skipped"),
        ("import nothing_of_that_name\n", "ended with 2; 0 passed; 1 errors"),
    ],
)
def test_what_is_not_green_is_red(tested: Path, tmp_path: Path, more: str, told: str) -> None:
    tested.write_text(f"{MODULE}\n{more}")
    with pytest.raises(Red, match=told):
        run(tmp_path)


def test_a_module_without_tests_is_red(tested: Path, tmp_path: Path) -> None:
    tested.write_text("")
    with pytest.raises(Red, match="ended with 5; 0 passed"):
        run(tmp_path)


CLEANS_UP = """
import os, pathlib, signal, sys, time
try:
    os.kill(os.getppid(), signal.SIGUSR1)
    time.sleep(600)
finally:
    pathlib.Path(sys.argv[1]).touch()
"""


def test_a_pytest_that_is_interrupted_gets_the_time_to_clean_up(tmp_path: Path) -> None:
    def interrupted(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupted)
    command = [sys.executable, "-c", CLEANS_UP, str(tmp_path / "clean")]
    try:
        with pytest.raises(KeyboardInterrupt):
            bases.until_ended(command, "bullseye", tmp_path / "console")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (tmp_path / "clean").exists()


@pytest.mark.parametrize("user", ["root", "upgrade"])
def test_a_run_by_sudo_is_one_of_another_login(
    user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = tmp_path / "inventory.ini"
    inventory.write_text(f"[all:vars]\nansible_user={user}\n")
    monkeypatch.setattr(bases.cluster, "up", lambda *_, **__: True)
    monkeypatch.setattr(bases.known, "topology", lambda _: None)
    monkeypatch.setattr(bases.TestCluster, "inventory", inventory)
    monkeypatch.setattr(bases, "copy_project", lambda path: path)
    monkeypatch.setattr(bases, "prove", lambda *_: [SimpleNamespace(changes=[1])])
    stand = bases.BasesStand("a", print)
    if user == "root":
        with pytest.raises(Red, match="the login is not upgrade"):
            stand.run("trixie.login-by-sudo", tmp_path)
    else:
        assert "1 changes" in stand.run("trixie.login-by-sudo", tmp_path)["what"]
