"""Services are asked from the first change of a run to its end; the run does not depend on it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.plugin.kit import CHANGE, CLOSING, INVENTORY, Project, assert_ended

pytest_plugins = "pytester"


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's own output."""


@pytest.fixture
def url() -> Iterator[str]:
    """Of a service that answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def events(project: Project) -> list[dict[str, Any]]:
    lines = (project.latest / "journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def wanting(project: Project, probes: str) -> None:
    project.write("inventory.ini", f"{INVENTORY}runbook_probes = {probes}\n")
    project.steps(CHANGE + CLOSING)


def test_from_before_the_first_change_until_after_the_last(project: Project, url: str) -> None:
    wanting(project, f"web={url}, gone=tcp://127.0.0.1:1")
    result = project.run()
    assert_ended(project, result, 0, "done")
    kinds = [(e["event"], e.get("target"), e.get("state")) for e in events(project)]
    first = next(n for n, kind in enumerate(kinds) if kind[0] == "intent")
    assert kinds.index(("probing", "web", "answers")) < first
    last = max(n for n, kind in enumerate(kinds) if kind[0] in ("result", "step-ended"))
    ended = kinds.index(("probing", "web", "ended"))
    assert last < ended < next(n for n, kind in enumerate(kinds) if kind[0] == "run-ended")
    totals = {total["target"]: total for total in project.summary["service_gaps"]["totals"]}
    assert totals["web"]["way"] == url
    assert (totals["web"]["gaps"], totals["gone"]["measured"]) == (0, 0)
    said = f"service gaps: web ({url}) none; gone never answered here, so not measured"
    assert said in result.stdout.str()
    assert "never answered there: not measured" in (project.latest / "evidence.html").read_text()


def test_without_a_change_nobody_is_asked(project: Project, url: str) -> None:
    wanting(project, f"web={url}")
    project.steps(CLOSING)
    project.run()
    assert not [e for e in events(project) if e["event"] == "probing"]
    wanting(project, f"web={url}")
    project.run()
    project.run("--plan")
    assert not [e for e in events(project) if e["event"] == "probing"]


def test_nobody_is_asked_when_none_is_wanted(project: Project) -> None:
    wanting(project, "no")
    assert_ended(project, project.run(), 0, "done")
    assert not [e for e in events(project) if e["event"] == "probing"]
    assert "not measured" in (project.latest / "evidence.html").read_text()


def test_its_own_failure_never_fails_the_run(
    project: Project, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("engine.probing.askers.ask", broken)
    wanting(project, f"web={url}")
    assert_ended(project, project.run(), 0, "done")
    (problem,) = [e["problem"] for e in events(project) if e.get("state") == "broken"]
    assert problem == "ZeroDivisionError: a defect"


def test_a_url_with_a_password_is_refused_unshown(project: Project) -> None:
    wanting(project, "web=https://admin:hunter2@neteye.example.test/")
    result = project.run()
    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == 4
    assert "runbook_probes web: has a user or password in its URL" in shown
    assert "hunter2" not in shown


FAILS = """
@step("third.check", after=["second.change"])
def test_check(evidence):
    \"\"\"Something else is wrong.\"\"\"
    assert not evidence.note("looked"), "wrong"
    raise AssertionError("wrong")
"""


def test_a_run_that_goes_on_asks_before_its_first_step(project: Project, url: str) -> None:
    """A command of the run before may be at work: what it does to services is seen."""
    wanting(project, f"web={url}")
    project.steps(CHANGE + FAILS + CLOSING)
    assert_ended(project, project.run(), 1, "failed")
    assert project.run().ret == 1  # it changes nothing
    kinds = [(e["event"], e.get("target"), e.get("state")) for e in events(project)]
    first = next(n for n, kind in enumerate(kinds) if kind[0] == "step-started")
    assert kinds.index(("probing", "web", "began")) < first
    began = next(e for e in events(project) if e["event"] == "probing")
    assert began["way"] == url  # it is known from the run before
