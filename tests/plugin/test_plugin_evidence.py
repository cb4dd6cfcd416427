"""What a run leaves: files, their modes, and that nothing a node said is markup in them."""

from __future__ import annotations

import gzip
import json
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.record.journal import read_journal
from engine.secrets import MASK
from tests.engine.scripted import said
from tests.plugin.kit import N, Project

pytest_plugins = "pytester"

STEPS = '''
@step("second.change", after=["first.baseline"], guide=["G01", "G02"])
def test_change(x_set, look, evidence):
    """x is set."""
    evidence.judge([], observed="x is set", guide=["G01"])
    assert look.ask("neteye01.neteyelocal", HAS("x"))
'''
FILES = ("report.html", "junit.xml", "summary.json", "journal.jsonl")


@pytest.fixture
def green(project: Project) -> Project:
    project.steps(STEPS)
    result = project.run()
    assert result.ret == 0, result.outlines
    return project


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_files_and_directories_are_there_for_their_owner_only(green: Project) -> None:
    for file in FILES:
        path = green.latest / file
        assert path.stat().st_size > 0
        assert mode(path) == 0o600
    for directory in (".", "outputs", "backups", "earlier"):
        assert mode(green.latest / directory) == 0o700


@pytest.mark.parametrize("code", [10, 1, 2])
def test_the_files_are_there_however_it_ended(project: Project, code: int) -> None:
    body = {
        10: 'evidence.judge([bad()], observed="x")',
        1: "assert False",
        2: "os.kill(os.getpid(), signal.SIGTERM)",
    }[code]
    project.steps(f'@step("a.b")\ndef test_a(evidence):\n    "Doc."\n    {body}\n')
    assert project.run().ret == code
    for file in FILES:
        assert mode(project.latest / file) == 0o600


def test_directories_are_named_by_time_and_cluster_and_latest_is_the_newest(
    green: Project,
) -> None:
    first = green.latest
    assert re.fullmatch(r"\d{8}T\d{6}Z-neteye\.example\.test-[0-9a-f]{4}", first.name)
    assert green.summary["run_id"] == first.name
    assert green.run().ret == 0
    assert green.latest != first
    assert (green.path / "reports" / "latest").is_symlink()
    assert len(green.directories) == 2


def test_the_journal_is_whole_and_in_order(green: Project) -> None:
    text = (green.latest / "journal.jsonl").read_text()
    events = read_journal(text.splitlines(), "journal.jsonl")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["event"] == "run-started"
    assert [e["event"] for e in events if e["event"] in ("intent", "result")] == [
        "intent",
        "result",
    ]


def test_the_journal_on_n_is_the_journal_here(green: Project) -> None:
    (there,) = green.cluster.root.glob("attempts/*/journal/*.jsonl")
    here = (green.latest / "journal.jsonl").read_text()
    assert here.startswith(there.read_text())
    assert "attempt-opened" in there.read_text()


def test_a_later_run_brings_the_earlier_journals_of_its_attempt(green: Project) -> None:
    (first,) = green.directories
    assert green.run().ret == 0
    (kept,) = (green.latest / "earlier").iterdir()
    assert first.name in kept.name
    assert mode(kept) == 0o600
    assert "x is set" in kept.read_text()
    assert green.summary["attempt"] == first.name


def blob(project: Project) -> str:
    """The data that the report's own script renders, as it will find it."""
    html = (project.latest / "report.html").read_text()
    found = re.search(r'data-jsonblob="([^"]*)"', html)
    assert found
    return unescape(found[1])


def test_the_report_shows_rows_steps_and_what_was_recorded(green: Project) -> None:
    suite = ElementTree.parse(green.latest / "junit.xml").getroot()
    assert len(suite.findall(".//testcase")) == 2
    html = (green.latest / "report.html").read_text()
    assert "the first duty" in html
    assert "fulfilled" in html
    assert "exit code 0" in html
    assert "change on neteye01.neteyelocal: set x" in blob(green)
    # it needs nothing from elsewhere
    assert not re.search(r'(?:src|href)="(?!#|data:)[^"]*\.(?:css|js)"', html)
    assert not (green.latest / "assets").exists()


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def assert_harmless(project: Project) -> None:
    html = (project.latest / "report.html").read_text()
    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html
    shown = json.dumps(json.loads(blob(project)))
    assert "alert(1)" in shown
    assert "<script>alert(1)" not in shown
    assert "<img src=x" not in shown


