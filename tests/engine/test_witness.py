"""Nodes' system journals witness the head: one line a node, in seconds, and never a hindrance."""

from __future__ import annotations

import dataclasses
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Refused
from engine.model.answer import Answer, Lost
from engine.record.run import Run
from engine.run import witness
from engine.run.notify import notify
from engine.run.witness import Witness
from engine.transport.firewall import Firewall
from engine.verify import check_witness, digest, read_chain
from engine.waiting import within
from tests.engine import kit
from tests.engine.kit import ELASTIC, SECOND, THIRD, VOTING, N
from tests.engine.scripted import FakeTransport, said
from tests.evidence.schemas import problems

NODES = (N, SECOND, THIRD, ELASTIC, VOTING)


class Nodes(FakeTransport):
    """Each node's `logger` takes a line, or does what it is told to."""

    def __init__(self) -> None:
        super().__init__({})
        self.does: dict[str, Callable[[], Answer | Lost]] = {}

    def _reply(self, node: str, argv: tuple[str, ...], stdin: Any) -> Answer | Lost:
        assert argv[0] == "logger"
        return self.does.get(node, said)()

    def lines(self) -> dict[str, str]:
        """Node -> the line that was sent to it."""
        return {node: argv[-1] for node, argv in self.asked}


class Called:
    """A run with its witness."""

    def __init__(self, place: Path, silent: dict[str, str] | None = None) -> None:
        self.run: Run = kit.make_run(place)
        self.run.release = dataclasses.replace(self.run.release, no_return="upgrade.run")
        self.nodes = Nodes()
        self.told: list[str] = []
        self.witness = Witness(self.run, self.nodes, silent or {}, self.told.append)
        self.run.record("note", step="", text="the last line before")

    def events(self, kind: str = "witnessed") -> list[dict[str, Any]]:
        return [dict(e) for e in self.run.journal.events if e["event"] == kind]


@pytest.fixture
def called(tmp_path: Path) -> Called:
    return Called(tmp_path)


def head(run: Run, line: int) -> str:
    return digest(run.journal.path.read_bytes().split(b"\n")[line - 1])


def test_every_node_gets_the_line_and_it_is_on_record(called: Called) -> None:
    called.witness.begun()
    (event,) = called.events()
    assert (event["moment"], event["line"], event["head"]) == ("begun", 1, head(called.run, 1))
    assert (event["nodes"], event["missing"]) == (list(NODES), {})
    assert called.nodes.lines() == dict.fromkeys(
        NODES,
        f"run {kit.RUN_ID}, attempt {kit.ATTEMPT}, begun: line 1 of its journal.jsonl has sha256"
        f" {event['head']}",
    )
    assert problems("journal", event) == []
    assert called.told == called.events("warning") == []


def test_the_role_firewall_lets_the_line_pass(called: Called) -> None:
    called.witness.begun()
    for node, argv in called.nodes.asked:
        Firewall(called.run.inventory).check(node, argv)


def test_the_logger_of_util_linux_sends_a_line_that_verify_takes_for_a_witness(
    called: Called, tmp_path: Path
) -> None:
    """The program itself, with a socket of ours in the place of the system journal's."""
    called.witness.begun()
    (command,) = {argv for _, argv in called.nodes.asked}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(tmp_path / "log"))
        journal.settimeout(30)
        program, *rest = command
        words = [program, "--socket", str(tmp_path / "log"), *rest]
        subprocess.run(words, check=True, timeout=30, stdin=subprocess.DEVNULL)
        sent = journal.recv(4096).decode()
    level, _, printed = sent.partition(" neteye-runbook: ")
    assert level.startswith("<13>"), "user.notice"
    (tmp_path / "node.txt").write_text(f"Nov 30 01:12:33 n1 neteye-runbook[7]: {printed}\n")
    raw = called.run.journal.path.read_bytes()
    journals = {"journal.jsonl": read_chain(raw, "journal.jsonl")}
    (told,) = check_witness(tmp_path / "node.txt", journals)
    assert told.startswith("line 1 of journal.jsonl (begun) is as the system journal of n1 has it")


