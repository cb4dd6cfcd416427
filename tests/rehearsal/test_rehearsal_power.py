"""The fence agent: it says a node is off only when the node's lock is free."""

import fcntl
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from rehearsal.image import HERE

AGENT = HERE / "image/rootfs/usr/sbin/fence_rehearsal"
NODE = "neteye02.neteyelocal"


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = SourceFileLoader("fence_rehearsal", str(AGENT))
    spec = spec_from_loader("fence_rehearsal", loader)
    assert spec is not None
    module = module_from_spec(spec)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module, "POWER", tmp_path)
    return module


def ask(agent: ModuleType, monkeypatch: pytest.MonkeyPatch, **options: str) -> int:
    text = "".join(f"{name}={value}\n" for name, value in options.items())
    monkeypatch.setattr("sys.argv", ["fence_rehearsal"])
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    status: int = agent.main()
    return status


@contextmanager
def living(power: Path) -> Iterator[None]:
    with (power / f"{NODE}.alive").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_a_dead_node_is_off(
    agent: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{NODE}.alive").touch()
    assert ask(agent, monkeypatch, action="status", plug=NODE) == agent.OFF
    assert ask(agent, monkeypatch, action="off", plug=NODE) == agent.OK
    assert (tmp_path / f"{NODE}.off").exists()


def test_a_node_that_lives_on_is_not_reported_as_fenced(
    agent: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with living(tmp_path):
        assert ask(agent, monkeypatch, action="status", plug=NODE) == agent.OK
        answer = ask(agent, monkeypatch, action="off", plug=NODE, power_timeout="0.2")
        assert answer == agent.FAILED
    assert f"{NODE} still holds its lock" in capsys.readouterr().err


def test_starting_a_node_is_refused(agent: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(agent, monkeypatch, action="on", plug=NODE) == agent.FAILED


@pytest.mark.parametrize("plug", ["", "../neteye02"])
def test_without_a_node_nothing_is_done(
    agent: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plug: str
) -> None:
    assert ask(agent, monkeypatch, action="off", plug=plug) == agent.FAILED
    assert list(tmp_path.iterdir()) == []


def test_metadata_names_the_actions_pacemaker_uses(
    agent: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(agent, monkeypatch, action="metadata") == agent.OK
    root = ET.fromstring(capsys.readouterr().out)
    names = {action.get("name") for action in root.iter("action")}
    assert {"off", "reboot", "monitor", "status", "metadata"} <= names
