"""Long commands: started once, followed, taken up again, and all the ways to lose them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.attempt import detached_scripts, remote
from engine.attempt.records import LEASE, RecordsWriter
from engine.model.ending import Ending
from engine.model.event import moment
from tests.engine import kit
from tests.engine.acting import Bench, Make, upgrade
from tests.engine.scripted import said


def test_a_detached_command_is_started_followed_and_done(long_command: Make) -> None:
    made = long_command([said("alive - 4\none\n"), said("dead 0 8\ntwo\n")])
    applied = made.apply(upgrade())
    assert "".join(made.output) == "one\ntwo\n"
    assert applied.answers[0].code == 0
    assert made.events("intent")[0]["detached"] == "upgrade-1"
    assert made.events("result")[0]["code"] == 0
    assert made.on_n() == ["intent", "command-started", "result"]


def test_the_exit_status_of_a_detached_command_counts(long_command: Make) -> None:
    made = long_command([said("dead 4 6\nerror\n")])
    assert "failed with exit code 4: its log says: error" in made.refused(upgrade())
    assert made.ending() == (Ending.FAILED, 1)


@pytest.mark.parametrize("looks", [["dead 0 4\nlog\n"], ["alive - 0\n", "dead 0 4\nlog\n"]])
def test_a_command_that_an_earlier_run_started_is_taken_or_followed(
    long_command: Make, looks: list[str]
) -> None:
    before = kit.intent(detached="upgrade-1", repeatable=False)
    made = long_command(
        [said(text) for text in looks], said(code=remote.STARTED_BEFORE), earlier=[before]
    )
    assert made.apply(upgrade()).answers[0].code == 0
    assert made.ending() is None
    assert "".join(made.output) == "log\n"
    (followed,) = made.events("intent")
    assert followed["since"] == before["time"]


def test_the_seconds_and_the_end_are_the_command_s_own(long_command: Make) -> None:
    """It ended ten minutes before a later run came to follow it."""
    before = kit.intent(detached="upgrade-1", repeatable=False)
    made = long_command(
        [said("dead 0 4 2000.0 1400.0 200.0\nlog\n")],
        said(code=remote.STARTED_BEFORE),
        earlier=[before],
    )
    made.apply(upgrade())
    (result,) = made.events("result")
    assert result["seconds"] == 1200.0
    ago = moment(result) - datetime.fromisoformat(result["ended"])
    assert ago // timedelta(minutes=1) == 10


def test_an_interrupted_command_stops_with_11(long_command: Make) -> None:
    made = long_command([said("alive - 0\n"), said("dead - 0\n")])
    text = made.refused(upgrade())
    assert "was interrupted: its process is gone" in text
    assert made.ending() == (Ending.STOPPED, 11)
    (result,) = made.events("result")
    assert (result["outcome"], result["code"]) == ("failed", None)


def test_what_the_log_asks_for_is_on_record_masked(long_command: Make) -> None:
    log = "A reboot is suggested, password=hunter2\n"
    made = long_command([said(f"dead 0 {len(log)}\n{log}")])
    made.apply(upgrade())
    (asks,) = made.events("result")[0]["asks"]
    assert asks.startswith("A reboot is suggested")
    assert "hunter2" not in asks


def test_a_log_that_asks_for_nothing_says_so_by_saying_nothing(long_command: Make) -> None:
    made = long_command([said("dead 0 4\nlog\n")])
    made.apply(upgrade())
    assert "asks" not in made.events("result")[-1]


def test_a_command_that_outlives_its_deadline_is_unknown(long_command: Make) -> None:
    made = long_command([said("alive - 0\n")])
    text = made.refused(upgrade(deadline=100.0))
    assert "still running after 100 s" in text
    assert made.ending() == (Ending.UNKNOWN, 12)


def test_a_start_without_an_answer_is_unknown(long_command: Make) -> None:
    made = long_command([said("dead 0 0\n")], kit.lost_connection())
    made.refused(upgrade())
    assert made.ending() == (Ending.UNKNOWN, 12)


def test_a_node_out_of_reach_before_the_start_is_a_failure(long_command: Make) -> None:
    made = long_command([said("dead 0 0\n")], kit.unreachable())
    made.refused(upgrade())
    assert made.ending() == (Ending.FAILED, 1)


def test_the_lease_is_renewed_while_a_command_is_followed(long_command: Make) -> None:
    looks = [*[said("alive - 0\n")] * (2 * LEASE), said("dead 0 0\n")]
    made = long_command(looks)
    made.apply(upgrade(deadline=1000.0))
    renewed = [argv for _, argv in made.node.asked if argv[2:3] == (remote.RENEW.strip(),)]
    assert 4 <= len(renewed) <= 8


def test_a_lost_connection_while_following_is_waited_for(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = long_command([said("alive - 0\n")])
    plain = made.node._reply

    def reply(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if 15 < made.time.clock() < 15 + 2 * LEASE:
            return kit.unreachable()
        if made.time.clock() > 200 and argv[2] == detached_scripts.FOLLOW.strip():
            return said("dead 0 0\n")
        return plain(node, argv, stdin)

    monkeypatch.setattr(made.node, "_reply", reply)
    made.apply(upgrade(deadline=1000.0))
    assert made.ending() is None


def test_a_run_that_is_superseded_while_it_follows_says_so(long_command: Make) -> None:
    made = long_command([said("alive - 0\n")])
    plain = made.applier.on_idle

    def idle(word: str) -> None:
        plain(word)
        if made.time.clock() == 5:
            RecordsWriter(made.node, kit.N, {"who": "other"}).acquire(over="2")

    made.applier.on_idle = idle
    with pytest.raises(Exception, match="another run took the cluster over"):
        made.apply(upgrade(deadline=1000.0))
    assert made.ending() == (Ending.LOCKED, 13)


def test_a_started_command_out_of_reach_for_good_is_unknown(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = long_command([said("alive - 0\n"), kit.unreachable()])
    monkeypatch.setattr(made.records, "keep", lambda share=3: None)
    text = made.refused(upgrade(deadline=10_000.0))
    assert "never started" not in text
    assert made.ending() == (Ending.UNKNOWN, 12)
    assert made.run.memory.open_intents()


@pytest.mark.parametrize("seconds", [60, 900])
def test_the_inventory_says_how_long_n_may_be_out_of_reach(
    long_command: Make, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    made = long_command([said("alive - 0\n"), kit.unreachable()])
    monkeypatch.setattr(made.records, "keep", lambda share=3: None)
    settings = replace(made.run.inventory.settings, absence_seconds=seconds)
    made.run.inventory = replace(made.run.inventory, settings=settings)
    made.refused(upgrade(deadline=10_000.0))
    assert seconds <= made.time.clock() < seconds + 30


def test_a_renewal_that_fails_once_does_not_end_the_following(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = long_command([*[said("alive - 0\n")] * LEASE, said("dead 0 0\n")])
    plain = made.node._reply
    busy = [said(code=remote.BUSY)]

    def reply(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if argv[2:3] == (remote.RENEW.strip(),) and busy:
            return busy.pop()
        return plain(node, argv, stdin)

    monkeypatch.setattr(made.node, "_reply", reply)
    made.apply(upgrade(deadline=1000.0))
    assert made.ending() is None


def test_out_of_reach_for_good_says_that_it_goes_on_and_how(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = long_command([said("alive - 0\n"), kit.unreachable()])
    monkeypatch.setattr(made.records, "keep", lambda share=3: None)
    text = made.refused(upgrade(deadline=10_000.0))
    assert "no route to host; the command was started and may still run" in text
    assert f"It was not ended. Run again when {kit.N} is in reach" in text
    assert "--settle" not in text


def test_a_reboot_of_the_node_is_told_from_an_ended_process(long_command: Make) -> None:
    made = long_command([said("alive - 0\n"), said("rebooted - 0\n")])
    assert f"{kit.N} has rebooted since it was started" in made.refused(upgrade())
    assert made.ending() == (Ending.STOPPED, 11)


def test_a_command_that_could_not_be_set_up_never_started(long_command: Make) -> None:
    made = long_command([said()], said(code=1, stderr="No space left on device"))
    text = made.refused(upgrade())
    assert "was not started: its directory" in text
    assert "No space left on device" in text
    assert made.ending() == (Ending.FAILED, 1)
    assert made.events("result")[0]["never_started"] is True
    assert made.run.memory.open_intents() == []


def test_a_start_refused_for_its_generation_never_started(long_command: Make) -> None:
    lock = '9\nheld\n{"who": "B. Bianchi"}\n'
    made = long_command([said()], said(lock, code=remote.SUPERSEDED))
    assert "took the cluster over (who B. Bianchi)" in made.refused(upgrade())
    assert made.ending() == (Ending.LOCKED, 13)
    assert made.events("result")[0]["never_started"] is True


def test_a_flood_of_output_is_kept_and_shown_in_part(
    long_command: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.act.livelog.KEPT", 1000)
    lines = "".join(f"line {number}\n" for number in range(20_000))
    looks = [said(f"alive - {len(lines)}\n{lines}"), said(f"dead 0 {len(lines)}\n")]
    made = long_command(looks)
    answer = made.apply(upgrade()).answers[0]
    assert answer.truncated
    assert answer.text.startswith("line 0\nline 1\n")
    assert answer.text.endswith("line 19999\n")
    assert f"bytes are left out here; the log is whole in {kit.N}:" in answer.text
    shown = "".join(made.output)
    assert len(shown) < 3000
    assert "19950 lines are not shown" in shown
    assert shown.endswith("line 19999\n")


def test_a_letter_cut_in_two_is_shown_as_one(long_command: Make) -> None:
    made = long_command(
        [said(b"alive - 3\n\xc3\xbc\xc3"), said(b"alive - 5\n\xbc\n"), said(b"dead 0 6\n\xff")]
    )
    made.apply(upgrade())
    assert "".join(made.output) == "üü\n\\xff\n"


LOG = (
    'TASK [os : dnf] ***\nfatal: [n2]: FAILED! => {"msg": "no room, password=Hunter2x"}\n'
    "PLAY RECAP **\n"
)


def test_the_failing_task_of_a_log_is_named_and_on_record(long_command: Make) -> None:
    """However much comes behind it: the recap of many nodes, the command's own last words."""
    log = LOG + "".join(f"n{number} : ok=9    changed=3\n" for number in range(100))
    made = long_command([said(f"dead 2 {len(log)}\n{log}")])
    failing = "task 'os : dnf' failed on n2: no room, password=********"
    assert f"failed with exit code 2: {failing}" in made.refused(upgrade())
    (result,) = made.events("result")
    assert result["failing"] == failing


