"""Watching services beside a run: what is recorded, and that it never ends the run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Unanswered
from engine.model.answer import Answer, Lost, LostKind
from engine.model.probe import Manner, Target, Way
from engine.probing import watch
from engine.probing.askers import Asker, DatabaseAsker
from engine.probing.asking import NoAnswer, NoWay, Silence
from engine.probing.watch import ServiceWatch
from tests.engine import kit


def answer_of(text: str = "", code: int = 0) -> Answer:
    return Answer(code, text.encode(), b"", 0.0)


WAY = Way(Manner.HTTP, "127.0.0.1", 80)
TARGET = Target("httpd", (WAY,))


class Scripted:
    """Answers by a list; the last one again and again. Tells when it has been asked so often."""

    def __init__(self, *answers: Exception | None) -> None:
        self._answers = list(answers)
        self.way: Way | None = None
        self.asked = 0
        self.through = threading.Event()
        self.is_closed = False

    def ask(self) -> None:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if self.asked > len(self._answers):
            self.through.set()
        if answer is not None:
            raise answer
        self.way = WAY

    def close(self) -> None:
        self.is_closed = True


def watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *answers: Exception | None
) -> tuple[list[dict[str, Any]], Scripted]:
    asker = Scripted(*answers)
    monkeypatch.setattr(watch, "INTERVAL", 0.001)
    monkeypatch.setattr(watch, "asker_of", lambda *_: asker)
    run = kit.make_run(tmp_path)
    services = ServiceWatch(run, kit.Node(tmp_path / "n", {}), ("n1",))
    services.begin([TARGET])
    if not isinstance(answers[-1], ZeroDivisionError):
        assert asker.through.wait(60)
    services.end()
    events = [e for e in run.journal.events if e["event"] in ("probing", "service-gap")]
    return [dict(event) for event in events], asker


def states(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["event"], event["state"]) for event in events]


def test_a_gap_is_recorded_when_it_begins_and_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, asker = watched(tmp_path, monkeypatch, None, NoAnswer("refused"), None)
    assert states(events) == [
        *(("probing", "began"), ("probing", "answers")),
        *(("service-gap", "began"), ("service-gap", "ended"), ("probing", "ended")),
    ]
    assert events[2]["why"] == "refused"
    assert events[-1]["questions"] == asker.asked
    assert asker.is_closed


def test_what_is_open_at_the_end_is_ended_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, _ = watched(tmp_path, monkeypatch, None, NoWay("ssh"))
    assert states(events)[-3:] == [
        *(("service-gap", "began"), ("service-gap", "ended"), ("probing", "ended")),
    ]
    assert events[-2]["still"] is True
    assert events[-2]["unseen"] is True


def test_a_defect_of_its_own_ends_it_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, asker = watched(tmp_path, monkeypatch, ZeroDivisionError("oh"))
    assert ("probing", "broken") in states(events)
    assert "ZeroDivisionError: oh" in str(events)
    assert asker.is_closed


def test_after_the_end_nothing_is_recorded_whatever_a_late_question_comes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is sealed by then; the connections' directory is gone, for one."""
    ended = threading.Event()

    class Late(Scripted):
        def ask(self) -> None:
            assert ended.wait(60)
            raise FileNotFoundError("gone")

    asker = Late(None)
    monkeypatch.setattr(watch, "_FIRST", 0.0)
    monkeypatch.setattr(watch, "LIMIT", 0.0)
    monkeypatch.setattr(watch, "asker_of", lambda *_: asker)
    run = kit.make_run(tmp_path)
    services = ServiceWatch(run, kit.Node(tmp_path / "n", {}), ("n1",))
    services.begin([TARGET])
    (thread,) = [one for one in threading.enumerate() if one.name == "probe-httpd"]
    services.end()
    before = len(run.journal.events)
    ended.set()
    thread.join(60)
    assert asker.is_closed
    assert len(run.journal.events) == before