def test_a_logger_that_fails_is_told_and_nothing_else_happens(called: Called) -> None:
    called.nodes.does[SECOND] = lambda: said(code=1, stderr="logger: socket /dev/log: No such file")
    called.nodes.does[THIRD] = lambda: kit.lost_connection(THIRD)
    called.witness.ended()
    (event,) = called.events()
    assert event["nodes"] == [N, ELASTIC, VOTING]
    assert "/dev/log" in event["missing"][SECOND]
    assert THIRD in event["missing"]
    assert called.run.stop is None
    (warning,) = called.events("warning")
    assert called.told == [warning["text"]]
    assert SECOND in warning["text"]
    assert ELASTIC not in warning["text"]


def test_a_refusal_is_told_as_well(called: Called) -> None:
    def refuse() -> Answer:
        raise Refused("nothing is sent any more", N)

    called.nodes.does[N] = refuse
    called.witness.ended()
    assert called.events()[0]["missing"] == {N: "nothing is sent any more"}


def test_a_machine_that_can_start_no_ssh_goes_on(called: Called) -> None:
    def no_process() -> Answer:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    called.nodes.does[N] = no_process
    called.witness.ended()
    assert "unavailable" in called.events()[0]["missing"][N]


def test_a_node_that_gave_no_first_answer_is_not_waited_for(tmp_path: Path) -> None:
    called = Called(tmp_path, {VOTING: "no route to host"})
    called.witness.begun()
    assert called.events()[0]["missing"] == {VOTING: "no route to host"}
    assert VOTING not in called.nodes.lines()
    assert called.told == []


def test_a_node_that_hangs_costs_seconds(called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "TOTAL", 1)
    monkeypatch.setattr(called.nodes, "_lock", _NoLock())

    over = threading.Event()

    def hang() -> Answer:
        over.wait(60)
        return said()

    called.nodes.does[N] = hang
    begun = time.monotonic()
    called.witness.ended()
    assert time.monotonic() - begun < 20
    over.set()
    assert called.events()[0]["missing"] == {N: "no answer within 1 s"}


class _NoLock:
    """The double answers one at a time; nodes do not wait for each other."""

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def test_of_a_line_that_is_not_on_the_disk_nobody_is_told(
    called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may never be there: the run's own evidence would not be what its witnesses have."""
    monkeypatch.setattr(called.run.journal, "_write", _no_room)
    called.run.record("note", step="", text="kept in memory")
    called.witness.ended()
    assert (called.events(), called.nodes.lines()) == ([], {})
    called.run.inventory = kit.inventory(notify_command="sh -c 'cat >&2; exit 3'")
    notify(called.run, "stop", "no room")
    assert called.run.news is not None
    called.run.news.end("over")
    assert [("head" in e, e["occasion"]) for e in called.events("notified")] == [
        (False, "stop"),
        (False, "end"),
    ]


def _no_room(data: bytes, *, sync: bool) -> None:
    raise OSError(28, "No space left on device")


def test_the_point_of_no_return_is_witnessed_once_before_its_intent(called: Called) -> None:
    run = called.run
    run.record("run-started", no_return=run.release.no_return)

    def change(step: str, number: int) -> None:
        run.step = step
        called.witness.before_change([])
        intent = kit.intent(step, number)
        run.record("intent", **{k: intent[k] for k in ("step", "key", "node", "what", "command")})

    change("update.run", 1)
    assert called.events() == []
    change("upgrade.run[1]", 1)
    change("upgrade.run[2]", 1)
    (event,) = called.events()
    assert event["moment"] == "no-return"
    kinds = [e["event"] for e in run.journal.events]
    assert kinds[event["seq"] - 1 :][:2] == ["witnessed", "intent"]


def test_an_earlier_run_that_passed_it_has_its_own_witness(called: Called) -> None:
    begun = kit.event("run-started", 0, no_return="upgrade.run", run="r1")
    passed = {**kit.intent("upgrade.run[1]"), "run": "r1"}
    called.run.step = "upgrade.run[2]"
    called.witness.before_change([begun, passed])
    assert called.events() == []


def test_what_a_task_raises_is_not_swallowed() -> None:
    def wrong() -> str:
        raise LookupError("a mistake of the program")

    with pytest.raises(LookupError):
        within(5, {"a": wrong, "b": lambda: "well"})


def test_within_leaves_out_who_is_late() -> None:
    over = threading.Event()

    def late() -> str:
        over.wait(60)
        return "late"

    assert within(1, {"late": late, "b": lambda: "well"}) == {"b": "well"}
    over.set()
