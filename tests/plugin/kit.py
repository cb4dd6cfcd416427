"""A tiny runbook on a cluster that is no cluster: what the plugin does, seen from outside.

The nodes answer the engine's own questions as a healthy cluster does; the record scripts of N
run for real in a directory. `set X` is a change, `has X` the question whether it is there.
"""

from __future__ import annotations

import copy
import importlib.metadata
import itertools
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jinja2
import pytest
import pytest_html.plugin

from engine.act.actions import action
from engine.act.driving import Action
from engine.ask.look import Look
from engine.model.answer import Answer, Lost
from engine.model.change import Change, Nothing
from engine.model.finding import Finding, Severities, Severity
from engine.model.host import Version
from engine.model.inventory import Inventory
from engine.model.query import Query
from engine.model.release import Release
from engine.queries.identity import WHO
from engine.queries.machine import LEFTOVERS
from engine.queries.neteye import DEFINITION, VERSION
from engine.queries.pacemaker import STATUS
from engine.queries.packages import BEHIND, package_state
from engine.record.run import Run
from engine.report.console import Console
from engine.run.session import Session
from tests.engine.kit import Node, is_record_script, who
from tests.engine.scripted import said
from tests.parse.topology import cluster_file, crm_mon, node_name

NODES = tuple(node_name(number) for number in (1, 2, 3))
N, SECOND, THIRD = NODES

INVENTORY = f"""\
[operative]
{N} ansible_host=192.0.2.1
{SECOND} ansible_host=192.0.2.2
{THIRD} ansible_host=192.0.2.3

[all:vars]
runbook_cluster = neteye.example.test
runbook_environment = staging
"""

# the plugin of hypothesis costs a second a run and does nothing here; tests add to the last line
PYTEST_INI = """\
[pytest]
testpaths = tests
# pytest-html's, as in the runbook's own
initial_sort = original
render_collapsed = passed,skipped
addopts = --strict-markers --strict-config -p no:hypothesispytest
"""

CONFTEST = """
pytest_plugins = ["engine.run.plugin", "tests.plugin.kit"]
"""

RELEASE = Release(
    source=Version(4, 25),
    target=Version(4, 26),
    severities=Severities(
        table={
            "bad-thing": Severity.BLOCK,
            "odd-thing": Severity.WARN,
            "support-needed": Severity.WARN,
            "question-unanswered": Severity.BLOCK,
            "version-path": Severity.BLOCK,
        },
        never_acceptable=frozenset({"version-path"}),
    ),
    guide={"G01": "the first duty", "G02": "the second duty"},
    known_conflicts=frozenset(),
    repository="neteye",
    database_resource="mariadb",
    estimate_base=30,
    estimate_per_node=15,
    support="Tell them everything.",
)

PACKAGES_LEFT = package_state("neteye", version="4.26", parts=BEHIND)
"""What a position asks once a round has ended well and every release file says 4.26."""

# What every tiny runbook begins with. `has` asks, `state` is an action.
PRELUDE = '''
import os, signal
import pytest
from engine.record.evidence import StoppedForPerson
from engine.model.steps import step
from tests.plugin.kit import HAS, bad, changing

@step("first.baseline", guide=["G01", "G02"])
def test_baseline(runbook_session, look, evidence):
    """The attempt is opened."""
    evidence.fulfilled("G01", "the tiny guide's first duty")
    evidence.fulfilled("G02", "the tiny guide's second duty")
    if look.attempt is None and not look.memory.closed:
        runbook_session.open_attempt({"fencing": True, "private": []})
    evidence.note("opened")

'''


def has(thing: str) -> Query[bool]:
    """Whether `set X` has been done on a node."""
    return Query(f"has {thing}", ("has", thing), lambda answer: answer.code == 0, ok_codes=(0, 1))


HAS = has


def bad(subject: str = "cluster", code: str = "bad-thing", **texts: Any) -> Finding:
    plain = {"observed": f"{subject} is bad", "expected": "good", "remedy": "Make it good, then."}
    return Finding(code, subject, **{**plain, **texts})


def changing(thing: str, **changes: Any) -> Callable[..., Action]:
    """An action of its own name that sets `thing` on N when it is not there."""

    def act(look: Look) -> Action:
        if look.ask(N, has(thing)):
            return Nothing(f"{thing} is there")
        yield Change(f"set {thing}", N, ("set", thing), deadline=10.0, **changes)
        return f"{thing} was missing"

    return act


@action(guide=("G02",))
def x_set(look: Look) -> Action:
    """x is set on N."""
    return (yield from changing("x")(look))


@action()
def y_set(look: Look) -> Action:
    """y is set on N."""
    return (yield from changing("y")(look))


@action()
def z_set_once(look: Look) -> Action:
    """z is set on N by a command that must not be run twice."""
    return (yield from changing("z", repeatable=False)(look))


