"""Who is told how a run goes: when, what, and that nobody of them holds it up or stops it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.model.ending import Ending
from engine.model.release import Pause
from engine.record.run import Run
from engine.run.channel import Channel, Message
from engine.run.notify import News, notify, tell_begun, tell_end, tell_phase, tell_stop
from engine.run.told_command import Command
from engine.secrets import Secret
from engine.verify import check_witness, read_chain
from tests.engine import kit
from tests.engine.kit import N
from tests.evidence.schemas import problems

LONG = 60.0


def until(is_so: Callable[[], bool], seconds: float = LONG) -> None:
    """Polled: what a thread does has no moment of its own."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.01)


def notified(run: Run) -> list[tuple[str, str]]:
    return [(e["occasion"], e["problem"]) for e in run.journal.events if e["event"] == "notified"]


def warnings(run: Run) -> list[str]:
    return [e["text"] for e in run.journal.events if e["event"] == "warning"]


def message(occasion: str = "phase", title: str = "") -> Message:
    return Message(occasion, title or f"c: {occasion}", [], {"occasion": occasion})


class Listener:
    """Takes messages, or says why not; held up until it may go on."""

    def __init__(self, problem: str = "", *, is_held: bool = False) -> None:
        self.problem = problem
        self.heard: list[str] = []
        self.may_go_on = threading.Event()
        if not is_held:
            self.may_go_on.set()

    def send(self, told: Message) -> str:
        self.heard.append(told.title)
        self.may_go_on.wait(LONG)
        return self.problem

    def channel(self, run: Run, every: float | None = None) -> Channel:
        return Channel(run, "/usr/bin/mail", self.send, every, lambda: message("alive"))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = kit.make_run(tmp_path)
    made.record("run-started", operator="rossi", host="controller")
    return made


def kept(run: Run, place: Path, **settings: Any) -> Callable[[], list[dict[str, Any]]]:
    """Each message that the operator's command got on standard input."""
    file = place / "told"
    command = f"sh -c 'cat >> {file}'"
    run.inventory = kit.inventory(notify_command=command, **settings)
    return lambda: [json.loads(line) for line in file.read_text().splitlines()]


# what is told


def test_a_program_gets_all_of_it_as_one_line_of_json(run: Run, tmp_path: Path) -> None:
    told = kept(run, tmp_path, change_id="CHG0012")
    run.by = "A. Rossi"
    notify(run, "stop", "no room\non any disk", exit_code=10)
    assert run.news is not None
    run.news.end("over")
    first, last = told()
    assert (first["occasion"], last["occasion"]) == ("stop", "end")
    assert first["text"] == "no room\non any disk"
    known = ("cluster", "change_id", "run", "attempt", "operator", "by", "host", "step", "phase")
    assert {name: first[name] for name in known} == {
        "cluster": "neteye.example.test",
        "change_id": "CHG0012",
        "run": kit.RUN_ID,
        "attempt": kit.ATTEMPT,
        "operator": "rossi",
        "by": "A. Rossi",
        "host": "controller",
        "step": "phase.step",
        "phase": "phase",
    }
    assert first["exit_code"] == 10


