"""The downtime: before the first change, found again, followed when need be, never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.act.stops import NotDone
from engine.record.position import Position
from runbook.cluster import product
from runbook.cluster.icinga.cover import AUTHOR, LEDGER
from runbook.cluster.icinga.findings import may_not
from runbook.phases import (
    test_17_preflight_downtime,
    test_25_downtime,
    test_60_upgrade,
    test_80_reactivation,
    test_90_closing,
    test_98_restored,
)
from runbook.phases.actions.downtime import (
    downtime_begun,
    downtime_ended,
    downtime_lasts_for_reactivation,
    downtime_lasts_for_upgrade,
    ledger_downtime,
)
from tests.actions.icinga_nodes import MAY, PASSWORD, USER, Bench, commands_of, watched
from tests.engine import kit

HOSTS = {"NE1.example.test", "the second", "neteye03", "neteye04.neteyelocal", "voting", "cluster"}
OBJECTS = {(h, "") for h in HOSTS} | {(h, "ping") for h in HOSTS} | {("the second", "load")}
WHOLE = timedelta(minutes=30 + 5 * 15)
"""What is announced for five nodes."""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def begin(bench: Bench) -> Any:
    return bench.step("baseline.downtime", test_25_downtime.test_downtime, downtime_begun)


def end(bench: Bench) -> Any:
    return bench.step("closing.downtime", test_90_closing.test_downtime, downtime_ended)


def restore(bench: Bench) -> Any:
    return bench.step("restore.downtime", test_98_restored.test_downtime, ledger_downtime)


def foretell(bench: Bench) -> str:
    evidence = bench.step("preflight.downtime", test_17_preflight_downtime.test_downtime, None)
    return "; ".join(evidence.reasons)


# what is scheduled


def test_every_host_of_the_cluster_and_its_services_and_nobody_else(bench: Bench) -> None:
    evidence = begin(bench)
    assert bench.node.held == OBJECTS
    assert bench.codes == []
    assert "13 downtimes of this attempt until 2026-11-02 03:30 UTC" in evidence.reasons[-1]
    assert {one["author"] for one in bench.node.now["downtimes"]} == {AUTHOR}
    assert all(kit.ATTEMPT in one["comment"] for one in bench.node.now["downtimes"])
    assert LEDGER in bench.memory.ledger
    names = bench.memory.facts["downtimes"]["names"]
    assert len(names) == len(OBJECTS)
    assert {name.rpartition("!")[0] for name in names} == {
        "!".join(filter(None, o)) for o in OBJECTS
    }


def test_it_lasts_to_the_window_s_end_or_twice_the_expected_time(tmp_path: Path) -> None:
    for number, hours in enumerate((2, 10)):
        bench = Bench(tmp_path / str(number), window_end=kit.BEGIN + timedelta(hours=hours))
        begin(bench)
        ends = {one["end_time"] for one in bench.node.now["downtimes"]}
        wanted = max(kit.BEGIN + 2 * WHOLE, kit.BEGIN + timedelta(hours=hours))
        assert len(ends) == 1
        assert 0 <= ends.pop() - wanted.timestamp() < 60


def test_without_the_setting_icinga_is_not_asked(tmp_path: Path) -> None:
    bench = Bench(tmp_path, downtime=False)
    foretell(bench)
    assert begin(bench).outcome == "not needed"
    end(bench)
    assert commands_of(bench.node) == []
    assert bench.memory.ledger == {}


def test_a_filter_says_otherwise(tmp_path: Path) -> None:
    condition = 'match("pri*", host.name)'
    bench = Bench(tmp_path, downtime_filter=condition)
    bench.node.is_set(filters={condition: ["printer"]})
    begin(bench)
    assert bench.node.held == {("printer", ""), ("printer", "ping")}
    assert bench.codes == []


# whom it must not silence


def test_a_host_of_that_short_name_elsewhere_is_left_alone_and_told(bench: Bench) -> None:
    bench.node.is_set(
        hosts=[
            watched("neteye01", address="203.0.113.9"),
            watched("cluster", address="192.0.2.100"),
        ],
    )
    begin(bench)
    assert bench.node.held == {("cluster", ""), ("cluster", "ping")}
    told = foretell(bench)
    assert "neteye01" not in told.partition(" and their ")[0]
    (finding,) = [f for f in bench.findings if f["code"] == "downtime-host-unknown"]
    assert "neteye01 (203.0.113.9)" in finding["observed"]
    assert "neteye01.neteyelocal" in finding["observed"]


def test_nothing_found_is_a_warning_and_no_request(bench: Bench) -> None:
    bench.node.is_set(hosts=[watched("printer", address="192.0.2.17")])
    evidence = begin(bench)
    assert bench.codes == ["downtime-host-unknown"]
    assert evidence.verdict
    assert bench.node.now["requests"] == []
    assert bench.memory.ledger == {}


@pytest.mark.parametrize("condition", ['match("nobody*", host.name)', "host.name =="])
def test_a_filter_that_fits_nothing_or_can_t_be_read_schedules_nothing(
    tmp_path: Path, condition: str
) -> None:
    bench = Bench(tmp_path, downtime_filter=condition)
    bench.node.is_set(filters={'match("nobody*", host.name)': []})
    assert begin(bench).verdict
    assert bench.node.now["requests"] == []
    (finding,) = bench.findings
    assert condition in finding["observed"] or "syntax error" in finding["observed"]


# what the plan tells


def test_the_plan_tells_hosts_services_times_messages_and_problems(bench: Bench) -> None:
    bench.run.attempt = None
    told = foretell(bench)
    assert all(host in told for host in HOSTS)
    assert "of 6 hosts (" in told
    assert "7 services" in told
    assert "2026-11-02 03:30 UTC (twice the expected time)" in told
    assert "26 at most" in told
    assert "told again after it: the second!load" in told
    assert bench.codes == []
    assert bench.node.now["requests"] == []


def test_a_node_that_nobody_watches_is_told_by_the_plan(bench: Bench) -> None:
    bench.node.is_set(hosts=[h for h in bench.node.now["hosts"] if h["name"] != "voting"])
    foretell(bench)
    (finding,) = bench.findings
    assert (finding["code"], finding["severity"]) == ("downtime-host-unknown", "warn")
    assert "neteye05.neteyelocal" in finding["observed"]


@pytest.mark.parametrize("lacking", ["schedule", "remove"])
def test_the_plan_tells_what_the_api_user_may_not(bench: Bench, lacking: str) -> None:
    bench.node.is_set(users={USER: [one for one in MAY if lacking not in one]})
    foretell(bench)
    (finding,) = bench.findings
    assert finding["code"] == "downtime-not-made"
    assert f"has no permission actions/{lacking}-downtime" in finding["observed"]


@pytest.mark.parametrize(
    ("given", "is_enough"),
    [
        (["*"], True),
        (["actions/*"], True),
        (["Actions/Schedule-Downtime", "actions/remove-downtime"], True),
        (["objects/*", "actions/remove*"], False),
        ([], False),
    ],
)
def test_permissions_may_be_patterns(given: list[str], is_enough: bool) -> None:
    assert (may_not(given, USER) == []) is is_enough


@pytest.mark.parametrize("silent", ["acknowledgement", "enable_notifications", "last_check"])
def test_a_problem_that_nobody_was_told_of_is_not_told_again(bench: Bench, silent: str) -> None:
    load = watched("load", host="the second", state=2)
    load[silent] = {"acknowledgement": 1.0, "enable_notifications": False, "last_check": -1.0}[
        silent
    ]
    bench.node.is_set(services=[load])
    assert "told again after it: none" in foretell(bench)


# going on


def test_a_run_that_goes_on_finds_it_and_makes_no_other(bench: Bench) -> None:
    begin(bench)
    before = bench.node.now["downtimes"]
    bench.begin()
    begin(bench)
    bench.step("upgrade.downtime", test_60_upgrade.test_downtime, downtime_lasts_for_upgrade)
    bench.step(
        "reactivation.downtime", test_80_reactivation.test_downtime, downtime_lasts_for_reactivation
    )
    assert bench.node.now["downtimes"] == before
    assert LEDGER in bench.memory.ledger


def test_killed_between_intent_and_result_the_next_run_adopts_it(bench: Bench) -> None:
    begin(bench)
    before = bench.node.now["downtimes"]
    events = [e for e in bench.seen if e["event"] not in ("result", "fact")]
    bench.begin(events)
    begin(bench)
    assert bench.node.now["downtimes"] == before
    adopted = [e for e in bench.run.journal.events if e["event"] == "result"]
    assert [e.get("adopted") for e in adopted] == [True]


def test_what_icinga_could_not_say_is_not_adopted(bench: Bench) -> None:
    """Nobody saw what became of the earlier request: it is not told as done."""
    bench.begin([kit.intent("baseline.downtime", opens=[_opened()])])
    bench.node.is_set(down=True)
    begin(bench)
    assert [e for e in bench.run.journal.events if e["event"] == "result"] == []
    assert LEDGER in bench.memory.ledger


def _opened() -> dict[str, str]:
    return {"kind": LEDGER[0], "subject": LEDGER[1], "former": "none"}


def test_icinga_killed_in_the_middle_what_is_missing_is_scheduled_alone(bench: Bench) -> None:
    bench.node.is_set(killed_after=2)
    begin(bench)
    assert bench.codes == ["downtime-not-made"]
    bench.begin()
    begin(bench)
    assert bench.codes == []
    assert bench.node.held == OBJECTS
    assert len(bench.node.now["downtimes"]) == len(OBJECTS)  # none twice


def test_a_service_that_came_later_gets_its_own(bench: Bench) -> None:
    begin(bench)
    late = watched("late", host="cluster")
    bench.node.is_set(services=[*bench.node.now["services"], late])
    bench.begin()
    begin(bench)
    assert bench.node.now["requests"][-1] == ["schedule", "Service", ["cluster!late"]]
    assert len(bench.node.now["downtimes"]) == len(OBJECTS) + 1
    assert bench.codes == []


def test_another_one_only_when_a_run_goes_on_beyond_it(bench: Bench) -> None:
    begin(bench)
    bench.begin()
    bench.look.position = Position.UPGRADE_UNDER_WAY
    bench.is_now(kit.BEGIN + timedelta(hours=2, minutes=20))
    begin(bench)  # 70 minutes are left of it, and about 60 to do
    assert len(bench.node.now["requests"]) == 1
    bench.is_now(kit.BEGIN + timedelta(hours=3))
    begin(bench)
    assert len(bench.node.now["requests"]) == 2
    ends = sorted({one["end_time"] for one in bench.node.now["downtimes"]})
    assert len(ends) == 2
    assert ends[1] - (kit.BEGIN + timedelta(hours=3)).timestamp() == pytest.approx(
        2 * 62 * 60, abs=300
    )


def test_beyond_its_end_too(bench: Bench) -> None:
    """Icinga lists what is over for a minute: it covers nothing."""
    begin(bench)
    bench.begin()
    bench.is_now(kit.BEGIN + timedelta(hours=3, minutes=30, seconds=20))
    begin(bench)
    assert len(bench.node.now["requests"]) == 2


# its own failure


FAILING: dict[str, tuple[Callable[[Bench], Any], str]] = {
    "down": (lambda b: b.node.is_set(down=True), "Failed to connect"),
    "password": (lambda b: b.node.is_set(password="another"), "does not take the password"),
    "no password": (lambda b: b.node.password.unlink(), ".pwd_icinga2_runbook_downtime"),
    "no ca": (lambda b: b.node.ca.unlink(), "no CA of Icinga's"),
    "another ca": (lambda b: b.node.ca.write_text("of somebody else"), "certificate problem"),
    "no curl": (lambda b: b.node.curl.write_text("#!/bin/sh\nexit 127\n"), "127"),
    "may not ask": (lambda b: b.node.is_set(users={USER: ["objects/hosts"]}), "Missing permission"),
    "no cluster file": (lambda b: b.node._answers.clear(), "neteye-cluster"),
}


@pytest.mark.parametrize("failing", FAILING)
def test_its_own_failure_is_a_warning(bench: Bench, failing: str) -> None:
    spoil, said = FAILING[failing]
    if failing == "no cluster file":
        bench.look.ask = _unanswered(bench)  # type: ignore[method-assign]
    else:
        spoil(bench)
    evidence = begin(bench)
    foretell(bench)
    assert set(bench.codes) == {"downtime-not-asked"}
    assert said in bench.findings[0]["observed"]
    assert evidence.verdict
    assert bench.run.stop is None
    assert bench.memory.ledger == {}


def _unanswered(bench: Bench) -> Any:
    ask = bench.look.ask

    def lost(node: str, query: Any) -> Any:
        from engine.errors import Unanswered

        if query.name == "/etc/neteye-cluster":
            raise Unanswered(node, query.name, "neteye-cluster: no answer")
        return ask(node, query)

    return lost


def test_a_refusal_to_schedule_is_a_warning_and_leaves_no_entry(bench: Bench) -> None:
    bench.node.is_set(users={USER: [one for one in MAY if "schedule" not in one]})
    evidence = begin(bench)
    assert bench.codes == ["downtime-not-made"]
    assert "HTTP 404: No objects found." in bench.findings[0]["observed"]
    assert evidence.verdict
    assert bench.run.stop is None
    assert bench.memory.ledger == {}


def test_one_that_is_listed_and_does_not_hold_is_told(bench: Bench) -> None:
    bench.node.is_set(sleeps=True)
    begin(bench)
    assert bench.codes == ["downtime-not-made"]
    assert LEDGER in bench.memory.ledger


# the end


def test_at_the_end_all_of_them_are_removed_and_nobody_else_s(bench: Bench) -> None:
    begin(bench)
    other = {**bench.node.now["downtimes"][0], "comment": "a disk is changed"}
    bench.node.is_set(downtimes=[*bench.node.now["downtimes"], other])
    evidence = end(bench)
    assert bench.node.now["downtimes"] == [other]
    assert bench.memory.ledger == {}
    assert bench.codes == []
    assert evidence.outcome == "done"


def test_killed_before_it_was_seen_that_they_are_gone_the_next_run_says_so(bench: Bench) -> None:
    begin(bench)
    bench.apply("closing.downtime", downtime_ended)
    assert LEDGER in bench.memory.ledger
    bench.begin()
    evidence = end(bench)
    assert bench.memory.ledger == {}
    assert bench.codes == []
    assert evidence.verdict


def test_a_restore_removes_them_whatever_the_setting_says(bench: Bench) -> None:
    begin(bench)
    bench.begin(downtime=False)
    restore(bench)
    assert bench.node.held == set()
    assert bench.memory.ledger == {}


def test_without_an_entry_nothing_is_removed(bench: Bench) -> None:
    bench.node.is_set(
        downtimes=[{"author": AUTHOR, "comment": "of another attempt", "host_name": "cluster",
                    "service_name": "", "name": "cluster!x", "end_time": 4e9, "start_time": 1.0}]
    )  # fmt: skip
    end(bench)
    restore(bench)
    assert commands_of(bench.node) == []


def test_those_that_are_over_are_closed_in_the_ledger(bench: Bench) -> None:
    begin(bench)
    bench.node.is_set(downtimes=[])
    bench.begin()
    end(bench)
    assert bench.memory.ledger == {}
    assert [r[0] for r in bench.node.now["requests"]] == ["schedule"]


def test_somebody_else_was_quicker_and_icinga_says_500(bench: Bench) -> None:
    """With nothing left to remove the answer is an error, and all is well."""
    begin(bench)
    generator = downtime_ended.generator(look=bench.look)
    change = next(generator)
    bench.node.is_set(downtimes=[])
    answer = bench.node.run(change.node, change.argv, deadline=10.0)
    assert answer.code in {104}
    bench.node.is_set(downtimes=bench.node.now["downtimes"])
    evidence = end(bench)
    assert bench.memory.ledger == {}
    assert bench.codes == []
    assert evidence.verdict


@pytest.mark.parametrize("spoilt", [{"down": True}, {"stuck": True}, {"users": {}}])
@pytest.mark.parametrize("finish", [end, restore])
def test_what_can_t_be_removed_is_told_with_its_end_and_stops_nothing(
    bench: Bench, spoilt: dict[str, Any], finish: Any
) -> None:
    begin(bench)
    bench.begin()
    bench.node.is_set(**spoilt)
    evidence = finish(bench)
    assert bench.codes == ["downtime-left"]
    assert "2026-11-02 03:30 UTC" in bench.findings[0]["remedy"]
    assert bench.findings[0]["severity"] == "warn"
    assert bench.findings[0]["task"] is True
    assert evidence.verdict
    assert bench.run.stop is None
    assert bench.memory.ledger == {}
    closed = [e for e in bench.run.journal.events if e["event"] == "ledger-closed"]
    assert closed[-1]["left"]
    assert "not removed, over at 2026-11-02 03:30 UTC" in closed[-1]["why"]


# nights apart


def ends_behind(bench: Bench, phase: str) -> None:
    bench.run.until = next(pause for pause in product.PAUSES if pause.phase == phase)


def ends_of(bench: Bench) -> set[float]:
    return {one["end_time"] for one in bench.node.now["downtimes"]}


@pytest.mark.parametrize(
    ("phase", "position", "minutes"),
    [
        ("update", Position.NOT_STARTED, 5 + 5 + 5 * 5),
        ("update", Position.UPDATE_UNDER_WAY, 5 + 5 * 5),
        ("backup", Position.NOT_STARTED, 5 + 5 + 5 * 5 + 8),
        ("backup", Position.UPDATED, 8),
    ],
)
def test_a_night_s_downtime_lasts_for_what_that_night_does(
    bench: Bench, phase: str, position: Position, minutes: int
) -> None:
    bench.look.position = position
    ends_behind(bench, phase)
    told = foretell(bench)
    begin(bench)
    (end_time,) = ends_of(bench)
    assert end_time - kit.BEGIN.timestamp() == pytest.approx(2 * 60 * minutes, abs=60)
    assert f"{kit.BEGIN + timedelta(minutes=2 * minutes):%H:%M} UTC (twice" in told


def test_of_a_night_too_the_window_s_end_counts_when_it_is_later(tmp_path: Path) -> None:
    bench = Bench(tmp_path, window_end=kit.BEGIN + timedelta(hours=6))
    ends_behind(bench, "update")
    begin(bench)
    assert ends_of(bench) == {(kit.BEGIN + timedelta(hours=6)).timestamp()}


def test_each_night_has_its_own_and_none_is_between(bench: Bench) -> None:
    for night, phase in enumerate(("update", "backup", ""), 1):
        bench.is_now(kit.BEGIN + timedelta(days=night))
        if phase:
            ends_behind(bench, phase)
        begin(bench)
        assert bench.node.held == OBJECTS
        assert LEDGER in bench.memory.ledger
        evidence = end(bench)
        assert evidence.outcome == "done"
        assert bench.node.held == set()
        assert bench.memory.ledger == {}
        bench.begin()
        bench.look.position = Position.UPDATED
    assert [r[0] for r in bench.node.now["requests"]] == ["schedule", "remove"] * 3
    assert bench.codes == []


def a_night_that_left_it(bench: Bench) -> None:
    begin(bench)
    bench.begin()
    ends_behind(bench, "update")
    bench.node.is_set(down=True)
    end(bench)
    assert bench.codes == ["downtime-left"]
    assert "The next run tries once more." in bench.findings[0]["remedy"]
    bench.node.is_set(down=False)
    bench.begin()


def test_one_that_was_left_is_removed_by_the_next_run_that_is_asked(bench: Bench) -> None:
    """Whatever that run is to do: with nothing else to do it removes it, and says so once."""
    a_night_that_left_it(bench)
    assert bench.node.held == OBJECTS
    assert end(bench).outcome == "done"
    assert bench.node.held == set()
    bench.begin()
    end(bench)
    assert [r[0] for r in bench.node.now["requests"]] == ["schedule", "remove"]


def test_one_that_was_left_is_given_back_by_a_restore(bench: Bench) -> None:
    a_night_that_left_it(bench)
    restore(bench)
    assert bench.node.held == set()


def test_one_that_was_left_is_told_as_often_as_it_can_t_be_removed(bench: Bench) -> None:
    a_night_that_left_it(bench)
    bench.node.is_set(down=True)
    end(bench)
    assert bench.codes == ["downtime-left"]
    closed = [e for e in bench.run.journal.events if e["event"] == "ledger-closed"]
    assert [e["left"] for e in closed] == [True]


def test_one_that_was_left_is_over_at_its_end(bench: Bench) -> None:
    a_night_that_left_it(bench)
    bench.is_now(kit.BEGIN + timedelta(days=1))
    end(bench)
    assert [r[0] for r in bench.node.now["requests"]] == ["schedule"]


def test_in_the_night_after_one_that_was_left_there_is_one_of_its_own(bench: Bench) -> None:
    """So that it is in the ledger, and goes with the other at the night's end."""
    a_night_that_left_it(bench)
    bench.look.position = Position.UPDATED
    foretold = foretell(bench)
    begin(bench)
    assert "scheduled already" not in foretold
    assert len(bench.node.now["downtimes"]) == 2 * len(OBJECTS)
    assert LEDGER in bench.memory.ledger
    end(bench)
    assert bench.node.held == set()
    assert bench.memory.ledger == {}
    assert bench.codes == []