class Cluster(Node):
    """Three nodes at 4.25. `things` are set; `answer` overrides an answer by (node, argv)."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.things: set[str] = set()
        self.version = "4.25"
        self.answer: dict[tuple[str, tuple[str, ...]], Answer | Lost | Callable[[], Any]] = {}
        self.closed = 0
        self.support: Callable[[str, tuple[str, ...]], Answer | Lost] = lambda *_: said(
            "as it is\n\n[exit code 0]\n"
        )
        """What a node says to a question of the support bundle, by node and command."""

    def _reply(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if (node, argv) in self.answer:
            given = self.answer[node, argv]
            return given() if callable(given) else given
        if is_record_script(argv):
            return super()._reply(node, argv, stdin)
        if argv == WHO.argv:
            return who(node, cluster_file(3))
        if argv[3:4] == ("support-bundle",):
            return self.support(node, argv[5:])
        return self._plain(argv)

    def _plain(self, argv: tuple[str, ...]) -> Answer:
        if argv[0] == "logger":
            return said()
        if argv[0] == "set":
            self.things.add(argv[1])
            return said(f"{argv[1]} is set")
        if argv[0] == "has":
            return said(code=0 if argv[1] in self.things else 1)
        answers: Mapping[tuple[str, ...], Answer] = {
            DEFINITION.argv: said(cluster_file(3)),
            VERSION.argv: said(f"NetEye release {self.version} - test\n"),
            LEFTOVERS.argv: said(),
            PACKAGES_LEFT.argv: said("== behind\n"),
            STATUS.argv: said(crm_mon(3)),
        }
        return answers[argv]

    def facts(self) -> None:
        """What testinfra finds on each node: a file `/there`, and `/x` with an x in it."""
        for node in NODES:
            self.answer |= {
                (node, ("sh", "-c", "test -e /there || test -L /there")): said(),
                (node, ("sh", "-c", "test -d /there")): said(code=1),
                (node, ("sh", "-c", "cat -- /x")): said("x"),
            }

    def close(self) -> None:
        self.closed += 1

    @property
    def changes(self) -> list[tuple[str, ...]]:
        """The changes that were run, in order."""
        return [argv for _, argv in self.asked if argv[0] == "set"]

    @property
    def scripts(self) -> list[str]:
        """The record scripts that were run."""
        return [argv[2] for _, argv in self.asked if is_record_script(argv)]


class Installed:
    """An installed package; pytest reads what it says of itself five times a run."""

    def __init__(self, found: importlib.metadata.Distribution) -> None:
        self._found = found

    @cached_property
    def entry_points(self) -> importlib.metadata.EntryPoints:
        return self._found.entry_points

    @cached_property
    def metadata(self) -> Any:
        return self._found.metadata

    @cached_property
    def files(self) -> Any:
        return self._found.files

    @cached_property
    def version(self) -> str:
        return self._found.version

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found, name)


_DISTRIBUTIONS = importlib.metadata.distributions
_DISTRIBUTION = importlib.metadata.distribution


@cache
def installed() -> list[Installed]:
    return [Installed(found) for found in _DISTRIBUTIONS()]


@cache
def installed_as(name: str) -> Installed:
    return Installed(_DISTRIBUTION(name))


_READ_TEMPLATE = pytest_html.plugin._read_template


@cache
def template(resources: Path) -> jinja2.Template:
    """That of pytest-html's report, compiled."""
    found: jinja2.Template = _READ_TEMPLATE([resources])
    return found


FIXTURES = "_pytest.fixtures.FixtureManager"
"""It looks behind each name of each plugin, two and a half thousand a run."""


