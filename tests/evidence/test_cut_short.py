"""The first screen says which runs were cut short, and by what."""

from __future__ import annotations

from engine.record.evidence import as_data
from engine.report.audit.cut_short import CutShort, cut_short_of
from engine.report.audit.page import render
from tests.engine import kit
from tests.engine.kit import SECOND, N, event
from tests.evidence import journals, nights
from tests.evidence.journals import FIRST, SECOND_RUN, of_run
from tests.evidence.nights import RUNS


def four_nights() -> list[CutShort]:
    return cut_short_of([event for run in nights.four_runs() for event in run])


def test_a_killed_a_stopped_and_a_run_without_a_connection_are_told() -> None:
    killed, stopped, lost, restored = four_nights()
    assert killed == CutShort(
        1, RUNS[0],
        "ended without a word (killed, power loss, or its disk was full) after 2026-11-02 00:29:00",
        "update.run", f"under way: neteye update on {N}",
    )  # fmt: skip
    assert (stopped.number, stopped.step, stopped.more) == (
        2, "upgrade.run[1]", f"neteye upgrade on {N}: exit status 2; the same task failed twice",
    )  # fmt: skip
    assert stopped.what == "stopped for a person, exit code 11, at 2026-11-02 01:55:00"
    assert (lost.number, lost.what, lost.more) == (
        3, f"the connection to {N} was lost at 2026-11-02 03:05:00 for 10 min", "no route",
    )  # fmt: skip
    assert (restored.number, restored.what) == (
        3, "interrupted, exit code 2, at 2026-11-02 03:30:00",
    )  # fmt: skip


def test_a_run_that_went_through_was_not_cut_short() -> None:
    assert cut_short_of(journals.whole()) == []
    killed = of_run(FIRST, journals.whole()[:14])
    assert cut_short_of(killed) == [], "of the last run its outcome tells it"
    done = [*of_run(FIRST, journals.whole()), *of_run(SECOND_RUN, journals.whole(), 500)]
    assert cut_short_of(done) == []


def test_the_first_screen_leads_to_the_run_and_its_step() -> None:
    *earlier, own = nights.four_runs()
    page = render(own, [event for run in earlier for event in run])
    screen = page.partition('<header id="head"')[2].partition("</header>")[0]
    assert "Interrupted: 3 of 4 runs" in screen
    for run in RUNS[:3]:
        assert f'<a href="#steps-{run}">' in screen
    assert f'href="#step-{RUNS[0]}-update.run"' in screen
    assert "Interrupted" not in render(journals.whole(), [])


def test_of_a_run_that_a_finding_stopped_it_says_what_was_seen() -> None:
    found = event("finding", 30, step="a.b", **as_data(kit.finding()))
    stop = event("stopped", 31, step="a.b", outcome="failed", exit_code=1, what_to_do="",
                 reason="a.b found disk-space (n2)")  # fmt: skip
    end = event("run-ended", 32, outcome="failed", exit_code=1)
    first = of_run(FIRST, [journals.started(), found, stop, end])
    (told,) = cut_short_of([*first, *of_run(SECOND_RUN, journals.whole(), 500)])
    assert told.what == "failed, exit code 1, at 2026-11-02 00:00:31"
    assert told.more == f"{SECOND}: 1 GB free on /var; a.b found disk-space (n2)"
