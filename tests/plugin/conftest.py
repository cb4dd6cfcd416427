"""The project fixture, and this process's signal handlers as they were."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import cli
from tests.plugin.kit import Project, Saver


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """An inner run installs handlers of its own in this process."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of other tests on this machine are of no concern."""
    place = tmp_path / "of this machine"
    place.mkdir()
    monkeypatch.setattr("engine.attempt.lock.DIRECTORY", place)
    # nor are the keys of whoever runs these
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr("engine.prove.signature._identity_files", lambda host: iter(()))


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(pytester, monkeypatch)


@pytest.fixture(scope="session")
def saver(tmp_path_factory: pytest.TempPathFactory) -> Saver:
    return Saver(tmp_path_factory.mktemp("begun"))


@pytest.fixture
def rebuild(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """`python -m engine report DIRECTORY`, in this process; what it says."""

    def rebuilt(directory: Path, code: int = 0) -> str:
        capsys.readouterr()
        assert cli.main(["report", str(directory)]) == code
        return capsys.readouterr().out

    return rebuilt