def test_of_an_interrupted_command_the_last_task_is_named(long_command: Make) -> None:
    log = "TASK [one] **\nok: [n1]\nTASK [two] **\n"
    made = long_command([said(f"alive - {len(log)}\n{log}"), said("dead - 0\n")])
    assert "the last task that it began is 'two'" in made.refused(upgrade())


def test_a_log_that_ends_well_names_no_failure(long_command: Make) -> None:
    made = long_command([said(f"dead 0 {len(LOG)}\n{LOG}")])
    made.apply(upgrade())
    assert "failing" not in made.events("result")[0]


PLAY = "\nPLAY [cluster] ****\n\nTASK [os : dnf, password=hunter2x] **\nok: [n1]\nchanged: [n2]\n"


def told(made: Bench) -> list[tuple[str, str, str, int]]:
    return [(e["play"], e["task"], e["host"], e["tasks"]) for e in made.events("progress")]


def test_what_it_is_at_is_on_record_while_it_runs(long_command: Make) -> None:
    """Masked, with the command that it is of."""
    made = long_command([said(f"alive - {len(PLAY)}\n{PLAY}"), said("dead 0 0\n")])
    made.apply(upgrade())
    assert told(made) == [("cluster", "os : dnf, password=********", "n2", 1)]
    (progress,), (intent,) = made.events("progress"), made.events("intent")
    assert (progress["key"], progress["node"]) == (intent["key"], kit.N)
    assert progress["size"] == len(PLAY)


def test_it_is_told_every_half_minute_while_its_log_goes_on(long_command: Make) -> None:
    """A look each second; a log that stands still says nothing new."""
    looks, size = [], 0
    for number in range(100):
        line = f"TASK [number {number}]\n"
        size += len(line)
        looks.append(said(f"alive - {size}\n{line}"))
    still = [said(f"alive - {size}\n")] * 100
    made = long_command([*looks, *still, said(f"dead 0 {size}\n")])
    made.apply(upgrade(deadline=1000.0))
    assert [place[1] for place in told(made)] == [f"number {n}" for n in (0, 30, 60, 90, 99)]


def test_a_log_without_tasks_is_told_after_a_while(long_command: Make) -> None:
    looks = [said(f"alive - {number + 1}\n.") for number in range(40)]
    made = long_command([*looks, said("dead 0 40\n")])
    made.apply(upgrade(deadline=1000.0))
    assert told(made) == [("", "", "", 0)]
