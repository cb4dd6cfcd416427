"""A signal at any moment: the run ends in good order and says what is left on the cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.attempt import remote
from engine.model.answer import Answer
from engine.queries.pacemaker import STATUS
from engine.record.interrupts import SIGNALS
from engine.run import closing
from tests.engine.scripted import said
from tests.parse.topology import crm_mon
from tests.plugin.kit import CHANGE, CLOSING, N, Project, assert_ended

pytest_plugins = "pytester"


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """What this process does with them is put back."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def kill(*names: str) -> None:
    for name in names:
        os.kill(os.getpid(), signal.Signals[name])


def then(answer: Answer, *names: str) -> Callable[[], Answer]:
    """Signals come while the node works; then it answers."""

    def reply() -> Answer:
        kill(*names)
        return answer

    return reply


def is_free(project: Project) -> bool:
    lock = project.cluster.root / "lock"
    return not lock.exists() or lock.read_text().splitlines()[1] == "free"


def test_before_the_run_has_begun(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.run.start.read_inventory", lambda *_: kill("SIGTERM", "SIGTERM"))
    project.steps(CHANGE)
    result = project.run()
    assert result.ret == 2
    result.stdout.fnmatch_lines(["interrupted before the run had begun: nothing was asked*"])
    assert project.is_untouched


@pytest.mark.parametrize("names", [("SIGTERM",), ("SIGINT", "SIGINT"), ("SIGHUP", "SIGTERM")])
def test_in_the_first_look(project: Project, names: tuple[str, ...]) -> None:
    project.cluster.answer[N, STATUS.argv] = then(said(crm_mon(3)), *names)
    project.steps(CHANGE)
    result = project.run()
    assert_ended(project, result, 2, "interrupted")
    result.stdout.fnmatch_lines([f"*the run was interrupted by {names[0]}*"])
    result.stdout.no_fnmatch_line("*KeyboardInterrupt*")
    assert project.cluster.changes == []
    assert project.outcomes() == {"first.baseline": "not reached", "second.change": "not reached"}
    assert is_free(project)


def test_while_the_lock_is_taken(project: Project) -> None:
    plain = project.cluster._reply

    def reply(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if len(argv) > 2 and argv[2] == remote.ACQUIRE.strip():
            kill("SIGTERM", "SIGTERM")
        return plain(node, argv, stdin)

    project.cluster._reply = reply  # type: ignore[method-assign]
    project.steps(CHANGE)
    assert_ended(project, project.run(), 2, "interrupted")
    assert (project.cluster.root / "lock").exists()
    assert is_free(project)
    assert project.cluster.changes == []


def test_while_steps_are_collected(project: Project) -> None:
    project.steps("os.kill(os.getpid(), signal.SIGTERM)\n" + CHANGE)
    result = project.run()
    assert result.ret == 2
    assert project.summary["outcome"] == "interrupted"
    assert project.cluster.asked == []
    assert (project.latest / "report.html").exists()


def test_a_change_under_way_is_waited_for_and_its_result_is_known(project: Project) -> None:
    project.cluster.answer[N, ("set", "x")] = then(said("x is set"), "SIGTERM")
    project.steps(CHANGE + CLOSING)
    result = project.run()
    assert_ended(project, result, 2, "interrupted")
    (ended,) = project.events("result")
    assert ended["outcome"] == "ok"
    assert project.summary["under_way"] == []
    assert "during second.change" in project.summary["stopped"]["reason"]
    result.stdout.fnmatch_lines(
        [
            "cut short: second.change (the run ended while it was under way)",
            "not reached: 1 of 3 steps",
            "what to do: Run again.*",
            "still running on the cluster: nothing that this runbook started",
            "still in place: no temporary change of this runbook",
            "next, then: * runbook --inventory inventory.ini",
        ]
    )
    assert is_free(project)


def test_twice_breaks_it_off_and_says_so(project: Project) -> None:
    project.cluster.answer[N, ("set", "x")] = then(said("x is set"), "SIGINT", "SIGINT")
    project.steps(CHANGE + CLOSING)
    result = project.run()
    assert_ended(project, result, 2, "interrupted")
    assert project.events("result") == []
    result.stdout.fnmatch_lines(["NOT KNOWN HOW IT ENDED: set x on neteye01.neteyelocal since *"])
    del project.cluster.answer[N, ("set", "x")]
    project.cluster.things.add("x")
    assert project.run().ret == 0
    assert project.cluster.changes == [("set", "x")]


def test_while_the_run_ends_its_code_stays(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = closing.finish

    def finish(*given: Any) -> Any:
        kill("SIGTERM", "SIGINT")
        return plain(*given)

    monkeypatch.setattr(closing, "finish", finish)
    project.steps(CHANGE)
    assert_ended(project, project.run(), 0, "done")


def test_what_was_temporary_is_told_with_the_way_out(project: Project) -> None:
    project.steps('''
from engine.act.actions import action
from engine.model.change import Change, Temporary

@action()
def off(look):
    """Fencing is off."""
    yield Change("off", "neteye01.neteyelocal", ("set", "off"), 5.0,
                 opens=(Temporary("fencing", "cluster", "enabled"),))

@step("second.off", after=["first.baseline"])
def test_off(off):
    """Fencing off."""
    os.kill(os.getpid(), signal.SIGTERM)
''')
    result = project.run()
    assert_ended(project, result, 2, "interrupted")
    result.stdout.fnmatch_lines(
        [
            "STILL IN PLACE, 1 temporary change:",
            "  fencing of cluster: not seen; * may do it; it was 'enabled' before",
            "* runbook --inventory inventory.ini --restore",
        ]
    )
