"""`--snapshot` and `--snapshot-of` seen from outside: what is refused, what is left and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.kit import CHANGE, CLOSING, Project, assert_ended
from tests.snapshot.recording import Recording

pytest_plugins = "pytester"


@pytest.fixture
def run(project: Project, tmp_path: Path) -> Path:
    """The directory of a recorded plan of this upgrade."""
    project.steps(CHANGE + CLOSING)
    return Recording(tmp_path).written(project.path / "earlier-plan")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--snapshot",), "*--snapshot goes with --plan*"),
        (("--snapshot", "--plan", "--restore"), "*--snapshot goes with --plan*"),
        (("--snapshot-of", "reports", "--plan"), "*--snapshot-of with --plan*"),
        (("--snapshot-of", "nowhere"), "*nowhere: no such run*"),
        (("--snapshot-of", "runbook"), "*no journal.jsonl in it*"),
    ],
)
def test_what_can_t_be_is_refused_in_a_sentence(
    project: Project, options: tuple[str, ...], told: str
) -> None:
    project.steps(CHANGE + CLOSING)
    result = project.run(*options)
    assert result.ret == 4
    result.stderr.fnmatch_lines([told])
    assert len(result.stderr.str().strip().splitlines()) == 1
    assert project.is_untouched


@pytest.mark.parametrize("option", ["--snapshot-of", "--follow-up", "--until", "--inventory"])
@pytest.mark.parametrize("given", ["", " "])
def test_an_option_with_nothing_behind_it_starts_no_upgrade(
    project: Project, option: str, given: str
) -> None:
    project.steps(CHANGE + CLOSING)
    inventory = ("--inventory", "inventory.ini") if option != "--inventory" else ()
    result = project.run(*inventory, option, given)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*{option} is given with nothing behind it*"])
    assert len(result.stderr.str().strip().splitlines()) == 1
    assert project.is_untouched


def test_a_plan_without_it_asks_no_more_and_leaves_none(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    project.run("--plan")
    assert not (project.latest / "snapshot.tar.gz").exists()
    assert not any("nproc" in argv for _, argv in project.cluster.asked)


def test_an_upgrade_that_knows_no_snapshot_says_so_and_the_plan_stands(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    result = project.run("--plan", "--snapshot")
    assert_ended(project, result, 0, "planned")
    result.stdout.fnmatch_lines(["snapshot: NOT WRITTEN: *knows no snapshot"])
    assert not (project.latest / "snapshot.tar.gz").exists()


def test_of_a_recorded_run_nobody_is_asked(project: Project, run: Path) -> None:
    before = sorted(run.rglob("*"))
    result = project.run("--snapshot-of", str(run))
    assert result.ret == 0, result.stderr.str()
    result.stdout.fnmatch_lines(["snapshot: *snapshot.tar.gz, * KiB; read its index.txt *"])
    made = project.path / "snapshot.tar.gz"
    assert made.stat().st_mode & 0o777 == 0o600
    assert sorted(run.rglob("*")) == before, "the evidence stays as it is"
    assert project.is_untouched
    # the same again, and never over what is there
    first = made.read_bytes()
    result = project.run("--snapshot-of", str(run))
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*snapshot.tar.gz is there already; move it away*"])
    made.unlink()
    project.run("--snapshot-of", str(run))
    assert made.read_bytes() == first


def test_of_an_altered_run_none_is_made(project: Project, run: Path) -> None:
    journal = run / "journal.jsonl"
    journal.write_text(journal.read_text().replace("acmeportal_group", "acmekasse_group"))
    result = project.run("--snapshot-of", str(run))
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*nothing goes by evidence that was altered since*"])
    assert not (project.path / "snapshot.tar.gz").exists()


def test_of_a_run_that_did_not_ask_the_cluster_none_is_made(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    project.run("--plan")
    result = project.run("--snapshot-of", str(project.latest))
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*no answer to 'cluster configuration' that can be read*"])
    assert not (project.path / "snapshot.tar.gz").exists()


def test_what_would_name_somebody_is_not_written(
    project: Project, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something replaced nothing: the last look stands before the archive."""
    from engine.snapshot.names import Names

    monkeypatch.setattr(Names, "service", lambda self, name: (self.guard(name, "a name"), name)[1])
    result = project.run("--snapshot-of", str(run))
    assert result.ret == 1
    result.stdout.fnmatch_lines(["ERROR: the snapshot would have held a*so it was not written*"])
    assert "acme" not in result.stdout.str()
    assert not (project.path / "snapshot.tar.gz").exists()
