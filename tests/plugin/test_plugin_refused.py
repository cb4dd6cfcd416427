"""The role firewall refuses: an event in the evidence, exit code 1, and nothing after it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from engine.attempt import remote
from engine.model.inventory import Role
from engine.transport.firewall import Firewall, Latch, Pattern, Rule
from tests.engine.kit import is_record_script
from tests.plugin.kit import CLOSING, SECOND, N, Project, assert_ended

pytest_plugins = "pytester"

STRANGER = "stranger.example.test"
RULE = Rule(frozenset({Role.OPERATIVE}), (Pattern("forbidden"),), "it would do harm here (G19)")
RULES = [RULE]

HEAD = f'''
from engine.act.actions import action
from engine.model.change import Change
from engine.model.query import Query

BAD = Query("a bad thing", ("forbidden", "thing"), lambda answer: True)
GOOD = Query("a good thing", ("true",), lambda answer: True)
N, SECOND, STRANGER = "{N}", "{SECOND}", "{STRANGER}"
'''
TAIL = '''
@step("second.change")
def test_change(x_set):
    """x is set."""

@step("third.ask")
def test_ask(look, evidence):
    """Asks."""
    look.ask(N, HAS("x"))
'''
WAYS = {
    "a question": '''
@step("first.bad")
def test_bad(look):
    """Asks what is refused."""
    look.ask(SECOND, BAD)
''',
    "a question to all": '''
@step("first.bad")
def test_bad(look, evidence):
    """Asks all."""
    evidence.answered(look.ask_all([N, SECOND], BAD))
''',
    "a stranger": '''
@step("first.bad")
def test_bad(look):
    """Asks a host outside the inventory."""
    look.ask(STRANGER, GOOD)
''',
    "a question of an action": '''
@action()
def asks(look):
    """Asks before it acts."""
    look.ask(SECOND, BAD)
    yield Change("never", N, ("set", "never"), 5.0)

@step("first.bad")
def test_bad(asks):
    """Acts."""
''',
    "a change": '''
@action()
def acts(look):
    """Acts where it must not."""
    yield Change("the bad thing", SECOND, ("forbidden", "thing"), 5.0)

@step("first.bad")
def test_bad(acts):
    """Acts."""
''',
    "a start": '''
@action()
def acts(look):
    """Starts what must not run there."""
    yield Change("the bad thing", N, ("forbidden", "thing"), 5.0, repeatable=False,
                 detached="bad-1")

@step("first.bad")
def test_bad(acts):
    """Acts."""
''',
    "a forward": '''
@step("first.bad")
def test_bad(runbook_session):
    """Asks a database on a host outside the inventory."""
    with runbook_session._transport.forward(STRANGER, "/socket"):
        pass
''',
}


@pytest.fixture
def walled(project: Project) -> Project:
    """The cluster behind the real firewall, with a rule of the test's."""
    meet, forward = project.cluster._meet, project.cluster.forward

    @functools.cache
    def wall() -> Latch:
        inventory = project.sessions[-1].run.inventory
        latch = Latch(Firewall(inventory, tuple(RULES), remote.BOOKKEEPING))
        latch.on_refused = project.cluster.on_refused
        return latch

    def met(node: str, argv: Sequence[str]) -> None:
        """The firewall comes before any machine is met, as at the real door."""
        if project.sessions and argv:
            wall().check(node, argv)
        meet(node, argv)

    @contextlib.contextmanager
    def forwarded(node: str, socket: str) -> Iterator[Path]:
        wall().check_node(node)
        with forward(node, socket) as local:
            yield local

    project.monkeypatch.setattr(project.cluster, "_meet", met)
    project.monkeypatch.setattr(project.cluster, "forward", forwarded)
    return project


@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_ends_the_run_wherever_it_comes_from(walled: Project, way: str) -> None:
    walled.steps(HEAD + WAYS[way] + TAIL + CLOSING)
    result = walled.run()
    assert_ended(walled, result, 1, "failed")
    (refused,) = walled.events("refused")
    stranger = way in ("a stranger", "a forward")
    assert refused["step"] == "first.bad"
    assert refused["node"] == (STRANGER if stranger else N if way == "a start" else refused["node"])
    assert refused["command"] == ("" if stranger else "forbidden")
    assert refused["rule"] == (
        "nothing runs on a host outside the inventory" if stranger else RULE.why
    )
    result.stdout.fnmatch_lines(["*STOPPED (failed): the role firewall refused a command: *"])
    assert walled.cluster.changes == []
    # no step follows; what N keeps of the run is bookkeeping
    assert [event["step"] for event in walled.events("step-started")][-1] == "first.bad"
    plain = [argv for _, argv in walled.cluster.asked if not is_record_script(argv)]
    assert ("has", "x") not in plain
    assert ("forbidden", "thing") not in plain
    assert (walled.cluster.root / "lock").read_text().splitlines()[1] == "free"


@pytest.mark.parametrize("way", ["a change", "a start"])
def test_a_refused_change_never_started(walled: Project, way: str) -> None:
    walled.steps(HEAD + WAYS[way])
    walled.run()
    (result,) = walled.events("result")
    assert (result["outcome"], result["never_started"]) == ("failed", True)


def test_a_refusal_in_a_plan_ends_it_too(walled: Project) -> None:
    asking = WAYS["a question"].replace('@step("first.bad")', '@step("first.bad", asks=True)')
    walled.steps(HEAD + asking + TAIL)
    result = walled.run("--plan")
    assert result.ret == 1
    assert len(walled.events("refused")) == 1


def test_a_refusal_in_the_first_look_ends_the_run(walled: Project) -> None:
    first = Rule(frozenset({Role.OPERATIVE}), (Pattern("crm_mon"),), "not here")
    walled.monkeypatch.setattr(f"{__name__}.RULES", [first])
    walled.steps(HEAD + TAIL)
    result = walled.run()
    assert result.ret == 1
    assert walled.events("refused")[0]["command"] == "crm_mon"
    assert walled.cluster.changes == []