ASKING = '''
@step("a.b")
def test_a(look, evidence):
    """Asks."""
    look.ask("neteye01.neteyelocal", HAS("evil"))
    evidence.note("asked")
'''


def test_what_a_node_prints_is_escaped_in_the_report(project: Project) -> None:
    project.cluster.answer[N, ("has", "evil")] = said(EVIL, stderr=EVIL)
    project.steps(ASKING)
    assert project.run().ret == 0
    assert_harmless(project)


def test_so_it_is_in_a_finding_and_in_a_failure(project: Project) -> None:
    project.cluster.answer[N, ("has", "evil")] = said(EVIL, code=9, stderr=EVIL)
    project.steps(ASKING)
    assert project.run().ret == 10
    assert_harmless(project)


def test_so_it_is_in_an_assertion_and_in_a_failed_change(project: Project) -> None:
    project.cluster.answer[N, ("set", "x")] = said(EVIL, code=9, stderr=EVIL)
    project.steps(
        STEPS
        + f'''
@step("c.d")
def test_c():
    """Fails."""
    assert "" == {EVIL!r}
'''
    )
    assert project.run().ret == 1
    assert_harmless(project)


def test_the_reason_of_a_failed_assertion_is_what_failed(project: Project) -> None:
    project.steps('@step("a.b")\ndef test_a(look):\n    "Doc."\n    assert 1 == 2, "not two"\n')
    result = project.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["failed: a.b: *not two*"])


def test_control_characters_of_a_node_do_not_reach_the_terminal(project: Project) -> None:
    project.cluster.answer[N, ("set", "x")] = said(code=9, stderr="\x1b[2J\x1b]0;title\x07")
    project.steps(STEPS)
    result = project.run()
    assert result.ret == 1
    assert "[2J" in result.stdout.str()
    assert "\x1b[2J" not in result.stdout.str()
    assert "\x07" not in result.stdout.str()
    for name in ("report.html", "evidence.html", "junit.xml"):
        text = (project.latest / name).read_text()
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text), name


def test_a_secret_is_in_no_file_of_the_run(project: Project) -> None:
    project.steps('''
from engine.model.query import Query
from engine.secrets import Secret
from engine.model.change import Change
from engine.act.actions import action

SECRET = Query("secret", ("has", "secret"), lambda a: Secret(a.text), secret=True)

@action()
def told(look):
    """Passes a secret on."""
    yield Change("tell", "neteye01.neteyelocal", ("set", "x"), 5.0,
                 stdin=look.ask("neteye01.neteyelocal", SECRET))

@step("a.b", after=["first.baseline"])
def test_a(told, look, evidence):
    """Knows a secret and fails with it in its hands."""
    value = look.ask("neteye01.neteyelocal", SECRET)
    evidence.note(f"the value is {value.reveal()}")
    assert value.reveal() == "another"
''')
    value = "Tr0ub4dor&3"
    project.cluster.answer[N, ("has", "secret")] = said(value)
    result = project.run()
    assert result.ret == 1
    assert value not in result.stdout.str()
    places = [*project.latest.rglob("*"), *project.cluster.root.rglob("*")]
    for path in (place for place in places if place.is_file()):
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")
        assert value not in unescape(text), path


TELLING = """
from engine.secrets import Secret

SECRET = Secret("Tr0ub4dor&3")

@step("a.told", after=["first.baseline"])
def test_told(evidence):
    \"\"\"Tells what it knows.\"\"\"
    evidence.note(f"login with {SECRET.reveal()}, password = Hunter2x")

@step("a.found", after=["first.baseline"])
def test_found(evidence):
    \"\"\"Finds what it knows.\"\"\"
    evidence.judge([bad(observed=f"login with {SECRET.reveal()}")], observed="x")

@step("a.cut", after=["first.baseline"])
def test_cut(evidence):
    \"\"\"Its reason is cut within what it knows.\"\"\"
    evidence.note("x" * 295 + SECRET.reveal())

@step("a.broken", after=["first.baseline"])
def test_broken(evidence):
    \"\"\"Fails with what it knows.\"\"\"
    raise RuntimeError(f"login with {SECRET.reveal()}, password = Hunter2x")
"""


@pytest.mark.parametrize("option", ["", "--plan"])
def test_a_secret_is_not_on_the_console(project: Project, option: str) -> None:
    project.steps(TELLING.replace('"])', '"], asks=True)'))
    result = project.run(*filter(None, [option]))
    assert MASK in result.stdout.str()
    assert "Tr0u" not in result.stdout.str()
    assert "Hunter2x" not in result.stdout.str()