def test_a_shell_gets_the_text_and_what_it_asks_for_in_its_environment(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "env"
    line = f"sh -c 'cat > /dev/null; env | grep -a -A1 ^RUNBOOK_ >> {file}'"
    run.inventory = kit.inventory(notify_command=line)
    notify(run, "question", "is the disk there?", outcome="stopped", exit_code=11)
    assert run.news is not None
    run.news.end("over")
    said = file.read_text().splitlines()
    assert {
        "RUNBOOK_OCCASION=question",
        f"RUNBOOK_RUN={kit.RUN_ID}",
        "RUNBOOK_CLUSTER=neteye.example.test",
        "RUNBOOK_STEP=phase.step",
        "RUNBOOK_PHASE=phase",
        "RUNBOOK_OUTCOME=stopped",
        "RUNBOOK_EXIT_CODE=11",
        "RUNBOOK_TEXT=neteye.example.test: question: is the disk there?",
    } <= set(said)


def test_each_message_is_a_witness_of_the_journal_s_head(run: Run, tmp_path: Path) -> None:
    told = kept(run, tmp_path)
    for occasion in ("begun", "phase", "alive"):
        notify(run, occasion, "so far", LONG)
    assert run.news is not None
    run.news.end("over")
    assert len({one["witness"] for one in told()}) > 1
    run.journal.close()
    chain = read_chain(run.journal.path.read_bytes(), "journal.jsonl")
    proved = check_witness(tmp_path / "told", {"journal.jsonl": chain})
    assert all(f"({occasion})" in " ".join(proved) for occasion in ("begun", "phase", "alive"))


def test_no_secret_is_told(run: Run, tmp_path: Path) -> None:
    told = kept(run, tmp_path)
    run.redactor.learn(Secret("Hunter2x"))
    notify(run, "stop", "it says Hunter2x", what_to_do="change Hunter2x\0 now")
    assert run.news is not None
    run.news.end("over")
    assert "Hunter2x" not in json.dumps(told())
    assert told()[0]["text"] == "it says ********"


@pytest.mark.parametrize("text", ["one\0two", "\x1b]0;pwned\x07", "\ud800 half", "x" * 200_000])
def test_whatever_a_node_says_a_program_can_be_told(run: Run, tmp_path: Path, text: str) -> None:
    """An environment takes no NUL, and not every length."""
    told = kept(run, tmp_path)
    notify(run, "stop", text)
    assert run.news is not None
    run.news.end("over")
    assert notified(run) == [("stop", ""), ("end", "")]
    assert all(char.isprintable() for char in told()[0]["text"])


def test_the_end_says_outcome_headline_and_what_to_do(run: Run, tmp_path: Path) -> None:
    told = kept(run, tmp_path)
    stopped = {"reason": "no room", "what_to_do": "Make room."}
    summary = {"outcome": "failed", "exit_code": 1, "headline": "Failed.", "stopped": stopped}
    tell_end(run, summary)
    (end,) = told()
    assert end["text"] == "failed (exit code 1)\nFailed.\nwhat to do: Make room."
    assert (end["outcome"], end["exit_code"], end["what_to_do"]) == ("failed", 1, "Make room.")


def test_a_stop_says_what_to_do_to_those_who_see_its_text_alone(run: Run, tmp_path: Path) -> None:
    told = kept(run, tmp_path)
    run.halt(Ending.STOPPED, "is the disk there?", "Look at it.")
    assert run.stop is not None
    tell_stop(run, run.stop)
    (stop,) = told()
    assert (stop["occasion"], stop["what_to_do"]) == ("question", "Look at it.")
    assert stop["text"] == "is the disk there?\nwhat to do: Look at it."


def test_the_begin_says_what_is_done_and_by_whom(run: Run, tmp_path: Path) -> None:
    told = kept(run, tmp_path, change_id="CHG0012")
    run.until = Pause("update", "It is safe.", "Nothing.")
    tell_begun(run)
    (begun,) = told()
    assert begun["text"] == (
        "the run has the cluster: 4.25 to 4.26, by rossi on controller, change CHG0012, to end"
        " behind the phase update"
    )


def test_the_begin_says_whom_a_run_goes_on_from(run: Run, tmp_path: Path) -> None:
    told = kept(run, tmp_path)
    assert run.attempt is not None
    first = {"operator": "bianchi", "by": "B. Bianchi", "host": "laptop", "run": run.attempt}
    run.memory.runs[run.attempt] = first
    tell_begun(run)
    run.memory.closed = True
    tell_begun(run)
    texts = [one["text"] for one in told()]
    assert texts[0].endswith("; it goes on with what B. Bianchi (bianchi) on laptop began")
    assert texts[1].endswith("by rossi on controller")


def test_a_phase_is_told_while_the_run_changes_something(run: Run, tmp_path: Path) -> None:
    told = kept(run, tmp_path)
    tell_phase(run, "update", "[3/79]")
    until(lambda: bool(notified(run)))  # newer news would take its place
    run.halt(Ending.FAILED, "no room", "Make room.")
    tell_phase(run, "closing", "[79/79]")
    assert run.news is not None
    run.news.end("over")
    assert [one["text"] for one in told()] == ["phase update begins [3/79]", "over"]


def test_without_anybody_to_tell_nothing_is_on_record(run: Run) -> None:
    notify(run, "stop", "no room", LONG)
    tell_end(run, {"outcome": "done", "exit_code": 0, "headline": "Done.", "stopped": None})
    assert notified(run) == []


# signs of life


def test_a_sign_of_life_comes_when_there_was_no_news(run: Run) -> None:
    listener = Listener()
    channel = listener.channel(run, every=0.05)
    channel.put(message("begun"))
    until(lambda: listener.heard.count("c: alive") >= 3)
    channel.close()
    heard = len(listener.heard)
    assert listener.heard[0] == "c: begun"
    assert len(listener.heard) <= heard + 1


def test_without_the_setting_there_is_none(run: Run) -> None:
    listener = Listener()
    channel = listener.channel(run)
    channel.put(message("begun"))
    until(lambda: notified(run) == [("begun", "")])
    channel.close()
    assert listener.heard == ["c: begun"]


def test_a_sign_of_life_says_what_the_run_is_at(run: Run) -> None:
    alive = News(run)._alive()
    assert alive.payload["occasion"] == "alive"
    assert alive.payload["text"].startswith("at work: phase.step; the last line of its journal is")
    assert alive.payload["witness"].startswith(f"run {kit.RUN_ID}, attempt")


# nobody is waited for, nothing stops


def test_who_hangs_is_waited_for_no_longer_than_that(run: Run) -> None:
    listener = Listener(is_held=True)
    channel = listener.channel(run)
    first = message("begun")
    channel.put(first)
    begun = time.monotonic()
    channel.wait_for(first, 0.2)
    channel.put(message("phase"))
    assert time.monotonic() - begun < LONG / 2
    channel.close()
    assert notified(run) == [
        ("begun", "not waited for any longer when the run ended"),
        ("phase", "not waited for any longer when the run ended"),
    ]
    listener.may_go_on.set()
    channel._thread.join(LONG)
    assert len(notified(run)) == 2  # the journal is sealed by now


def test_of_phases_that_wait_the_newest_is_told(run: Run) -> None:
    listener = Listener(is_held=True)
    channel = listener.channel(run)
    channel.put(message("begun"))
    until(lambda: bool(listener.heard))
    for title in ("one", "two", "three"):
        channel.put(message("phase", title))
    stop = message("stop")
    channel.put(stop)
    listener.may_go_on.set()
    channel.wait_for(stop, LONG)
    channel.close()
    assert listener.heard == ["c: begun", "c: stop"]


def sent(channel: Channel, *occasions: str) -> None:
    for occasion in occasions:
        one = message(occasion)
        channel.put(one)
        channel.wait_for(one, LONG)


def test_its_failure_is_told_once(run: Run) -> None:
    listener = Listener("exit code 3")
    channel = listener.channel(run)
    sent(channel, "begun")
    listener.problem = ""
    sent(channel, "phase")
    listener.problem = "exit code 4"
    sent(channel, "phase")
    channel.close()
    assert [problem for _, problem in notified(run)] == ["exit code 3", "", "exit code 4"]
    (said,) = channel.new_problems()
    assert said == "/usr/bin/mail was not told (begun): exit code 3; the run goes on"
    assert warnings(run) == [said]
    assert channel.new_problems() == []


def test_after_two_failures_in_a_row_only_what_matters_is_tried(run: Run) -> None:
    listener = Listener("no answer")
    channel = listener.channel(run)
    sent(channel, "begun", "phase", "phase", "phase", "stop", "end")
    channel.close()
    assert [occasion for occasion, _ in notified(run)] == ["begun", "phase", "stop", "end"]
    first, second = channel.new_problems()
    assert "not told (begun)" in first
    assert "not told 2 times in a row (no answer)" in second
    assert problems("journal", dict(run.journal.events[-1])) == []


def test_what_is_left_at_the_end_is_no_third_failure(run: Run) -> None:
    listener = Listener("no answer")
    channel = listener.channel(run)
    sent(channel, "begun", "phase")
    listener.may_go_on.clear()
    channel.put(message("end"))
    until(lambda: len(listener.heard) == 3)
    channel.close()
    listener.may_go_on.set()
    assert len(channel.new_problems()) == 2


def test_who_hears_again_hears_of_phases_again(run: Run) -> None:
    listener = Listener("no answer")
    channel = listener.channel(run)
    sent(channel, "begun", "phase")
    listener.problem = ""
    sent(channel, "stop", "phase")
    channel.close()
    assert listener.heard == ["c: begun", "c: phase", "c: stop", "c: phase"]


def test_a_run_that_its_own_full_disk_stops_tells_that(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that tells records too: neither waits for the other for ever."""
    listener = Listener()
    channel = listener.channel(run)
    run.on_stop.append(lambda stop: sent(channel, "stop"))

    def full(data: bytes, *, sync: bool) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run.journal, "_write", full)
    ended = threading.Thread(target=lambda: sent(channel, "phase"), daemon=True)
    ended.start()
    ended.join(LONG)
    assert not ended.is_alive()
    until(lambda: "c: stop" in listener.heard)
    channel.close()
    assert run.stop is not None


# the operator's program


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sh -c 'exit 7'", "exit code 7"),
        ("/no/such/command --token=Tok3n", "No such file or directory"),
        ("/etc/passwd", "Permission denied"),
        ("true", ""),
    ],
)
def test_what_becomes_of_a_program(line: str, problem: str) -> None:
    command = Command(line, LONG)
    assert command.send(message()) == problem
    assert command.name == line.split()[0]


def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    line = f"sh -c 'sleep 1000 & echo $! > {pid}; wait' -- Tok3nOfTheirs"
    said = Command(line, 1.0).send(message())
    assert said == "ended after 1 s without an answer"
    started = int(pid.read_text())
    until(lambda: not is_running(started))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_a_node_s_name_is_in_no_message_by_itself(run: Run, tmp_path: Path) -> None:
    """What is told is the text and the run; more of the cluster goes nowhere."""
    told = kept(run, tmp_path)
    notify(run, "phase", "so far", LONG)
    assert run.news is not None
    run.news.end("over")
    assert N not in json.dumps(told())
