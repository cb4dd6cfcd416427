"""What was not asked is told as not seen: between two runs, and until a run asks."""

from __future__ import annotations

from typing import Any

from engine.record.asked import answered_from, asked_of, not_asked_of
from engine.record.gaps import gaps_of, sentence, totals_of
from engine.report.audit.runs import states_lasting
from engine.report.unasked import unasked_of
from tests.engine import kit
from tests.engine.kit import N, event
from tests.evidence.journals import FIRST, SECOND_RUN, lasting, of_run, started

WAY = "http://192.0.2.10:80/"
LATER = 1000.0


def timed(one: dict[str, Any], seconds: float) -> dict[str, Any]:
    return {**one, "time": event("x", seconds)["time"]}


def asking(begin: float, target: str = "httpd", **fields: Any) -> list[dict[str, Any]]:
    return [
        event("probing", begin, target=target, state="began", ways=[WAY], **fields),
        event("probing", begin + 1, target=target, state="answers", way=WAY),
    ]


def end(when: float, target: str = "httpd") -> dict[str, Any]:
    return event("probing", when, target=target, state="ended", questions=9)


def intent(when: float) -> dict[str, Any]:
    opens = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    return timed(
        kit.intent("update.run", detached="update-1", what="neteye update", opens=opens), when
    )


def killed(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return of_run(FIRST, [started(), *asking(8), intent(10), *more, event("note", 100, text="x")])


def gone_on(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """It asks from 60 on, and the command ended at 40."""
    ended = event("x", LATER + 40)["time"]
    result = timed(kit.result("update.run", seconds=1030.0, reason="", ended=ended), 90)
    events = [started(host="desk"), *more, intent(80), result, end(120)]
    return of_run(SECOND_RUN, sorted(events, key=lambda one: str(one["time"])), LATER)


def test_between_two_runs_and_until_the_second_asks_nobody_knows() -> None:
    events = [*killed(), *gone_on(*asking(59))]
    (one,) = not_asked_of(events)
    assert one.seconds == 960
    (total,) = totals_of(events)
    assert (total["not_asked"], total["unseen"], total["at_least"]) == (960.0, 0.0, True)
    assert sentence([total]) == f"httpd ({WAY}) none seen, not seen for 16 min"
    (told,) = unasked_of(events)
    assert told.services == ("httpd",)
    assert told.why == (
        "no run for 15 min; run 2 did not ask for 60 s;"
        f" neteye update on {N} was at work for 15 min of it"
    )


def test_between_two_nights_the_change_is_not_under_way() -> None:
    """A run that ended as asked left nothing in place: what is asked counts anew from the next."""
    result = timed(kit.result("update.run", seconds=80.0, reason=""), 90)
    ended = event("run-ended", 101, outcome="stopped as asked", exit_code=0)
    first = of_run(FIRST, [started(), *asking(8), intent(10), result, end(99), ended])
    alone = totals_of(first)
    assert not_asked_of(first) == []
    second = [started(), *asking(59), intent(80), timed(result, 110), end(120)]
    assert not_asked_of([*first, *of_run(SECOND_RUN, second, LATER)]) == []
    assert alone[0]["at_least"] is False


def test_a_service_of_the_first_night_that_the_second_does_not_ask_is_told() -> None:
    result = timed(kit.result("update.run", seconds=80.0, reason=""), 90)
    ended = event("run-ended", 101, outcome="stopped as asked", exit_code=0)
    first = of_run(FIRST, [started(), *asking(8), intent(10), result, end(99), ended])
    second = of_run(SECOND_RUN, [started(), intent(80), timed(result, 110)], LATER)
    assert [(one.target, one.seconds) for one in not_asked_of([*first, *second])] == [
        ("httpd", 30.0)
    ]


def test_services_that_were_not_asked_at_one_time_are_told_together() -> None:
    other = [*asking(60, "MariaDB"), end(121, "MariaDB")]
    first = [*asking(8, "MariaDB"), *asking(8, "OCS")]
    events = [*killed(*first), *gone_on(*asking(59), *other, *asking(85, "OCS"), end(120, "OCS"))]
    assert [one.services for one in unasked_of(events)] == [("httpd", "MariaDB"), ("OCS",)]


def test_one_run_that_asked_all_the_time_leaves_nothing_out() -> None:
    result = timed(kit.result("update.run", seconds=80.0, reason=""), 90)
    events = [started(), *asking(8), intent(10), result, end(99), event("run-ended", 140)]
    assert not_asked_of(of_run(FIRST, events)) == []
    assert totals_of(events)[0]["at_least"] is False


def test_asking_that_broke_is_not_seen_from_then_on() -> None:
    result = timed(kit.result("update.run", seconds=80.0, reason=""), 90)
    broken = event("probing", 50, target="httpd", state="broken", problem="oh")
    (one,) = not_asked_of(of_run(FIRST, [started(), *asking(8), intent(10), broken, result]))
    assert one.seconds == 40


def test_a_service_with_a_known_way_is_measured_from_the_begin() -> None:
    """It had answered the run before by that one, and does not answer from the start."""
    gap = {"target": "httpd", "since": event("x", LATER + 60)["time"], "why": "x", "unseen": False}
    until = {"until": event("x", LATER + 75)["time"], "seconds": 15.0, "steps": []}
    began, answers = asking(60, way=WAY)
    more = [event("service-gap", 60, state="began", **gap),
            event("service-gap", 75, state="ended", **gap, **until)]  # fmt: skip
    events = [*killed(), *gone_on(began, *more, timed(answers, 75))]
    assert [one.seconds for one in not_asked_of(events)] == [960.0]
    assert [(one.run, one.way) for one in asked_of(events)] == [(FIRST, WAY), (SECOND_RUN, WAY)]
    assert sentence(totals_of(events)).endswith("1 gap, at least 15 s, not seen for 16 min")


def test_a_gap_names_the_command_that_was_at_work_though_the_run_did_other_things() -> None:
    since = event("x", LATER + 20)["time"]
    gap = {"target": "httpd", "since": since, "why": "x", "unseen": False}
    until = {"until": event("x", LATER + 30)["time"], "seconds": 10.0, "steps": ["preflight.x"]}
    more = [event("service-gap", 20, state="began", **gap),
            event("service-gap", 30, state="ended", **gap, **until)]  # fmt: skip
    (one,) = gaps_of([*killed(), *gone_on(*asking(10), *more)])
    assert one.steps == ("update.run", "preflight.x")


def test_before_the_first_step_of_a_run_a_gap_names_none() -> None:
    gap = {"target": "httpd", "since": event("x", 5)["time"], "why": "x", "unseen": False}
    (one,) = gaps_of([event("service-gap", 5, state="began", **{**gap, "step": ""})])
    assert one.steps == ()


def test_what_has_answered_counts_for_runs_on_the_same_machine() -> None:
    events = [*killed(), *gone_on(*asking(59, "MariaDB"))]
    assert answered_from(events, "laptop") == {("httpd", WAY)}
    assert answered_from(events, "desk") == {("MariaDB", WAY)}


def test_what_was_seen_first_by_a_later_run_was_made_by_the_command_of_the_earlier_one() -> None:
    seen = lasting(20, -LATER + 99, state="off")
    (off,) = states_lasting([*killed(), *gone_on(seen, *asking(59))])["fencing"]
    assert (off.run, off.step) == (FIRST, "update.run")