def test_where_the_night_after_can_t_have_its_own_the_other_is_removed_all_the_same(
    bench: Bench,
) -> None:
    a_night_that_left_it(bench)
    bench.node.is_set(users={USER: [one for one in MAY if "schedule" not in one]})
    begin(bench)
    end(bench)
    assert bench.node.held == set()
    assert bench.memory.ledger == {}


# secrets and argument lists


def test_the_password_is_in_no_argument_and_no_record(bench: Bench) -> None:
    foretell(bench)
    begin(bench)
    end(bench)
    assert PASSWORD not in (bench.tmp_path / "arguments").read_text()
    said = [" ".join(argv) for _, argv in bench.node.asked]
    files = [p.read_text() for p in (bench.tmp_path / "run1").rglob("*") if p.is_file()]
    assert not [text for text in (*said, *files) if PASSWORD in text or "w#ord" in text]


def test_the_certificate_is_never_taken_unseen(bench: Bench) -> None:
    begin(bench)
    words = (bench.tmp_path / "arguments").read_text().split("\n")
    assert words[0] == "-q"
    assert not {"-k", "--insecure"} & set(words)
    assert "--cacert" in words


def test_a_ca_that_has_not_signed_it_is_passed_over(bench: Bench) -> None:
    local = bench.tmp_path / "neteye/local/icinga2/data/lib/icinga2/certs/ca.crt"
    local.parent.mkdir(parents=True)
    local.write_text("of this node's own agent")
    begin(bench)
    assert bench.node.held == OBJECTS


def test_its_change_may_fail_and_be_repeated(bench: Bench) -> None:
    (change,) = bench.changes(downtime_begun)
    assert change.may_fail
    assert change.repeatable
    assert change.apart
    assert change.stdin is None
    assert [vars(t) for t in change.opens] == [{**_opened()}]


def test_a_connection_that_is_lost_meanwhile_is_a_run_without_n(bench: Bench) -> None:
    """That is no failure of the downtime's own: nothing of the run goes on without N."""
    reply = bench.node._reply

    def lost(node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        if "https://icinga2-master.neteyelocal:5665/v1/actions/schedule-downtime" in argv:
            return kit.lost_connection()
        return reply(node, argv, stdin)

    bench.node._reply = lost  # type: ignore[method-assign]
    with pytest.raises(NotDone, match="Run again: it looks first"):
        bench.apply("baseline.downtime", downtime_begun)
    assert LEDGER in bench.memory.ledger
