"""What was asked ahead: once for all who ask the same, taken once by each, and never for later."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.ask.ahead import Course, Scouting, Served, SideBySide
from engine.ask.answers import Answers, NotAhead
from engine.ask.look import Look
from engine.errors import Unanswered
from engine.model.answer import Answer, DatedAnswer, Lost
from engine.model.inventory import Role
from engine.model.names import names_of
from engine.model.query import Query, of_text
from engine.queries.machine import CLOCK
from engine.record.run import Run
from engine.transport.base import in_parallel
from engine.transport.firewall import Firewall
from tests.engine import kit
from tests.engine.scripted import FakeTransport, said

NUMBER: Query[int] = Query("a number", ("number",), of_text(int))
OTHER: Query[int] = Query("another number", ("other",), of_text(int))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return kit.make_run(tmp_path)


class Plan:
    """Scouts, and a look that is served what they asked."""

    def __init__(self, run: Run, answers: Mapping[Any, Any]) -> None:
        self.door = FakeTransport(answers)
        self.served = Served(self.door)
        self.look = Look(run, self.door, names_of(run.inventory, None))
        self.look.source = self.served
        self.over = threading.Event()
        guard = Firewall(run.inventory)
        self._asked = SideBySide(self.door, guard, self.served.databases)

    def scout(self, course: Course) -> Scouting:
        return Scouting(self._asked, self.served.answers, course, self.over)

    @property
    def asked(self) -> list[tuple[str, ...]]:
        return [argv for _, argv in self.door.asked]


def observed(run: Run) -> list[Mapping[str, Any]]:
    return [event for event in run.journal if event["event"] == "observation"]


def test_equal_questions_are_asked_once_and_each_step_has_its_observation(run: Run) -> None:
    begun = threading.Event()

    def slowly() -> Answer:
        begun.wait(5)
        return said("7")

    plan = Plan(run, {(kit.N, ("number",)): slowly})
    courses = [Course() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        found = [pool.submit(plan.scout(one).answer, kit.N, NUMBER) for one in courses]
        begun.set()
    assert {one.result().text for one in found} == {"7"}
    for course in courses:
        plan.served.begin(course)
        assert plan.look.ask(kit.N, NUMBER) == 7
    assert plan.asked == [("number",)]
    seen = observed(run)
    assert len(seen) == 3
    assert all(one["answered"] and one["output"] == {"text": "7"} for one in seen)
    # all that were to have it have taken it: whoever asks now is told what is there now
    assert plan.look.ask(kit.N, NUMBER) == 7
    assert plan.asked == [("number",)] * 2
    assert "answered" not in observed(run)[-1]


def test_a_long_output_that_several_take_is_one_file(run: Run) -> None:
    text: Query[str] = Query("a text", ("text",), of_text(str))
    plan = Plan(run, {(kit.N, ("text",)): said("x" * 5000)})
    courses = [Course(), Course()]
    for course in courses:
        plan.scout(course).answer(kit.N, text)
    for course in courses:
        plan.served.begin(course)
        assert plan.look.ask(kit.N, text) == "x" * 5000
    first, second = observed(run)
    assert first["output"] == second["output"]
    assert (run.directory / first["output"]["file"]).read_text() == "x" * 5000


def test_no_answer_is_no_answer_for_each_with_its_own_error(run: Run) -> None:
    plan = Plan(run, {(kit.N, ("number",)): kit.lost_connection()})
    courses = [Course(), Course()]
    told = []
    for course in courses:
        with pytest.raises(Lost) as lost:
            plan.scout(course).answer(kit.N, NUMBER)
        told.append(lost.value)
    assert told[0] is not told[1]
    assert plan.asked == [("number",)]
    for course in courses:
        plan.served.begin(course)
        with pytest.raises(Unanswered, match="the connection was lost"):
            plan.look.ask(kit.N, NUMBER)
    assert plan.asked == [("number",)]
    assert [(one["lost"], bool(one["answered"])) for one in observed(run)] == [
        ("connection-lost", True)
    ] * 2


def test_an_error_of_the_program_is_no_answer_for_another_step(run: Run) -> None:
    def broken() -> Answer:
        raise ZeroDivisionError

    answers = {(kit.N, ("number",)): broken}
    plan = Plan(run, answers)
    course = Course()
    with pytest.raises(ZeroDivisionError):
        plan.scout(course).answer(kit.N, NUMBER)
    plan.served.begin(course)
    with pytest.raises(ZeroDivisionError):
        plan.look.ask(kit.N, NUMBER)
    assert len(plan.asked) == 2


def test_what_follows_a_wait_is_asked_after_it_and_the_step_itself_need_not_wait(run: Run) -> None:
    numbers = iter(range(10))
    plan = Plan(run, {(kit.N, ("number",)): lambda: said(str(next(numbers)))})
    course = Course()
    scout = plan.scout(course)
    assert scout.answer(kit.N, NUMBER).text == "0"
    assert scout.answer(kit.N, NUMBER).text == "0"  # of one state
    scout.wait(0.3)
    assert scout.answer(kit.N, NUMBER).text == "1"

    plan.served.begin(course)
    begun, clock = time.monotonic(), plan.look.timer()
    assert [plan.look.ask(kit.N, NUMBER) for _ in range(2)] == [0, 0]
    plan.look.wait(30.0)
    assert plan.look.ask(kit.N, NUMBER) == 1
    assert time.monotonic() - begun < 5
    assert plan.look.timer() - clock >= 0.3  # its deadlines count what the scout waited
    plan.look.wait(0.0)  # the scout did not go on: neither is anything of it taken
    assert plan.look.ask(kit.N, NUMBER) == 2


def test_what_is_asked_anew_is_not_what_another_step_has_seen(run: Run) -> None:
    numbers = iter(range(10))
    plan = Plan(run, {(kit.N, ("number",)): lambda: said(str(next(numbers)))})
    first, second = Course(), Course()
    plan.scout(first).answer(kit.N, NUMBER)
    scout = plan.scout(second)
    with scout.anew():
        assert scout.answer(kit.N, NUMBER).text == "1"
    assert scout.answer(kit.N, NUMBER).text == "0"
    plan.served.begin(second)
    with plan.look.anew():
        assert plan.look.ask(kit.N, NUMBER) == 1
    assert plan.look.ask(kit.N, NUMBER) == 0


def test_without_a_scout_everything_is_asked_in_its_turn(run: Run) -> None:
    plan = Plan(run, {(kit.N, ("number",)): said("7")})
    plan.scout(Course()).answer(kit.N, NUMBER)
    plan.served.begin(None)
    assert plan.look.ask(kit.N, NUMBER) == 7
    assert plan.asked == [("number",)] * 2


def test_an_answer_for_which_there_is_no_room_is_asked_again() -> None:
    answers = Answers(room=10)
    for text in ("123456", "1234567"):
        given = answers.ask(text, 0.0, lambda text=text: said(text))  # type: ignore[misc]
        assert given.text == text
    assert answers.has("123456", 0.0)
    assert not answers.has("1234567", 0.0)
    with pytest.raises(LookupError):
        answers.take("1234567", 0.0)
    answers.take("123456", 0.0)
    answers.ask("1234567", 0.0, lambda: said("1234567"))
    assert answers.has("1234567", 0.0)


def test_the_time_of_a_clock_is_that_of_its_answer(run: Run) -> None:
    plan = Plan(run, {(kit.N, CLOCK.argv): lambda: said(f"{time.time():.9f}")})
    course = Course()
    plan.scout(course).answer(kit.N, CLOCK)
    time.sleep(0.3)
    plan.served.begin(course)
    _, clock, received = plan.look.ask(kit.N, CLOCK)
    assert 0 <= received - clock < 0.2


def test_a_command_that_is_refused_is_left_to_the_step(run: Run) -> None:
    query: Query[int] = Query("bad", ("neteye", "update"), of_text(int))
    plan = Plan(run, {})
    (voting,) = (host.name for host in run.inventory.hosts if host.role is Role.VOTING_ONLY)
    with pytest.raises(NotAhead):
        plan.scout(Course()).answer(voting, query)
    assert plan.asked == []


def test_a_scout_asks_nothing_when_the_plan_is_over(run: Run) -> None:
    plan = Plan(run, {})
    plan.over.set()
    for ask in (lambda s: s.answer(kit.N, NUMBER), lambda s: s.wait(60.0)):
        with pytest.raises(NotAhead):
            ask(plan.scout(Course()))


def test_questions_of_a_step_are_asked_together_and_told_in_its_order(run: Run) -> None:
    together = threading.Barrier(3, timeout=5)

    def answer(text: str) -> Any:
        def reply() -> Answer:
            return said(text)

        return reply

    door = FakeTransport(
        {(kit.N, ("number",)): answer("1"), (kit.SECOND, ("number",)): answer("2")}
    )
    ask = door.ask

    def asked(node: str, argv: Any, *, deadline: float) -> Answer:
        together.wait()
        return ask(node, argv, deadline=deadline)

    door.ask = asked  # type: ignore[method-assign]
    look = Look(run, door, names_of(run.inventory, None))
    look.source = served = Served(door)
    served.begin(None)
    look.ask_ahead([(kit.N, NUMBER), (kit.SECOND, NUMBER)])
    together.wait()  # both are under way
    assert in_parallel([kit.SECOND, kit.N], lambda node: look.ask(node, NUMBER)) == {
        kit.SECOND: 2,
        kit.N: 1,
    }
    assert isinstance(served, Served)
    assert len(door.asked) == 2


def test_a_dated_answer_prints_sizes_only() -> None:
    assert "hunter22" not in repr(DatedAnswer(0, b"hunter22", b"", 0.0, received=1.0))