class Project:
    """A project directory with a runbook of these steps, and the cluster that it finds."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self.monkeypatch = monkeypatch
        self.path = pytester.path
        self.cluster = Cluster(self.path / "on-n")
        self.sessions: list[Session] = []
        self.release = RELEASE
        self.started: list[Inventory] = []
        self.write("pytest.ini", PYTEST_INI)
        self.write("conftest.py", CONFTEST)
        self.write("inventory.ini", INVENTORY)
        self.write("tests/test_plain.py", "def test_plain():\n    pass\n")
        monkeypatch.setattr("engine.run.plugin.make_session", self._make_session)
        # runs of one second keep their order, as those of a real cluster do by their times
        self.numbers = itertools.count()
        monkeypatch.setattr("engine.record.directory.secrets.token_hex", lambda _: self._number())
        monkeypatch.setattr("tests.plugin.kit.CURRENT", self)
        # what no run of these changes is read once for all of them
        monkeypatch.setattr("importlib.metadata.distributions", installed)
        monkeypatch.setattr("importlib.metadata.distribution", installed_as)
        monkeypatch.setattr("pytest_html.plugin._read_template", lambda paths: template(*paths))
        # a fixture that another decorator hides is told by the run of these tests itself
        monkeypatch.setattr(f"{FIXTURES}._check_for_wrapped_fixture", lambda *_: None)

    def _number(self) -> str:
        return f"{next(self.numbers):04x}"

    def _make_session(self, run: Run, console: Console) -> Session:
        self.cluster.forget()  # a run's own door knows no machine yet
        self.cluster.question = WHO.argv  # who asked before was no run, but the test
        made = Session(run, self.cluster, console)
        self.sessions.append(made)
        return made

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        return path

    def steps(self, text: str, *, baseline: bool = True) -> None:
        """The runbook's steps, behind the baseline."""
        prelude = PRELUDE if baseline else PRELUDE[: PRELUDE.index("@step")]
        self.write("runbook/test_10_steps.py", prelude + text)

    def run(self, *args: str) -> pytest.RunResult:
        """`pytest runbook ARGS`, in this process."""
        return self.pytest("runbook", *args)

    def pytest(self, *args: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(*args, no_reraise_ctrlc=True)

    @property
    def directories(self) -> list[Path]:
        """The runs' directories, oldest first by their time stamps."""
        reports = self.path / "reports"
        found = [path for path in reports.glob("*") if not path.is_symlink()]
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    @property
    def latest(self) -> Path:
        return (self.path / "reports" / "latest").resolve()

    @property
    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = json.loads((self.latest / "summary.json").read_text())
        return summary

    def outcomes(self) -> dict[str, str]:
        """Step -> outcome."""
        return {step["name"]: step["outcome"] for step in self.summary["steps"]}

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = (self.latest / "journal.jsonl").read_text().split("\n")
        events = [json.loads(line) for line in lines if line]
        return [event for event in events if event["event"] == kind]

    @property
    def is_untouched(self) -> bool:
        """No directory, no connection, no rehearsal cluster."""
        nothing = not (self.path / "reports").exists()
        return nothing and not self.sessions and not self.cluster.asked and not self.started


@dataclass(frozen=True)
class _Saved:
    """What a project is made of between two runs."""

    files: Path
    things: frozenset[str]
    version: str
    asked: tuple[Any, ...]
    numbers: itertools.count[int]


class Saver:
    """A beginning that many tests go on from: made once, and copied for the others."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._known: dict[str, _Saved] = {}

    def begun(self, project: Project, begin: Callable[[Project], None]) -> None:
        """`project` is as `begin` leaves a new one; the answers that it gives are taken back."""
        name = f"{begin.__module__}.{begin.__qualname__}"
        if name in self._known:
            self._load(project, self._known[name])
            return
        begin(project)
        files = self._place / name
        shutil.copytree(project.path, files, symlinks=True, ignore=_COMPILED)
        cluster = project.cluster
        self._known[name] = _Saved(
            files,
            frozenset(cluster.things),
            cluster.version,
            tuple(cluster.asked),
            copy.copy(project.numbers),
        )

    @staticmethod
    def _load(project: Project, saved: _Saved) -> None:
        shutil.copytree(saved.files, project.path, symlinks=True, dirs_exist_ok=True)
        project.cluster.things = set(saved.things)
        project.cluster.version = saved.version
        project.cluster.asked[:] = saved.asked
        project.numbers = copy.copy(saved.numbers)


_COMPILED = shutil.ignore_patterns("__pycache__")

CURRENT: Project | None = None
"""The project of the test under way: the hooks below belong to its inner pytest."""


def pytest_runbook_release() -> Release:
    return CURRENT.release if CURRENT else RELEASE


def pytest_runbook_start_rehearsal(inventory: Inventory) -> None:
    if CURRENT:
        CURRENT.started.append(inventory)


CHANGE = '''
@step("second.change", after=["first.baseline"])
def test_change(x_set, look, evidence):
    """x is set."""
    assert look.ask("neteye01.neteyelocal", HAS("x"))
'''
FINDING = '''
@step("{name}.finding")
def test_{name}(evidence):
    """Judges."""
    evidence.judge([bad("{name} subject")], observed="seen")
'''
BECOMES = f'''
from engine.model.answer import Known
import tests.plugin.kit as kit


@step("third.becomes", after=["second.change"])
def test_becomes(runbook_session, look, evidence):
    """In mid-run another machine takes the second node's address."""
    kit.CURRENT.cluster.becomes("{SECOND}", Known("{"f" * 32}", "neteye09.example.test"))
    evidence.note("now")


@step("fourth.ask", after=["third.becomes"])
def test_ask(look, evidence):
    """A question that another machine would answer."""
    look.ask("{SECOND}", HAS("x"))


@step("fifth.change")
def test_other_change(y_set, look, evidence):
    """y is set on N."""
'''
CLOSING = '''
@step("closing.state")
def test_closing(evidence):
    """Always."""
    evidence.note("the state is told")
'''


def assert_ended(project: Project, result: pytest.RunResult, code: int, outcome: str) -> None:
    """Exit code, summary and the console's last words say the same."""
    result.stdout.fnmatch_lines([f"outcome: {outcome}, exit code {code}", "report: *report.html"])
    assert result.ret == code
    summary = project.summary
    assert (summary["outcome"], summary["exit_code"]) == (outcome, code)
    assert project.events("run-ended")[0]["exit_code"] == code
    assert project.cluster.closed == 1
