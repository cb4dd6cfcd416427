"""A round that stopped as planned looks like what it is; one that failed does not look like it."""

from __future__ import annotations

from typing import Any

from engine.report.audit.changes import Change, changes_by_run
from engine.report.audit.page import render
from engine.report.audit.records import records_of
from engine.report.planned_stops import planned_stops_of
from tests.engine.kit import SECOND, N, event
from tests.evidence.journals import FIRST, SECOND_RUN, of_run, started, step
from tests.evidence.nights import command

RUN, STOP = "upgrade.run[1]", "upgrade.stop[1]"
FOUND = event("fact", 62, step=STOP, name="conflicts-1",
              files={N: ["/etc/x.rpmnew"], SECOND: ["/etc/x.rpmnew"]})  # fmt: skip


def stopped(judged: str = "done", *between: dict[str, Any]) -> list[dict[str, Any]]:
    """A round that ended with exit status 2, and what its stop was judged to be."""
    ran, looked = step(RUN, 9, 60), step(STOP, 61, 63, judged)
    return [
        ran[0], *command(RUN, "neteye upgrade", 10, 59, 2), ran[1],
        looked[0], *between, looked[1],
    ]  # fmt: skip


def changes(*events: dict[str, Any]) -> list[Change]:
    (run,) = changes_by_run(of_run(FIRST, [started(), *events]))
    return [one for _, each in run.phases for one in each]


def ended(*events: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.state, one.outcome) for one in changes(*events)]


def test_a_planned_stop_is_no_failure() -> None:
    (one,) = changes(*stopped("done", FOUND))
    assert (one.state, one.outcome) == ("planned", "stopped as planned, exit status 2")
    assert one.story == f"files to migrate first on {N}, {SECOND}"


def test_a_stop_that_was_not_judged_planned_failed() -> None:
    for events in (stopped(), stopped("failed", FOUND), [*stopped("done", FOUND)][:-1]):
        ((state, outcome),) = ended(*events)
        assert (state, outcome) == ("failed", "failed, exit status 2")


def test_it_may_be_a_later_run_that_looks() -> None:
    ran, looked = step(RUN, 9, 60), step(STOP, 61, 63)
    first = of_run(FIRST, [started(), ran[0], *command(RUN, "neteye upgrade", 10, 59, 2)])
    again = of_run(SECOND_RUN, [started(), looked[0], FOUND, looked[1]], 200)
    (run,) = changes_by_run([*first, *again])
    assert [one.state for _, each in run.phases for one in each] == ["planned"]


def test_each_round_has_its_own() -> None:
    ran = step("upgrade.run[2]", 70, 90)
    later = [ran[0], *command("upgrade.run[2]", "neteye upgrade", 71, 89, 1, 2), ran[1]]
    states = [state for state, _ in ended(*stopped("done", FOUND), *later)]
    assert states == ["planned", "failed"]


def test_the_step_and_the_page_say_so_too() -> None:
    events = of_run(FIRST, [started(), *stopped("done", FOUND)])
    ((key, nodes),) = planned_stops_of(events).items()
    assert (key, nodes) == (f"{RUN}#1", (N, SECOND))
    (result,) = [r for r in records_of(events)[FIRST, RUN] if r.kind == "result"]
    assert (result.what, result.ended) == (
        "result: stopped as planned",
        "stopped as planned, exit code 2",
    )
    page = render(events, [])
    changes = page.partition('<section id="changes"')[2].partition("</section>")[0]
    assert "1 stopped as planned" in changes
    assert 'class="state failed"' not in changes
