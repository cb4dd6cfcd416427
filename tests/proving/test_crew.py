"""The workers of a proof: who gets which case, what a red one, a dead one, an interrupt become."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.waiting import poll
from tests.proving import fakes, runner
from tests.proving.crew import Crew
from tests.proving.kind import Case
from tests.proving.queue import Queue
from tests.proving.results import ROOT
from tests.proving.worker import Ended

pytestmark = pytest.mark.usefixtures("project")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the code that proofs exercise, and a place for the page."""
    own = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], [*own, "commit", "-q", "--allow-empty", "-m", "code"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "a.py").write_text("1")
    for words in (["add", "engine"], [*own, "commit", "-q", "-m", "code"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def run(project: Path, *words: str) -> int:
    given = words if "--workers" in words else ("--workers", "2", *words)
    return runner.main((fakes.MATRIX, fakes.FAULTS, fakes.ALONE), given, project)


def log(project: Path) -> list[str]:
    """What the stands did, in the order in which it was done."""
    path = project / "log"
    return path.read_text().splitlines() if path.exists() else []


def cases_of(project: Path) -> list[str]:
    return sorted(line.split()[2] for line in log(project) if line.split()[1] == "run")


@pytest.fixture(autouse=True)
def _where(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fakes.LOG, str(project / "log"))
    monkeypatch.delenv(fakes.TROUBLE, raising=False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # pytest's own stay


def case(name: str, group: str) -> Case:
    return Case("matrix", name, group)


def test_a_worker_stays_with_its_group() -> None:
    queue = Queue([case("a", "x"), case("b", "y"), case("c", "x"), case("d", "y"), case("e", "x")])
    taken = [queue.take("y", ()) for _ in range(2)]
    assert [str(found) for found in taken] == ["matrix b", "matrix d"]
    assert str(queue.take("y", ())) == "matrix a"
    assert len(queue) == 2


def test_a_free_worker_goes_where_most_is_left_for_each() -> None:
    cases = [*(case(f"x{n}", "x") for n in range(6)), *(case(f"y{n}", "y") for n in range(4))]
    assert str(Queue(cases).take("", ())) == "matrix x0"
    assert str(Queue(cases).take("", ["x"])) == "matrix y0"
    assert str(Queue(cases).take("", ["x", "y"])) == "matrix x0"
    assert Queue([]).take("", ()) is None


def test_every_case_is_run_once_and_the_page_is_written(project: Path) -> None:
    assert run(project, "--workers", "3") == 0
    assert cases_of(project) == ["cut", "edge-1", "edge-2", "edge-3", "hang"]
    text = (project / "docs" / "proof.md").read_text()
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=project, text=True).strip()
    assert f"Commit `{commit}`" in text
    assert "all 5 cases green" in text
    assert text.count("\n| edge-") == 3
    assert "| cut | said of cut |" in text


def test_every_cluster_is_taken_down_in_the_end(project: Path) -> None:
    run(project, "--workers", "2")
    made = {line.split()[0] for line in log(project) if line.split()[1] == "run"}
    downs = [line.split()[0] for line in log(project) if line.split()[1] == "down"]
    assert made == set(downs)


def test_one_worker_changes_the_kind_once(project: Path) -> None:
    run(project, "--workers", "1")
    assert [line.split()[1:] for line in log(project)] == [
        *(["run", f"edge-{number}"] for number in (1, 3, 2)),
        ["down"],
        *(["run", name] for name in ("cut", "hang")),
        ["down"],
    ]


def test_what_is_green_is_not_run_again(project: Path) -> None:
    assert run(project, "--shard", "1/2") == 0
    first = cases_of(project)
    (project / "log").unlink()
    assert run(project) == 0
    assert sorted([*first, *cases_of(project)]) == ["cut", "edge-1", "edge-2", "edge-3", "hang"]
    (project / "log").unlink()
    assert run(project, "--only", "cut", "--again") == 0
    assert cases_of(project) == ["cut"]


def test_a_part_writes_no_page_and_says_what_is_missing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "--only", "edge-1,cut") == 0
    assert not (project / "docs" / "proof.md").exists()
    assert "proof.md is not written: 3 of 5 cases are not green" in capsys.readouterr().out
    run(project, "--kinds", "faults")
    assert "proof.md" not in capsys.readouterr().out
    run(project)
    assert (project / "docs" / "proof.md").exists()


def test_what_the_page_does_not_have_is_run_when_it_is_asked_for(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "--kinds", "edges,faults") == 0
    assert cases_of(project) == ["cut", "hang", "one", "two"]
    assert "proof.md" not in capsys.readouterr().out
    assert run(project, "--kinds", "matrix,faults") == 0
    page = (project / "docs" / "proof.md").read_text()
    assert "all 5 cases green" in page
    assert "The edges" not in page


def test_a_red_case_is_told_kept_and_run_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(fakes.TROUBLE, "edge-2=red")
    assert run(project) == 1
    said = capsys.readouterr().out
    assert "RED matrix edge-2: it went wrong" in said
    assert "1 of 5 cases are not green" in said
    assert not (project / "docs" / "proof.md").exists()
    (kept,) = (project / ".proving").glob("matrix/*/edge-2.evidence/console")
    assert kept.read_text() == "what it left"
    monkeypatch.delenv(fakes.TROUBLE)
    (project / "log").unlink()
    assert run(project) == 0
    assert cases_of(project) == ["edge-2"]
    assert (project / "docs" / "proof.md").exists()


def test_a_case_that_raises_is_red_and_its_cluster_goes(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(fakes.TROUBLE, "edge-1=broken")
    assert run(project, "--kinds", "matrix", "--workers", "1") == 1
    assert "RED matrix edge-1: ZeroDivisionError" in capsys.readouterr().out
    assert [line.split()[1] for line in log(project)] == ["run", "down", "run", "run", "down"]


def test_a_cluster_that_is_not_at_its_start_goes(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(fakes.TROUBLE, "edge-1=not-at-start")
    assert run(project, "--kinds", "matrix", "--workers", "1") == 1
    assert "RED matrix edge-1: not as at its start" in capsys.readouterr().out
    assert [line.split()[1] for line in log(project)] == ["run", "down", "run", "run", "down"]


def test_when_a_worker_dies_its_case_is_red_and_another_goes_on(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(fakes.TROUBLE, "edge-1=dies")
    assert run(project, "--workers", "1") == 1
    assert "RED matrix edge-1: its worker died with exit code 7" in capsys.readouterr().out
    assert cases_of(project) == ["cut", "edge-1", "edge-2", "edge-3", "hang"]


def test_a_cluster_that_does_not_go_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(fakes.TROUBLE, "edge-1=stays")
    assert run(project, "--only", "edge-1") == 0
    assert (
        "a: ended with exit code 1; the next start removes its cluster" in capsys.readouterr().out
    )


def test_when_a_result_can_t_be_kept_no_worker_is_left(tmp_path: Path) -> None:
    def put(case: Case, ended: Ended) -> None:
        raise OSError("no space left")

    crew = Crew({"matrix": fakes.MATRIX}, 2, lambda case: tmp_path, put, print)
    with pytest.raises(OSError, match="no space left"):
        crew.run(fakes.MATRIX.cases)
    assert multiprocessing.active_children() == []
    assert {line.split()[1] for line in log(tmp_path)} == {"run", "down"}


_CHILD = """
import sys
from pathlib import Path
from tests.proving import fakes, runner
if __name__ == "__main__":
    sys.exit(runner.main((fakes.MATRIX, fakes.FAULTS), ["--workers", "2"], Path(sys.argv[1])))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all_names_it_and_takes_clusters_down(
    project: Path, number: signal.Signals
) -> None:
    script = project / "proof.py"
    script.write_text(_CHILD)
    env = {**os.environ, fakes.TROUBLE: "edge-1=hangs", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, script, project],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    begun = poll(lambda: "edge-1" in " ".join(log(project)), lambda there: there, deadline=60)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert begun, said
    assert process.returncode == 130
    assert "ending matrix edge-1" in said
    assert "the same command goes on" in said
    lines = log(project)
    hanging = next(line.split()[0] for line in lines if line.endswith("run edge-1"))
    assert f"{hanging} down" in lines
    assert not (project / "docs" / "proof.md").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--only", "edge-9"], "there are: edge-1, edge-2, edge-3, cut, hang"),
        (["--kinds", "matrix", "--only", "cut"], "there are: edge-1, edge-2, edge-3"),
        (["--kinds", "faulty"], "there are: matrix, faults"),
        (["--shard", "3/2"], "expected NUMBER/OF"),
        (["--some", "matrix=x"], "expected KIND=NUMBER,... of matrix, faults"),
        (["--some", "storms=1"], "expected KIND=NUMBER,... of matrix, faults"),
        (["--workers", "0"], "expected 1 to 8"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], named: str
) -> None:
    assert run(project, *words) == 4
    assert named in capsys.readouterr().err
    assert log(project) == []


def test_some_of_each_kind_are_rotated(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "--some", "matrix=2,faults=1", "--again") == 0
    assert "proof.md" not in capsys.readouterr().out
    names = cases_of(project)
    assert len(names) == 3
    assert len([name for name in names if name.startswith("edge")]) == 2
