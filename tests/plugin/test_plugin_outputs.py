"""Every output that the journals of an attempt cite is in the directory of its last run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.attempt import remote
from engine.cli import main as cli
from engine.verify import NOT_PROVED, NOT_VALID, digest, verify
from tests.engine.kit import lost_connection, unreachable
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import CLOSING, N, Project
from tests.plugin.pages import audit

pytest_plugins = "pytester"

STEPS = (
    '''
LONG = "a long text of {run} " * 200

@step("second.change", after=["first.baseline"])
def test_change(x_set, look, evidence):
    """x is set."""
    evidence.attach("a text", LONG.format(run=look.run_id))
    evidence.list("some rows", ("name",), [("one",), (look.run_id,)])

@step("third.change", after=["second.change"])
def test_other(y_set, look, evidence):
    """y is set."""
    evidence.attach("another text", LONG.format(run=look.run_id))
'''
    + CLOSING
)


def begun(project: Project) -> str:
    """An attempt that its first run left half done; that run's id."""
    project.steps(STEPS)
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    assert project.run().ret == 1
    del project.cluster.answer[N, ("set", "y")]
    return project.latest.name


def elsewhere(project: Project) -> None:
    """The next run is started where nothing of the first is."""
    shutil.move(project.path / "reports", project.path / "other machine")


def cited(directory: Path) -> list[tuple[str, str, str]]:
    """Run, name and hash of every output that a journal in it cites."""
    found = []
    for path in (directory / "journal.jsonl", *(directory / "earlier").iterdir()):
        for line in path.read_text().splitlines():
            event = json.loads(line)
            output = event.get("output") or {}
            if "file" in output:
                found.append((event["run"], Path(output["file"]).name, output["sha256"]))
    return found


def here(directory: Path, run: str, name: str) -> Path:
    place = directory / "outputs"
    return place / name if run == directory.name else place / run / name


def digest_of(path: Path) -> str:
    return digest(path.read_bytes())


def fetched(project: Project) -> list[dict[str, Any]]:
    return project.events("outputs-fetched")


def page(project: Project) -> str:
    return (project.latest / "evidence.html").read_text()


def test_a_run_from_elsewhere_has_the_outputs_of_the_first(project: Project) -> None:
    first = begun(project)
    elsewhere(project)
    assert project.run().ret == 0
    found = cited(project.latest)
    assert {run for run, _, _ in found} == {first, project.latest.name}
    for run, name, sha256 in found:
        path = here(project.latest, run, name)
        assert digest_of(path) == sha256, name
        assert path.stat().st_mode & 0o777 == 0o600
    assert verify(project.latest).code == NOT_PROVED
    assert problems_of_run(project.latest) == []


def test_the_pages_citations_lead_to_the_run_s_own_files(project: Project) -> None:
    first = begun(project)
    elsewhere(project)
    project.run()
    links = set(re.findall(r'href="(outputs/[^"]+)"', page(project)))
    text = re.sub("<[^>]+>", "", page(project))
    shown = re.findall(r"whole: (outputs/\S+?),? \d+ bytes, sha256 ([0-9a-f]{64})", text)
    assert {name for name, _ in shown} <= links
    assert any(name.startswith(f"outputs/{first}/") for name, _ in shown)
    for name, sha256 in shown:
        assert digest_of(project.latest / name) == sha256, name
    # what a step says of a file, too
    for name in re.findall(r"rows? in (outputs/[^ ,<]+)", page(project)):
        assert (project.latest / name).is_file(), name
    assert f"rows in outputs/{first}/" in page(project)


def test_a_third_run_and_a_plan_have_those_of_both(project: Project) -> None:
    begun(project)
    elsewhere(project)
    for options in ((), ("--plan",)):
        project.run(*options)
        for run, name, sha256 in cited(project.latest):
            assert digest_of(here(project.latest, run, name)) == sha256


def test_what_the_first_run_could_not_hand_over_is_taken_from_this_machine_and_given_to_n(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        return "no room"

    with monkeypatch.context() as patch:
        patch.setattr("engine.attempt.records.RecordsWriter.keep_outputs", full)
        first = begun(project)
    (told,) = [e for e in project.events("bookkeeping") if "outputs" in e["problem"]]
    assert told["problem"] == "N keeps no more outputs: no room"
    assert not list(project.cluster.root.glob("attempts/*/outputs/*/*"))
    project.run("--plan")  # nothing is given to N by it
    assert not list(project.cluster.root.glob("attempts/*/outputs/*/*"))
    project.cluster.answer[N, ("set", "y")] = unreachable(N)
    project.run()
    assert [event["missing"] for event in fetched(project)] == [[]]
    elsewhere(project)
    del project.cluster.answer[N, ("set", "y")]
    assert project.run().ret == 0
    assert first in {run for run, _, _ in cited(project.latest)}
    assert all(event["missing"] == [] for event in fetched(project))


def test_what_is_nowhere_is_told_in_words(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("engine.attempt.kept.LARGEST", 100)
        first = begun(project)
    elsewhere(project)
    project.run()
    (event,) = fetched(project)
    (group,) = event["missing"]
    assert (event["of"], group["why"].partition(":")[0]) == (first, "N has not got it")
    assert "in the run's own directory" in group["why"]
    assert "whole: not fetched: N has not got it" in page(project)
    verdict = verify(project.latest)
    assert verdict.code == NOT_PROVED
    assert any("outputs that are not here: N has not got it" in line for line in verdict.lines)


def test_n_that_hands_nothing_over_is_told(project: Project) -> None:
    begun(project)
    elsewhere(project)
    attempt = (project.cluster.root / "attempt").read_text().strip()
    asked = remote.script(remote.OUTPUTS, remote.ROOT, attempt)
    project.cluster.answer[N, asked] = lost_connection(N)
    assert project.run().ret == 0
    (group,) = fetched(project)[0]["missing"]
    assert f"could not be fetched from {N}" in group["why"]


def test_what_is_altered_on_n_is_not_taken(project: Project) -> None:
    begun(project)
    elsewhere(project)
    for path in project.cluster.root.glob("attempts/*/outputs/*/*"):
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    assert project.run().ret == 0
    assert fetched(project)[0]["missing"]
    assert verify(project.latest).code == NOT_PROVED


def test_an_earlier_output_that_is_altered_or_taken_away_is_seen(project: Project) -> None:
    first = begun(project)
    elsewhere(project)
    project.run()
    (project.latest / "manifest.json").unlink()  # not by the list alone
    lines = (project.latest / "journal.jsonl").read_text().splitlines(keepends=True)
    (project.latest / "journal.jsonl").write_text("".join(lines[:-1]))
    victim = next((project.latest / "outputs" / first).iterdir())
    text = victim.read_bytes()
    victim.write_bytes(text + b".")
    verdict = verify(project.latest)
    assert (verdict.code, "was altered" in verdict.lines[0]) == (NOT_VALID, True), verdict.lines
    victim.unlink()
    verdict = verify(project.latest)
    assert (verdict.code, "is missing" in verdict.lines[0]) == (NOT_VALID, True), verdict.lines
    assert victim.name in verdict.lines[0]


def test_the_reports_made_anew_cite_the_same(project: Project) -> None:
    begun(project)
    elsewhere(project)
    project.run()
    before = audit(project.latest)
    assert cli(["report", str(project.latest)]) == 0
    assert audit(project.latest) == before
