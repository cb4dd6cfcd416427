"""What is known of a run by its journal so far: by pieces as at once, of any prefix."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.watching.fold import state_of
from engine.watching.state import Watched
from engine.watching.told import Life, Told, Tone
from engine.watching.words import told_of
from tests.engine import kit
from tests.engine.kit import BEGIN, SECOND, N, event
from tests.engine.looking_on import (
    KEY,
    answers,
    begun,
    ended,
    everything,
    gap,
    progress,
    stopped,
    upgrading,
)
from tests.evidence import journals

EVERYTHING = everything()


def after(seconds: float, *events: dict[str, object], life: Life = Life.THERE) -> Told:
    return told_of(state_of(events), BEGIN + timedelta(seconds=seconds), life)


def said(told: Told, label: str) -> str:
    return " | ".join(str(one) for one in told.lines() if one.label == label)


@given(st.lists(st.sampled_from(EVERYTHING), max_size=40), st.integers(0, 40))
def test_by_pieces_it_is_what_it_is_at_once(events: list[dict[str, object]], at: int) -> None:
    """In whatever order they come."""
    assert state_of(events[at:], state_of(events[:at])) == state_of(events)


def test_whether_the_point_of_no_return_is_behind_or_ahead() -> None:
    label, named = "point of no return", {"no_return": "upgrade.run"}
    early = begun(**named)
    assert said(after(9, *early), label) == f"{label}: ahead, at upgrade.run"
    intent, never = kit.intent("upgrade.run[1]"), kit.result("upgrade.run[1]", never_started=True)
    intent["time"] = event("x", 70)["time"]
    assert said(after(99, *early, intent), label) == f"{label}: behind, passed at 00:01:10"
    again = kit.intent("upgrade.run[1]", number=2)
    assert "passed at 00:01:10" in said(after(99, *early, intent, again), label)
    assert "ahead" in said(after(99, *early, intent, {**never, "key": intent["key"]}), label)
    gone_on = {**early[2], "position": "planned stop"}
    assert said(after(9, early[0], gone_on), label) == f"{label}: behind, passed by an earlier run"
    assert "not known yet" in said(after(9, early[0]), label)
    assert "not known yet" in said(after(9, early[0], {**gone_on, "position": "unknown"}), label)
    told = {**gone_on, "passed": event("x", -50)["time"]}
    followed = {**intent, "since": event("x", -20)["time"]}
    for position in ("not started", "planned stop"):
        for more in ([], [intent], [followed], [followed, {**never, "key": intent["key"]}]):
            events = [early[0], {**told, "position": position}, *more]
            assert said(after(99, *events), label) == (
                f"{label}: behind, passed at 2026-11-01 23:59:10 UTC by an earlier run"
            )
    # an older journal does not tell when
    assert "passed by an earlier run" in said(after(99, early[0], gone_on, intent), label)
    assert "passed by an earlier run" in said(after(99, early[0], gone_on, followed), label)
    # the records say otherwise once the lock is held
    assert "ahead" in said(after(9, early[0], told, {**early[2], "passed": None}), label)
    # a plan passes nothing, an older journal names no such step
    assert said(after(9, *begun(**named, mode="plan")), label) == ""
    assert said(after(9, *begun()), label) == ""


@pytest.mark.parametrize("life", Life)
def test_any_prefix_can_be_shown(life: Life) -> None:
    watched = Watched()
    for number, one in enumerate([None, *EVERYTHING]):
        watched = state_of([one] if one else [], watched)
        told = told_of(watched, BEGIN + timedelta(seconds=2 * number), life)
        assert all(str(line).isprintable() for line in told.lines())


@given(st.lists(st.sampled_from(EVERYTHING), max_size=40), st.sampled_from(Life))
def test_any_order_can_be_shown(events: list[dict[str, object]], life: Life) -> None:
    assert after(200.0, *events, life=life).lines()


def test_an_event_costs_the_same_wherever_it_stands() -> None:
    """Nothing is kept that grows with the journal: but for what is counted."""
    once = state_of([*upgrading(), *[progress(100)] * 10])
    often = state_of([*upgrading(), *[progress(100)] * 1000])
    assert often.lines == once.lines + 990
    assert str(often).replace(str(often.lines), "") == str(once).replace(str(once.lines), "")


def test_phase_step_and_time() -> None:
    told = after(130, *upgrading())
    assert said(told, "phase") == "phase: upgrade (0:01:10)"
    assert said(told, "step") == "step: upgrade.run[1]: Purpose of upgrade.run[1]. (0:01:10)"
    assert str(told.verdict) == "run: at work: upgrade (step 3 of 5, 0:02:10 of about 1:00:00)"
    assert said(told, "steps") == "steps: 1 done; 5 in all"
    assert [(one.title, one.state, one.text) for one in told.stages] == [
        ("preparation", "behind", "about 10 min"),
        ("the upgrade", "now", "0:01:10 of about 40 min"),
        ("verification", "ahead", "about 10 min"),
    ]
    assert told.share == pytest.approx(130 / 3600)


def test_longer_than_expected() -> None:
    told = after(3601, *upgrading())
    assert said(told, "run").startswith("run: at work, LONGER THAN EXPECTED: upgrade (step 3")
    assert told.share == 1.0


@pytest.mark.parametrize("fields", [{"mode": "plan"}, {"scope": "restore", "mode": "restore"}])
def test_no_time_is_announced_for_what_is_no_upgrade(fields: dict[str, str]) -> None:
    told = after(5, *begun(**fields))
    assert (told.share, told.stages) == (None, ())
    assert said(told, "run") == "run: at work: it begins (0:00:05)"


def test_an_older_journal_has_no_stages() -> None:
    told = after(5, {k: v for k, v in begun()[0].items() if k != "stages"})
    assert told.stages == ()
    assert said(told, "run") == "run: at work: it begins (0:00:05 of about 1:00:00)"


def test_the_window() -> None:
    assert said(after(3600, *begun()), "window") == (
        "window: until 2026-11-02 08:00 (UTC) (7:00:00 left)"
    )
    assert "IS OVER since 08:00:00" in said(after(9 * 3600, *begun()), "window")


def test_what_the_long_command_is_at() -> None:
    told = after(100, *upgrading())
    assert said(told, "change") == (f"change: neteye upgrade on {N} since 00:01:10 (0:00:30)")
    assert said(told, "it is at") == (
        "it is at: play cluster, task os : dnf, last host n2; 12 tasks begun (told 0:00:10 ago)"
    )


def test_progress_of_another_command_is_none_of_it() -> None:
    told = after(100, *upgrading()[:-1], progress(90, key="another#1"))
    assert said(told, "it is at") == ""


def test_a_command_that_has_ended_is_not_shown_any_more() -> None:
    told = after(200, *upgrading(), kit.result("upgrade.run[1]"))
    assert said(told, "change") == said(told, "it is at") == ""


def test_what_is_left_on_the_cluster_is_told_at_the_end() -> None:
    seen = event("command-seen", 190, key=KEY, state="running", status=None)
    told = after(300, *upgrading(), stopped(180, "interrupted", 2), seen, ended(200, code=2))
    assert said(told, "left on the cluster") == (
        f"left on the cluster: neteye upgrade on {N} since 00:01:10: goes on by itself"
    )


def test_nodes() -> None:
    told = after(100, *upgrading())
    assert said(told, N) == f"{N}: operative, N: answers (last answer 0:00:10 ago)"
    assert said(told, SECOND) == (
        f"{SECOND}: operative: in standby since 00:01:20 (last answer 0:01:37 ago)"
    )
    lost = journals.asked(95, node=SECOND, problem="no route", lost="unreachable")
    assert "OUT OF REACH since 00:01:35: no route" in said(after(100, *upgrading(), lost), SECOND)
    back = journals.asked(99, node=SECOND)
    assert "in standby" in said(after(100, *upgrading(), lost, back), SECOND)


def test_an_answer_that_nobody_understands_is_no_lost_node() -> None:
    odd = journals.asked(95, node=SECOND, problem="exit code 3", lost=None)
    assert "OUT OF REACH" not in said(after(100, *begun(), odd), SECOND)


def test_a_followed_node_that_is_lost_and_back() -> None:
    lost = event("connection", 92, node=N, state="lost", why="no route to host")
    assert "OUT OF REACH since 00:01:32: no route to host" in said(after(99, *upgrading(), lost), N)
    back = event("connection", 95, node=N, state="back", why="")
    assert "answers (last answer 0:00:04 ago)" in said(after(99, *upgrading(), lost, back), N)


def test_what_an_earlier_run_has_left_is_shown() -> None:
    since = event("x", 2)["time"]
    left = [
        event("lasting", 4, kind="standby", subject=SECOND, since=since),
        event("lasting", 4, kind="fencing", subject="cluster", since=since),
    ]
    told = after(62, *begun(), *left)
    assert "in standby since 00:00:02" in said(told, SECOND)
    assert said(told, "fencing") == "fencing: off since 00:00:02 (0:01:00)"
    on = event("fencing", 50, state="on", other=None)
    assert said(after(62, *begun(), *left, on), "fencing") == ""


def test_services() -> None:
    asked = event("probing", 5, target="httpd", state="began", ways=["http://192.0.2.10/"])
    assert said(after(9, *begun(), asked), "httpd") == "httpd: asked"
    good = [*begun(), asked, answers(6)]
    assert said(after(9, *good), "httpd") == "httpd: answers at http://192.0.2.10/; no gap"
    bad = [*good, gap(8, "began")]
    assert said(after(17, *bad), "httpd") == (
        "httpd: NO ANSWER at http://192.0.2.10/ since 00:00:07: Connection refused (0:00:10)"
    )
    again = [*bad, gap(12, "ended")]
    assert said(after(17, *again), "httpd") == (
        "httpd: answers at http://192.0.2.10/; 1 gap of 5 s in all"
    )
    unseen = [*again, gap(15, "began", unseen=True)]
    assert "not seen at" in said(after(17, *unseen), "httpd")
    assert "1 gap of 5 s in all before" in said(after(17, *unseen), "httpd")
    assert "1 gap" in said(after(20, *unseen, gap(19, "ended", unseen=True)), "httpd")


def test_a_gap_that_outlasts_the_asking_is_still_shown() -> None:
    over = [gap(9, "ended", still=True), event("probing", 9, target="httpd", state="ended")]
    told = after(20, *begun(), answers(6), gap(8, "began"), *over, ended(10))
    assert "NO ANSWER" in said(told, "httpd")


def test_who_waits_for_a_person() -> None:
    assert said(after(9, *begun()), "waits for a person") == "waits for a person: no"
    told = after(9, *begun(), stopped(8))
    assert said(told, "waits for a person") == (
        "waits for a person: yes, it stopped (stopped): it is odd. What to do: Look. No change is"
        " made any more; what only looks goes on to the end."
    )
    assert told.person.tone is Tone.BAD
    over = after(9, *begun(), stopped(8), ended(9, "stopped", 11))
    assert said(over, "waits for a person").endswith("What to do: Look.")


def test_findings_that_block_are_counted() -> None:
    finding = event("finding", 4, severity="block", accepted=None)
    accepted = event("finding", 4, severity="block", accepted={"by": "A. Rossi"})
    told = after(9, *begun(), finding, accepted, finding)
    assert said(told, "findings") == "findings: 2 that block"


def test_how_it_ended() -> None:
    told = after(9999, *begun(), ended(100))
    assert str(told.verdict) == (
        "run: ended at 2026-11-02 00:01:40 UTC: done, exit code 0 (it took 0:01:40)"
    )
    assert told.verdict.tone is Tone.GOOD
    assert {one.state for one in told.stages} == {"behind"}
    # the last one counts
    assert "failed, exit code 1" in str(
        after(9999, *begun(), ended(100), ended(101, "failed", 1)).verdict
    )


def test_a_run_that_died_and_one_that_works_elsewhere() -> None:
    gone = after(400, *upgrading(), life=Life.GONE)
    assert str(gone.verdict) == (
        "run: no sign of life since 2026-11-02 00:01:30 UTC: the process is not there any more"
        " (0:05:10 ago)"
    )
    assert "to run it again" in str(gone.person)
    assert said(gone, "step").endswith("(0:00:30)")  # its clocks stand still
    other = after(400, *upgrading(), life=Life.ELSEWHERE)
    assert "nobody can tell if it lives" in str(other.verdict)


def test_what_a_node_said_does_not_steer_a_terminal() -> None:
    evil = "\x1b]0;x\x07\x9b2J\u202e<b>"
    told = after(100, *upgrading(), progress(95, task=evil), stopped(99) | {"reason": evil})
    text = "".join(str(one) for one in told.lines())
    assert text.isprintable()
    assert "<b>" in text


def test_a_command_that_is_followed_is_at_work_since_an_earlier_run_began_it() -> None:
    followed = kit.intent("update.run", what="neteye update", since=event("x", 10)["time"])
    followed["time"] = event("x", 70)["time"]
    told = said(after(99, *begun(), followed), "change")
    assert f"neteye update on {N} since 00:00:10" in told
