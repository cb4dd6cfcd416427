"""Who is told of a run, by the inventory's words: a command, a webhook, a sign of life."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.attempt.records import LockLost, RecordsWriter
from tests.engine.test_webhook import TOKEN, Server
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import (
    CHANGE,
    CLOSING,
    FINDING,
    INVENTORY,
    RELEASE,
    N,
    Project,
    assert_ended,
)
from tests.plugin.several_nights import PAUSES, STAGES, steps_of

pytest_plugins = "pytester"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().served() as served:
        yield served


def told_by(project: Project, address: str, form: str = "slack", *more: str) -> Path:
    """The inventory names a file with that address."""
    file = project.write("address", f"{address}\n")
    file.chmod(0o600)
    settings = [f"runbook_notify_url_file = {file}", f"runbook_notify_form = {form}", *more]
    project.write("inventory.ini", INVENTORY + "\n".join(settings) + "\n")
    return file


def texts(server: Server) -> list[str]:
    return [got["text"] for _, _, got in server.got]


def test_a_webhook_is_told_begin_phases_and_end(project: Project, server: Server) -> None:
    told_by(project, server.url())
    project.steps(CHANGE + CLOSING)
    assert_ended(project, project.run(), 0, "done")
    occasions = [text.split(": ")[1] for text in texts(server)]
    assert (occasions[0], occasions[-1]) == ("begun", "end")
    assert set(occasions[1:-1]) <= {"phase"}
    assert "done (exit code 0)" in texts(server)[-1]
    assert problems_of_run(project.latest) == []


def test_a_run_that_another_one_keeps_out_calls_nobody(project: Project, server: Server) -> None:
    """The night of the run at work is good; who typed the second one reads why on his console."""
    told_by(project, server.url())
    project.steps(CHANGE)
    RecordsWriter(project.cluster, N, {"who": "B. Bianchi", "host": "another"}).acquire()
    assert_ended(project, project.run(), 13, "locked")
    assert texts(server) == []


def test_a_run_that_lost_the_cluster_tells_that(project: Project, server: Server) -> None:
    def taken_over(*_: object) -> None:
        raise LockLost("the cluster was taken over")

    project.monkeypatch.setattr(RecordsWriter, "open_attempt", taken_over)
    told_by(project, server.url())
    project.steps(CHANGE)
    assert_ended(project, project.run(), 13, "locked")
    occasions = [text.split(": ")[1] for text in texts(server)]
    assert [one for one in occasions if one != "phase"] == ["begun", "stop", "end"]


def phases(project: Project) -> list[str]:
    """Those that are said to begin, as a run goes on: newer news may take their place."""
    told: list[str] = []
    project.monkeypatch.setattr(
        "engine.run.stepping.tell_phase", lambda run, phase, progress: told.append(phase)
    )
    return told


def test_of_phases_that_are_left_for_another_night_none_is_told(project: Project) -> None:
    told = phases(project)
    project.release = replace(RELEASE, stages=STAGES, pauses=PAUSES, no_return="upgrade.run")
    project.steps(steps_of())
    assert_ended(project, project.run("--until", "update"), 0, "stopped as asked")
    assert told == ["first", "update", "closing"]


def test_a_phase_that_comes_again_is_told_once(project: Project) -> None:
    """The rounds of an upgrade and their files take turns."""
    told = phases(project)
    body = '@step("{}", after=["first.baseline"])\ndef test_{}(evidence):\n    """It."""\n\n\n'
    rounds = ("one.first", "two.first", "one.second", "two.second")
    project.steps("".join(body.format(name, name.replace(".", "_")) for name in rounds))
    project.run()
    assert (told.count("one"), told.count("two")) == (1, 1)


def test_nothing_that_a_run_leaves_or_says_has_the_address(
    project: Project, server: Server
) -> None:
    server.statuses = [404]
    told_by(project, server.url())
    project.steps(CHANGE + CLOSING)
    result = project.run("--support-bundle")
    assert_ended(project, result, 0, "done")
    assert TOKEN not in result.stdout.str() + result.stderr.str()
    for path in (p for p in project.latest.rglob("*") if p.is_file()):
        assert TOKEN.encode() not in path.read_bytes(), path
    told = project.events("notified")
    assert {event["program"] for event in told} == {"webhook (slack)"}
    assert {event["problem"] for event in told} == {"it answered HTTP 404"}


def test_who_is_not_there_is_told_once_on_the_console_and_the_run_goes_on(
    project: Project,
) -> None:
    with Server().served() as gone:
        url = gone.url()
    told_by(project, url)
    project.steps(CHANGE + CLOSING)
    result = project.run()
    assert_ended(project, result, 0, "done")
    # pytest shows what was captured once more
    said = list(dict.fromkeys(re.findall(r"webhook \(slack\) was not told.*", result.stdout.str())))
    assert len(said) == 2
    assert said[0] == ("webhook (slack) was not told (begun): Connection refused; the run goes on")
    assert "2 times in a row" in said[1]
    assert project.events("notified")[-1]["occasion"] == "end"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("runbook_notify_url_file = /no/such", "needs runbook_notify_form"),
        (
            "runbook_notify_url_file = /no/such\nrunbook_notify_form = slack",
            "runbook_notify_url_file: /no/such can't be read",
        ),
        ("runbook_notify_every = 10", "needs runbook_notify_command"),
    ],
)
def test_a_mistake_ends_before_anything_is_asked(
    project: Project, settings: str, problem: str
) -> None:
    project.write("inventory.ini", f"{INVENTORY}{settings}\n")
    project.steps(CHANGE)
    result = project.run()
    assert result.ret == 4
    assert problem in result.stderr.str() + result.stdout.str()
    assert (project.cluster.asked, list(project.path.glob("reports/2*"))) == ([], [])


def test_a_plan_tells_how_it_ended_and_nothing_else(project: Project, server: Server) -> None:
    told_by(project, server.url())
    project.steps(CHANGE)
    project.run("--plan")
    assert [text.split(": ")[1] for text in texts(server)] == ["end"]


def test_a_sign_of_life_comes_while_a_step_lasts(project: Project) -> None:
    """It waits for one: without it the step fails."""
    told = project.path / "told"
    project.write(
        "inventory.ini",
        f"{INVENTORY}runbook_notify_command = sh -c 'cat >> {told}'\nrunbook_notify_every = 1\n",
    )
    project.monkeypatch.setattr("engine.run.notify.MINUTE", 0.01)
    project.steps(f'''
from pathlib import Path
from engine.waiting import attempts

@step("one.slow", after=["first.baseline"])
def test_slow(evidence):
    """Lasts until somebody hears of it."""
    told = Path({str(told)!r})
    assert any(told.is_file() and '"alive"' in told.read_text() for _ in attempts(60, every=0.01))
    evidence.note("heard")
''')
    assert_ended(project, project.run(), 0, "done")
    alive = [json.loads(line) for line in told.read_text().splitlines() if '"alive"' in line]
    assert alive[0]["step"] in ("first.baseline", "one.slow", None)


# who runs it


def by(project: Project, name: str, login: str) -> pytest.RunResult:
    project.monkeypatch.setattr("getpass.getuser", lambda: login)
    return project.run("--by", name)


def test_who_runs_it_is_on_record_by_name(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    assert_ended(project, by(project, " A. Rossi ", "rossi"), 0, "done")
    (begun,) = project.events("run-started")
    assert (begun["operator"], begun["by"]) == ("rossi", "A. Rossi")
    assert project.summary["operator"] == "A. Rossi (rossi)"
    assert project.summary["begun_by"] is None
    assert problems_of_run(project.latest) == []
    for name in ("report.html", "evidence.html"):
        assert "A. Rossi (rossi)" in (project.latest / name).read_text()


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[1m", "x" * 101])
def test_what_is_no_name_is_refused(project: Project, name: str) -> None:
    project.steps(CHANGE)
    result = project.run("--by", name)
    assert result.ret == 4
    assert "expected the name of a person" in result.stderr.str() + result.stdout.str()
    assert project.cluster.asked == []


def test_a_second_person_is_told_who_began_and_so_are_the_reports(project: Project) -> None:
    project.steps(FINDING.format(name="one") + CLOSING)
    assert by(project, "A. Rossi", "rossi").ret == 10
    first = project.summary["run_id"]
    project.steps(CHANGE + CLOSING)
    result = by(project, "B. Bianchi", "bianchi")
    assert result.ret == 0
    said = f"this upgrade was begun by A. Rossi (rossi) on *, run {first} of * UTC"
    result.stdout.fnmatch_lines([said])
    begun = project.summary["begun_by"]
    assert (begun["operator"], begun["run"]) == ("A. Rossi (rossi)", first)
    assert project.summary["operator"] == "A. Rossi (rossi), B. Bianchi (bianchi)"
    assert any(said[:40] in event["text"] for event in project.events("note"))
    assert problems_of_run(project.latest) == []


def test_the_same_person_is_told_nothing_of_it(project: Project) -> None:
    project.steps(FINDING.format(name="one") + CLOSING)
    by(project, "A. Rossi", "rossi")
    project.steps(CHANGE + CLOSING)
    result = by(project, "A. Rossi", "rossi")
    assert "was begun by" not in result.stdout.str()
    assert project.summary["begun_by"] is None
