"""What is left to do: whose job, until when, and where it is shown; nothing of it made up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.finding import Acceptance, Severity
from engine.record.evidence import Evidence, as_data
from engine.report.audit.page import render
from engine.report.open_points import OpenPoint, open_points_of, standing
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