def test_it_begins_once_and_without_targets_does_nothing(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    services = ServiceWatch(run, kit.Node(tmp_path / "n", {}), ("n1",))
    services.begin([])
    services.end()
    assert [e for e in run.journal.events if e["event"] == "probing"] == []


def test_what_has_answered_an_earlier_run_has_a_gap_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database on any node; of what has never answered from here nothing is known yet."""
    monkeypatch.setattr(watch, "asker_of", lambda *_: Scripted(NoAnswer("refused")))
    run = kit.make_run(tmp_path)
    services = ServiceWatch(run, kit.Node(tmp_path / "n", {}), ("n1", "n2"))
    database = Target("MariaDB", (Way(Manner.DATABASE, through="n1"),))
    answered = {("httpd", str(WAY)), ("MariaDB", "database on n2"), ("web", "http://other/")}
    services.begin([TARGET, database, Target("web", (WAY,))], answered)
    services.end()
    began = {
        str(e["target"]): e.get("way")
        for e in run.journal.events
        if e["event"] == "probing" and e["state"] == "began"
    }
    assert began == {"httpd": str(WAY), "MariaDB": "database on n2", "web": None}
    gaps = [(e["target"], e["state"]) for e in run.journal.events if e["event"] == "service-gap"]
    assert sorted(gaps) == [(name, state) for name in ("MariaDB", "httpd")
                            for state in ("began", "ended")]  # fmt: skip


class Forwarding:
    """A transport that only forwards, or can't."""

    def __init__(self, local: Path | None) -> None:
        self.local = local
        self.forwards: list[tuple[str, str]] = []

    def forward(self, node: str, remote: str) -> Any:
        import contextlib

        self.forwards.append((node, remote))
        if self.local is None:
            raise Lost(node, "gone", LostKind.UNREACHABLE)
        return contextlib.nullcontext(self.local)


def test_the_way_that_answers_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(way: Way, local: Path | None = None) -> bool:
        asked.append(str(way))
        if not way.through:
            raise NoAnswer("dropped")
        return True

    monkeypatch.setattr("engine.probing.askers.ask", ask)
    through = Way(Manner.HTTP, "::1", 80, through="n1")
    transport: Any = Forwarding(tmp_path)
    asker = Asker(Target("httpd", (WAY, through)), transport)
    asker.ask()
    asker.ask()
    assert asked == [str(WAY), str(through), str(through)]
    assert transport.forwards == [("n1", "[::1]:80")]
    assert asker.way == through


@pytest.mark.parametrize("is_silent", [False, True])
def test_through_a_node_that_is_silent_nothing_is_known_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_silent: bool
) -> None:
    """Of a connection over which nothing comes any more ssh knows only after a while."""

    def ask(way: Way, local: Path | None = None) -> None:
        raise NoAnswer("no answer within 3 s")

    def run(node: str, argv: Any, *, deadline: float) -> Answer:
        if is_silent:
            raise Lost(node, "no sign of it", LostKind.DEADLINE)
        return answer_of()

    monkeypatch.setattr("engine.probing.askers.ask", ask)
    transport: Any = Forwarding(tmp_path)
    transport.run = run
    asker = Asker(Target("httpd", (Way(Manner.HTTP, "h", 80, through="n1"),)), transport)
    asker.way = Way(Manner.HTTP, "h", 80, through="n1")
    assert _end(asker) == ("NoWay" if is_silent else "NoAnswer")


@pytest.mark.parametrize(
    ("said", "is_reached", "end"),
    [
        (Silence("no answer within 3 s"), True, "NoAnswer"),
        (Silence("no answer within 3 s"), False, "NoWay"),
        (NoAnswer("Connection refused"), False, "NoAnswer"),
    ],
)
def test_silence_is_the_services_only_while_its_node_can_be_reached(
    monkeypatch: pytest.MonkeyPatch, said: NoAnswer, is_reached: bool, end: str
) -> None:
    def ask(way: Way, local: Path | None = None) -> bool:
        raise said

    monkeypatch.setattr("engine.probing.askers.ask", ask)
    asker = Asker(TARGET, _reached(is_reached), "n1")
    asker.way = WAY
    with pytest.raises((NoAnswer, NoWay)) as raised:
        asker.ask()
    assert {"NoWay": NoWay, "NoAnswer": NoAnswer}[end] in type(raised.value).mro()
    if isinstance(raised.value, NoWay):
        assert raised.value.node == "n1"
        assert str(raised.value).startswith(
            "not known: the machine of the run did not reach n1 either; no answer within 3 s"
        )


@pytest.mark.parametrize("is_reached", [True, False])
def test_a_forward_that_stays_open_answers_only_while_the_node_can_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_reached: bool
) -> None:
    """ssh holds it open, too, when it has lost the node and not noticed yet."""
    monkeypatch.setattr("engine.probing.askers.ask", lambda *_: False)
    transport = _reached(is_reached)
    transport.forward = Forwarding(tmp_path).forward
    asker = Asker(Target("search", (Way(Manner.TCP, "h", 9200, through="n1"),)), transport)
    asker.way = Way(Manner.TCP, "h", 9200, through="n1")
    assert _end(asker) == ("" if is_reached else "NoWay")


def _reached(is_reached: bool) -> Any:
    class Reached:
        def run(self, node: str, argv: Any, *, deadline: float) -> Answer:
            if not is_reached:
                raise Lost(node, "timed out", LostKind.UNREACHABLE)
            return answer_of()

    return Reached()


def test_a_gap_names_the_node_that_was_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, _ = watched(tmp_path, monkeypatch, None, NoWay("ssh", "n1"), NoAnswer("refused"))
    gaps = [(e["unseen"], e.get("node")) for e in events if e["event"] == "service-gap"]
    assert gaps == [(True, "n1"), (True, "n1"), (False, None), (False, None)]


