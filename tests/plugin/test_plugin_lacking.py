"""What the evidence of a run lacks is told by all that go by it: compare, bundle, follow-up."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.verify import NOT_PROVED, verify
from tests.plugin.kit import Project, Saver
from tests.plugin.test_plugin_follow_up import tiny, verified_and_closed
from tests.rejudge.again import altered

__all__ = ["tiny"]
pytest_plugins = "pytester"


def done_twice(project: Project) -> None:
    verified_and_closed(project)
    assert project.run().ret == 0


@pytest.fixture
def run(tiny: Project, saver: Saver) -> Path:
    """The second run of an attempt: the first one's journal is in its earlier/."""
    saver.begun(tiny, done_twice)
    return tiny.latest


def as_it_was(event: dict[str, Any]) -> dict[str, Any] | None:
    return event


def generations_missing(run: Path) -> Path:
    def later(event: dict[str, Any]) -> dict[str, Any]:
        if event["event"] != "position":
            return event
        return {**event, "missing": [{"first": 2, "last": 3, "holder": {}}]}

    return altered(run, run.parent / "20261130T000000Z-bent", later)


def opener_gone(run: Path) -> Path:
    def alone(event: dict[str, Any]) -> dict[str, Any] | None:
        if event["event"] != "position":
            return None if event["event"] == "journals-read" else event
        told = {name: value for name, value in event.items() if name != "journals"}
        return {**told, "attempt": "20261129T000000Z-gone"}

    bent = altered(run, run.parent / "20261130T000000Z-bent", alone)
    shutil.rmtree(bent / "earlier")
    return bent


def file_untold(run: Path) -> Path:
    bent = altered(run, run.parent / "20261130T000000Z-bent", as_it_was)
    (bent / "outputs" / "9999-more.txt").write_text("more")
    return bent


LACKING: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a gap in the lock's generations": (
        generations_missing,
        "missing: generations 2 to 3 of the cluster's lock: no journal",
    ),
    "the opener's journal": (opener_gone, "which opened the attempt, is not in earlier/"),
    "a file nobody tells of": (
        file_untold,
        "no line of a journal tells of outputs/9999-more.txt",
    ),
}


@pytest.mark.parametrize("what", LACKING)
def test_it_is_told(
    tiny: Project, run: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bend, sentence = LACKING[what]
    bent = bend(run)
    assert verify(bent).code == NOT_PROVED, verify(bent).lines
    capsys.readouterr()
    assert main(["compare", str(bent), str(run)]) == 0
    found = [s for s in capsys.readouterr().out.splitlines() if s.startswith("FOUND: ")]
    assert [s for s in found if sentence in s], found
    assert all(s.startswith(f"FOUND: run {run.name}: ") for s in found)
    file = tiny.path / "bundle.tar.gz"
    assert main(["bundle", str(bent), "--out", str(file)]) == 0
    with tarfile.open(file) as archive:
        index = archive.extractfile(archive.getmembers()[0])
        assert index is not None
        missing = index.read().decode().partition("What is missing, and why\n")[2]
    assert sentence in missing.partition("\n\n")[0]
    result = tiny.run("--follow-up", f"reports/{bent.name}")
    assert result.ret == 11
    (text,) = [e["text"] for e in tiny.events("warning") if sentence in e["text"]]
    assert text.startswith(f"run {run.name}: ")
    assert any(f"WARNING: {text}" in line for line in result.outlines)


def test_of_a_whole_one_nothing_is_told(
    tiny: Project, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(run), str(run)]) == 0
    assert "FOUND" not in capsys.readouterr().out
    assert tiny.run("--follow-up", f"reports/{run.name}").ret == 11
    assert tiny.events("warning") == []
