"""What is left to do: whose job, until when, and where it is shown; nothing of it made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.finding import Acceptance, Lasting, Severity
from engine.record.evidence import Evidence, as_data
from engine.report.audit.found import findings_of
from engine.report.audit.page import render
from engine.report.open_points import OpenPoint, open_points_of
from engine.report.standing import standing
from engine.report.summary import summary_of
from tests.engine import kit
from tests.engine.kit import N, event
from tests.evidence.journals import FIRST, SECOND_RUN, of_run, started, step
from tests.evidence.schemas import problems


def points(*own: Any, earlier: Any = ()) -> list[OpenPoint]:
    events = [*earlier, *own]
    return open_points_of(summary_of(list(own), list(earlier)), events)


def row(name: str = "G08", state: str = "open", **fields: Any) -> dict[str, Any]:
    plain = {"step": "a.b", "reason": "3 of 3 machines. Look again: pytest --follow-up x"}
    return event("row", 5, row=name, state=state, **{**plain, **fields})


def long_command(*asks: str, text: str = "", outcome: str = "ok") -> list[dict[str, Any]]:
    intent = kit.intent("upgrade.run[1]", detached="upgrade-1", what="neteye upgrade")
    more = {"asks": list(asks)} if asks else {}
    result = kit.result("upgrade.run[1]", outcome=outcome, reason="", output={"text": text}, **more)
    return [intent, result]


def found(code: str, name: str = "a.b", **fields: Any) -> dict[str, Any]:
    return event("finding", 6, step=name, **as_data(kit.finding(code, **fields)))


def test_a_row_has_its_date_and_its_word_from_the_record() -> None:
    told = row(brief="agents", until="2026-11-16")
    (point,) = points(started(guide={"G08": "they are followed up"}), told)
    assert point == OpenPoint(
        "G08 they are followed up: 3 of 3 machines", "the operator", "2026-11-16", "G08", "agents"
    )


def test_of_an_older_journal_no_date_is_made_up() -> None:
    (point,) = points(started(guide={"G08": "they are followed up"}), row())
    assert (point.until, point.brief) == ("", "G08 (they are followed up)")


def test_old_copies_of_a_password_are_one_point() -> None:
    copies = [{"node": node, "path": "/etc/x.conf.bak"} for node in (N, kit.SECOND)]
    fact = event("fact", 6, step="a.b", name="password", of="database password", what="Moved.")
    (point,) = points(started(guide={}), {**fact, "old_copies": copies})
    assert point == OpenPoint(
        "old copies of the database password: 2 (/etc/x.conf.bak): remove them when no way back"
        " needs them any more",
        *("the operator", "", "passwords", "old copies of the database password (2)"),
    )
    assert points(started(guide={}), {**fact, "old_copies": []}) == []


def test_a_failed_row_comes_first_and_says_so() -> None:
    guide = {"G08": "a", "G26": "b"}
    first, second = points(started(guide=guide), row(), row("G26", "failed", reason="no"))
    assert first.what == "G26 b: failed: no"
    assert second.where == "G08"


def test_rows_that_nobody_came_to_are_one_point_and_only_of_the_upgrade() -> None:
    guide = {f"G{number:02}": "x" for number in range(1, 20)}
    (point,) = points(started(guide=guide))
    assert "G01, G02" in point.what
    assert point.where == "guide"
    for mode in ("plan", "restore", "follow-up"):
        assert points(started(guide=guide, mode=mode)) == []


def test_what_is_in_place_and_what_runs_is_left_in_every_mode() -> None:
    opens = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    under_way = kit.intent("upgrade.run[1]", detached="upgrade-1", what="neteye upgrade",
                           opens=opens)  # fmt: skip
    for mode in ("execute", "plan", "restore"):
        opened = event("attempt-opened", 1, attempt="a")
        begun, fencing = points(started(guide={}, mode=mode), opened, under_way)
        assert begun.what.endswith("may still be running")
        assert fencing.what.startswith("to be given back: fencing of cluster")


def test_what_is_last_known_is_told_as_such() -> None:
    opens = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    gone = event("not-known", 9, why="N is away")
    told = points(started(guide={}), kit.intent(opens=opens), kit.result(reason=""), gone)
    assert "(as it was last known)" in told[0].what


@pytest.mark.parametrize("outcome", ["ok", "failed"])
def test_what_the_vendor_s_log_asks_for(outcome: str) -> None:
    (point,) = points(
        started(guide={}), *long_command("A reboot is suggested on: n1", outcome=outcome)
    )
    assert point.what == "the log of neteye upgrade says: A reboot is suggested on: n1"
    assert (point.brief, point.owner) == ("a reboot", "the operator")


def test_an_older_journal_s_log_is_read_as_far_as_it_is_there() -> None:
    text = "done\nA reboot is suggested on: n1\nthe service x must be restarted"
    reboot, restart = points(started(guide={}), *long_command(text=text))
    assert reboot.what.endswith("A reboot is suggested on: n1")
    assert restart.what.endswith("the service x must be restarted")
    # a short command prints what it will
    assert (
        points(started(guide={}), kit.intent(), kit.result(reason="", output={"text": text})) == []
    )


def test_a_reboot_that_was_asked_for_and_seen_is_one_point() -> None:
    seen = found("reboot-needed", "closing.reboot", subject=N, observed="kernel 1 runs, 2 is there")
    (point,) = points(started(guide={}), *long_command("Please reboot"), seen)
    assert point.what == (
        f"the log of neteye upgrade says: Please reboot; {N}: kernel 1 runs, 2 is there"
    )
    # before the upgrade it is another kernel
    assert points(started(guide={}), {**seen, "step": "preflight.kernels"}) == []


def test_an_acceptance_that_ends_is_its_giver_s() -> None:
    given_ = Acceptance("disk-space", None, "known", "A. Rossi", until=kit.BEGIN.date())
    ends = as_data(kit.finding().weighed(Severity.BLOCK, given_))
    forever = {**ends, "subject": "x", "accepted": {**ends["accepted"], "until": None}}
    told = [event("finding", 6, step="a.b", **one) for one in (ends, forever)]
    (point,) = points(started(guide={}), *told)
    assert (point.owner, point.until) == ("A. Rossi", "2026-11-02")
    assert "1 GB free on /var" in point.what


def test_what_a_later_run_looked_for_and_did_not_find_stands_no_more() -> None:
    first = of_run(FIRST, [started(), found("disk-space"), *step("a.b", 5, 7, "failed")])
    again = of_run(SECOND_RUN, [started(), *step("a.b", 5, 7)], 100)
    elsewhere = of_run(SECOND_RUN, [started(), *step("c.d", 5, 7)], 100)
    left_out = of_run(SECOND_RUN, [started(), *step("a.b", 5, 7, "not needed")], 100)
    assert [len(standing([*first, *more])) for more in ([], again, elsewhere, left_out)] == [
        1, 0, 1, 1,
    ]  # fmt: skip


def task(code: str = "clock-unkept", name: str = "preflight.clocks", **fields: Any) -> Any:
    """A warning that is left for a person."""
    lasting = Lasting(is_task=True, settled_by=fields.pop("settled_by", ("preflight.clocks",)))
    one = replace(kit.finding(code, **fields), severity=Severity.WARN, lasting=lasting)
    return event("finding", 6, step=name, **as_data(one))


def changing(*events: Any) -> list[Any]:
    """In an attempt that has changed something."""
    return [started(guide={}), kit.intent(), kit.result(reason=""), *events]


def test_a_warning_that_is_a_person_s_task_is_left_at_the_end() -> None:
    (point,) = points(*changing(task(subject=N, observed="nothing keeps the clock")))
    assert point == OpenPoint(
        f"clock-unkept: nothing keeps the clock: {N}", "the operator", "",
        "finding-clock-unkept-1", "clock-unkept",
    )  # fmt: skip
    # it is somebody's decision, or no task, or nothing was changed by the attempt
    accepted = {"by": "A. Rossi", "reason": "known", "until": "", "given": ""}
    assert points(*changing(task() | {"accepted": accepted})) == []
    assert points(*changing(found("updates-pending"))) == []
    assert points(started(guide={}), task()) == []


def test_the_same_of_several_subjects_is_one_point() -> None:
    (point,) = points(*changing(*(task(subject=node) for node in ("a", "b", "c"))))
    assert point.what == "clock-unkept (3): 1 GB free on /var: a and 2 more"
    assert point.brief == "clock-unkept (3)"


def test_a_task_is_left_until_a_step_that_looks_again_does_not_find_it() -> None:
    first = of_run(FIRST, changing(task(), *step("preflight.clocks", 5, 7)))

    def later(*events: Any) -> int:
        own = of_run(SECOND_RUN, [started(guide={}), *events], 100)
        return len(points(*own, earlier=first))

    looked = step("preflight.clocks", 5, 7)
    assert later(*looked) == 0
    assert later(looked[0], task(), looked[1]) == 1
    for outcome in ("failed", "not needed", "nothing to do"):
        assert later(*step("preflight.clocks", 5, 7, outcome)) == 1, outcome
    # the step that found it says nothing where it is not named: it may not look again
    kept = of_run(FIRST, changing(task(settled_by=()), *step("preflight.clocks", 5, 7)))
    own = of_run(SECOND_RUN, [started(guide={}), *looked], 100)
    assert len(points(*own, earlier=kept)) == 1


def test_what_was_seen_without_weight_alone_is_no_task() -> None:
    """A start condition in the middle of the upgrade: it says how things were then."""
    told = task() | {"severity": "info"}
    assert points(*changing(told)) == []
    # it had weight before the upgrade began, and is still so
    (point,) = points(*changing(task(), told))
    assert point.brief == "clock-unkept"
    gone = step("preflight.clocks", 7, 8)
    assert points(*changing(task(name="a.b"), *gone, {**told, "step": "c.d"})) == []


def test_what_a_step_of_the_same_run_settles_holds_no_more() -> None:
    settled = Lasting(settled_by=("update.run",))
    one = replace(kit.finding("updates-pending"), severity=Severity.WARN, lasting=settled)
    pending = event("finding", 6, step="preflight.updates", **as_data(one))
    before = changing(pending, *step("preflight.updates", 5, 7))
    after = [*before, *step("update.run", 8, 9)]
    for events, stands in ((before, True), (after, False)):
        (listed,) = findings_of(events, str(events[0]["run"]))
        assert listed["stands"] is stands
    assert listed["gone"] == "settled: no longer holds after update.run"
    page = render(after, [])
    assert (
        "findings: <b>0</b> blocking, <b>0</b> warnings; 1 settled, seen anew or not seen again"
        in page
    )


def test_a_task_of_an_earlier_run_stands_although_the_last_one_had_nothing_to_look_at() -> None:
    first = of_run(FIRST, changing(task(settled_by=())))
    own = of_run(SECOND_RUN, [started(guide={}), *step("other.step", 5, 7)], 100)
    (listed,) = findings_of([*first, *own], SECOND_RUN)
    assert (listed["stands"], listed["kind"]) == (True, "warn")


def test_what_a_later_run_sees_otherwise_at_the_same_step_stands_once() -> None:
    """Of three differences one was mended since; several of one run stand side by side."""
    first = of_run(FIRST, changing(task(observed="three"), task(observed="four")))
    own = of_run(SECOND_RUN, [started(guide={}), task(observed="two")], 100)
    listed = findings_of(first, FIRST)
    assert [(one["observed"], one["stands"]) for one in listed] == [("three", True), ("four", True)]
    listed = findings_of([*first, *own], SECOND_RUN)
    assert [one["observed"] for one in listed if one["stands"]] == ["two"]
    assert {one["gone"] for one in listed if not one["stands"]} == {"seen anew in preflight.clocks"}


def test_what_was_seen_anew_by_another_step_stands_once() -> None:
    told = [task(name=name, observed=seen) for name, seen in (("a.b", "old"), ("c.d", "new"))]
    listed = findings_of(changing(*told), str(kit.intent()["run"]))
    assert [(one["observed"], one["gone"]) for one in listed] == [
        ("new", ""), ("old", "seen anew in c.d"),
    ]  # fmt: skip


def lost(state: str, count: int, seconds: float, **fields: Any) -> Any:
    told = {"of": "t.c", "what": "values", "total": 1000, "where": "", **fields}
    return event("loss", seconds, step="a.b", state=state, count=count, **told)


def test_a_loss_that_nobody_was_asked_about_is_left_for_a_person() -> None:
    before, after = lost("expected", 20, 2, limit=10), lost("observed", 18, 60)
    (point,) = points(*changing(before, after))
    assert point.what.startswith("lost: t.c: 18 of 1000 (1.8 %) values; more than the 10 that a")
    assert (point.owner, point.where, point.brief) == ("the operator", "loss-1", "the loss in t.c")
    accepted = {"by": "A. Rossi", "reason": "known", "until": "", "given": ""}
    asked = found("capacity-loss", subject="t.c") | {"accepted": accepted}
    for quiet in (
        [asked, before, after],
        [before],  # not lost yet
        [lost("expected", 10, 2, limit=10), lost("observed", 10, 60)],
        [lost("expected", 20, 2), lost("observed", 18, 60)],
    ):
        assert points(*changing(*quiet)) == []


def test_snapshots_are_needed_until_the_change_is_done() -> None:
    begun = started(guide={}, fallback="Snapshots of all nodes, by B. Bianchi")
    closed = event("attempt-closed", 9, attempt="a", by="done")
    assert points(begun) == []
    (point,) = points(begun, closed)
    assert point.what.endswith("Snapshots of all nodes, by B. Bianchi")
    assert point.owner == "the operator"
    assert points(begun, {**closed, "by": "restore"}) == []
    assert points({**begun, "environment": "rehearsal"}, closed) == []
    assert points({**begun, "fallback": "restore from tape"}, closed) == []


def test_a_call_to_support_is_support_s() -> None:
    stop = event("stopped", 9, step="a.b", outcome="failed", exit_code=1, reason="not normal",
                 what_to_do="Call support.", way="support")  # fmt: skip
    (point,) = points(started(guide={}), stop)
    assert (point.owner, point.what) == ("the vendor's support", "Call support.")


def test_the_summary_has_them_as_its_schema_says() -> None:
    opens = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    events = [started(started=event("x")["time"]), row(until="2026-11-16"), kit.intent(opens=opens)]
    summary = summary_of(events)
    assert len(summary["open_points"]) == 4
    assert [p for p in problems("summary", summary) if "does not match" not in p] == []


def test_a_point_leads_to_the_very_change_or_finding() -> None:
    accepted = {"by": "A. Rossi", "reason": "known", "until": "2026-12-01", "given": ""}
    more = [found("disk-space"), found("resource-disabled") | {"accepted": accepted}]
    events = [started(), *more, kit.intent("update.run") | {"seq": 12}]
    told = points(*events)
    page = render(events, [])
    assert [one.where for one in told if one.where.startswith(("change-", "finding-"))] == [
        f"change-{kit.intent()['run']}-12",
        "finding-resource-disabled-2",
    ]
    assert all(f'id="{one.where}"' in page for one in told)


def test_a_step_says_what_is_left_and_until_when(tmp_path: Any) -> None:
    run = kit.make_run(tmp_path)
    evidence = Evidence(run, "a.b", ("G01",))
    evidence.open("G01", "three machines", brief="agents", until=kit.BEGIN.date())
    evidence.open("G01", "something")
    told, plain = run.journal.events
    assert (told["brief"], told["until"]) == ("agents", "2026-11-02")
    assert not {"brief", "until"} & set(plain)


@given(
    states=st.lists(st.sampled_from(["open", "failed", "fulfilled", "not needed"]), max_size=6),
    until=st.sampled_from(["", "2026-12-12"]),
)
def test_each_open_row_is_told_once_and_no_other(states: list[str], until: str) -> None:
    names = [f"G{number:02}" for number in range(1, len(states) + 1)]
    rows = [row(n, state, until=until) for n, state in zip(names, states, strict=True)]
    told = points(started(guide=dict.fromkeys(names, "x")), *rows)
    left = [n for n, state in zip(names, states, strict=True) if state in ("open", "failed")]
    assert sorted(point.where for point in told) == left
    assert {point.until for point in told} <= {until}
    assert {point.owner for point in told} <= {"the operator"}