def test_without_any_way_all_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(way: Way, local: Path | None = None) -> None:
        raise NoAnswer("dropped")

    monkeypatch.setattr("engine.probing.askers.ask", ask)
    through = Way(Manner.HTTP, "h", 80, through="n1")
    transport: Any = Forwarding(None)
    with pytest.raises(NoAnswer, match=r"dropped; .* through n1: n1: gone"):
        Asker(Target("httpd", (WAY, through)), transport).ask()


def test_the_database_is_looked_for_where_it_was_and_on_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = {"n2"}
    tried: list[str] = []

    def open_on(self: DatabaseAsker, node: str) -> Any:
        tried.append(node)
        if node == "n9":
            raise Lost(node, "gone", LostKind.UNREACHABLE)
        if node not in where:
            raise Unanswered(node, "db", "not here")
        return lambda: None

    monkeypatch.setattr(DatabaseAsker, "_open", open_on)
    transport: Any = None
    asker = DatabaseAsker(("n1", "n2", "n9"), transport)
    ends = [_end(asker) for _ in range(4)]
    assert ends == ["NoAnswer", "", "", ""]
    assert tried == ["n1", "n2"]
    where.clear()
    asker.close()  # as after an answer that did not come
    ends = [_end(asker) for _ in range(8)]
    assert tried.count("n9") == 1, "it takes long, and is left out for a while"
    at = tried[2:].index("n9")
    assert ends == ["NoAnswer"] * at + ["NoWay"] * (8 - at), "it may answer there"
    where.add("n1")
    assert "" in [_end(asker) for _ in range(4)]
    assert str(asker.way) == "database on n1"


def test_when_no_node_can_be_asked_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: DatabaseAsker, node: str) -> Any:
        raise Unanswered(node, "db", "gone") from Lost(node, "gone", LostKind.UNREACHABLE)

    monkeypatch.setattr(DatabaseAsker, "_open", lost)
    transport: Any = None
    assert _end(DatabaseAsker(("n1", "n2"), transport)) == "NoWay"


OUT_OF_REACH = Lost("n1", "gone", LostKind.UNREACHABLE)
BROKEN = Lost("n1", "the connection was lost", LostKind.CONNECTION_LOST)
NOT_BEGUN = Lost("n1", "no sign of it", LostKind.DEADLINE)
HANGS = Lost("n1", "was ended", LostKind.DEADLINE, answer_of())


@pytest.mark.parametrize(
    ("of_n1", "end"),
    [
        (OUT_OF_REACH, "NoWay"),
        (BROKEN, "NoWay"),
        (NOT_BEGUN, "NoWay"),
        (HANGS, "NoAnswer"),
        (answer_of(code=1), "NoAnswer"),
    ],
)
def test_a_session_that_broke_is_a_gap_only_by_the_word_of_the_node(
    of_n1: Answer | Lost, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way to N broke while the database ran there: the others' "no server" is no gap."""
    here = {"n1": answer_of("/run/mysqld.sock\n")}
    broke = {"now": False}

    class Nodes:
        def run(self, node: str, argv: Any, *, deadline: float) -> Answer:
            answer: Answer | Lost = here.get(node, answer_of(code=1))
            if isinstance(answer, Lost):
                raise answer
            return answer

        ask = run

    @contextlib.contextmanager
    def connected(*_: Any, **__: Any) -> Iterator[object]:
        yield object()

    def answers(node: str, _: object) -> None:
        if broke["now"]:
            raise Unanswered(node, "SELECT 1", "error 2013")

    monkeypatch.setattr("engine.probing.askers.connect", connected)
    monkeypatch.setattr("engine.probing.askers.still_answers", answers)
    nodes: Any = Nodes()
    asker = DatabaseAsker(("n1", "n2", "n3"), nodes)
    assert _end(asker) == ""
    broke["now"], here["n1"] = True, of_n1  # type: ignore[assignment]
    assert {_end(asker) for _ in range(6)} == {end}
    broke["now"], here["n1"] = False, answer_of("/run/mysqld.sock\n")
    assert "" in [_end(asker) for _ in range(2 * 31)]


def test_a_session_that_only_the_way_broke_is_opened_anew_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []

    def open_on(self: DatabaseAsker, node: str) -> Any:
        opened.append(node)
        ends = iter([None, Unanswered(node, "SELECT 1", "2013")])

        def answers() -> None:
            if (error := next(ends)) is not None:
                raise error

        return answers

    monkeypatch.setattr(DatabaseAsker, "_open", open_on)
    transport: Any = None
    asker = DatabaseAsker(("n1", "n2"), transport)
    assert [_end(asker) for _ in range(2)] == ["", ""]
    assert opened == ["n1", "n1"]


def _end(asker: Asker | DatabaseAsker) -> str:
    try:
        asker.ask()
    except (NoAnswer, NoWay) as error:
        return type(error).__name__
    return ""
