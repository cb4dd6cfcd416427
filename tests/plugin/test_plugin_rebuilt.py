"""`python -m engine report`: what the journal alone gives back, however the run ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.scripted import said
from tests.plugin.kit import CHANGE, CLOSING, FINDING, N, Project, Saver
from tests.plugin.pages import FILES, audit, cases, head, page

pytest_plugins = "pytester"

ROOT = Path(__file__).resolve().parents[2]
WAITS = CHANGE.replace('"first.baseline"', '"one.finding"')

OTHERS = ("evidence.html", "live.html")

ENDINGS: dict[str, Callable[[Project], None]] = {
    "done": lambda p: p.steps(CHANGE + CLOSING),
    "blocked": lambda p: p.steps(FINDING.format(name="one") + WAITS + CLOSING),
    "a failed change": lambda p: (
        p.cluster.answer.update({(N, ("set", "x")): said(code=4, stderr="no <b>way</b>")}),
        p.steps(CHANGE + CLOSING),
    ),
    "a failed assertion": lambda p: p.steps(
        '@step("a.b")\ndef test_a(look):\n    "Doc."\n    assert 1 == 2, "not two"\n'
    ),
    "interrupted": lambda p: p.steps(
        '@step("a.b")\ndef test_a(evidence):\n    "Doc."\n'
        "    os.kill(os.getpid(), signal.SIGTERM)\n" + CLOSING
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_rebuilt_is_what_the_run_left(
    project: Project, rebuild: Callable[[Path], str], ending: str
) -> None:
    ENDINGS[ending](project)
    project.run()
    run = project.latest
    before = (run / "journal.jsonl").read_bytes()
    old = page(run), head(run), cases(run), (run / "summary.json").read_bytes()
    of_audit, live = audit(run), (run / "live.html").read_bytes()
    assert "Made anew" not in (run / "evidence.html").read_text()
    for name in FILES:
        (run / name).unlink()
    rebuild(run)
    assert (run / "summary.json").read_bytes() == old[3]
    assert (audit(run), (run / "live.html").read_bytes()) == (of_audit, live)
    for name in ("evidence.html", "report.html"):
        # told once, before anything else
        assert (run / name).read_text().count("Made anew at ") == 1
    assert (page(run), head(run), cases(run)) == old[:3]
    assert (run / "journal.jsonl").read_bytes() == before
    for name in FILES:
        assert (run / name).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in run.iterdir()) == sorted(
        {
            *(*FILES, *OTHERS, "journal.jsonl", "manifest.json", "manifest.1.json"),
            *("VERIFY.txt", "verify.py"),
            *("outputs", "backups", "earlier"),
        }
    )


def test_the_runs_before_it_count(project: Project) -> None:
    """In a process of its own, which has nothing but the journals."""
    project.steps(CHANGE)
    assert project.run().ret == 0
    assert project.run().ret == 0
    before = (project.latest / "summary.json").read_bytes()
    subprocess.run(
        [sys.executable, "-m", "engine", "report", str(project.path / "reports" / "latest")],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert (project.latest / "summary.json").read_bytes() == before


def changed(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    assert project.run().ret == 0


def cut(project: Project, at: str, keep: int = 0) -> Path:
    """The run as a kill right after that event leaves it; `keep` characters of the next line."""
    run = project.latest
    lines = (run / "journal.jsonl").read_text().split("\n")
    last = next(i for i, line in enumerate(lines) if f'"event": "{at}"' in line)
    (run / "journal.jsonl").write_text("\n".join([*lines[: last + 1], lines[last + 1][:keep]]))
    # it had no time to list its files, and to say how they are verified, either
    for name in (*FILES, "evidence.html", "manifest.json", "VERIFY.txt", "verify.py"):
        (run / name).unlink()
    return run


@pytest.mark.parametrize("keep", [0, 40])
def test_a_killed_run_tells_what_was_under_way(
    project: Project, saver: Saver, rebuild: Callable[..., str], keep: int
) -> None:
    saver.begun(project, changed)
    run = cut(project, "intent", keep)
    said_of_it = rebuild(run, int(bool(keep)))
    summary = project.summary
    assert (summary["outcome"], summary["exit_code"]) == ("interrupted", 2)
    assert "ended without a word" in summary["stopped"]["reason"]
    assert "last event: intent at " in summary["stopped"]["reason"]
    assert "step under way: second.change" in summary["stopped"]["reason"]
    assert "change under way: set x on neteye01.neteyelocal since" in summary["stopped"]["reason"]
    assert project.outcomes() == {
        "first.baseline": "done",
        "second.change": "interrupted",
        "closing.state": "not reached",
    }
    (change,) = summary["under_way"]
    assert (change["step"], change["state"]) == ("second.change", "unknown")
    assert ("cut off while it was written" in said_of_it) == bool(keep)
    assert "NOT KNOWN HOW IT ENDED: set x on neteye01.neteyelocal" in said_of_it
    assert "outcome: interrupted, exit code 2" in said_of_it
    assert "next, then:" in said_of_it
    assert len(page(run)) == 3


@pytest.mark.parametrize("event", ["run-started", "steps", "position", "step-started", "row"])
def test_every_prefix_gives_a_report(
    project: Project, saver: Saver, rebuild: Callable[..., str], event: str
) -> None:
    saver.begun(project, changed)
    rebuild(cut(project, event, 10), 1)
    assert project.summary["outcome"] == "interrupted"


def test_what_stopped_it_first_counts_although_it_was_killed_later(
    project: Project, rebuild: Callable[[Path], str]
) -> None:
    project.steps(FINDING.format(name="one") + CLOSING)
    assert project.run().ret == 10
    rebuild(cut(project, "stopped"))
    assert project.summary["exit_code"] == 10
    assert "afterwards the run ended without a word" in project.summary["stopped"]["reason"]
