"""The hand-over text: made of the evidence alone, in three forms, of an upgrade that is done."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.report.hand_over import hand_over, is_due
from engine.report.summary import summary_of
from engine.verify import HANDOVER
from tests.engine.kit import SECOND, N, event
from tests.evidence import journals, nights
from tests.evidence.journals import FIRST, SECOND_RUN, of_run

EVIL = "<script>x</script> [a](http://evil) `b` | \x1b]0;pwned\x07\n# no heading"
PEOPLE = {"operator": "rossi", "by": "A. Rossi"}


def night(*more: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """The night of one run, which closes its attempt; `more` comes before that."""
    run = nights.one_run(**{**PEOPLE, **fields})
    end = 149.5 * nights.MINUTE
    late = [event("attempt-closed", end, attempt=nights.RUNS[0], by="done")]
    return [*run[:-1], *of_run(nights.RUNS[0], [*more, *late]), run[-1]]


def found(code: str, subject: str = N, observed: str = "is so", **fields: Any) -> dict[str, Any]:
    plain = {"severity": "warn", "expected": "x", "remedy": "y", "guide": [], "accepted": None}
    told = {"code": code, "subject": subject, "observed": observed}
    return event("finding", 9000, step="closing.state", **{**plain, **told, **fields})


def texts(own: list[Any], earlier: list[Any] | None = None) -> dict[str, str]:
    earlier = earlier or []
    made = hand_over(summary_of(own, earlier), own, earlier)
    return {name: content.decode() for name, content in made.items()}


def test_there_is_one_file_for_each_form() -> None:
    assert tuple(texts(night())) == HANDOVER


@pytest.mark.parametrize("name", HANDOVER)
def test_each_says_what_when_by_whom_and_where_the_proof_is(name: str) -> None:
    said = re.sub(r"\\(.)", r"\1", texts(night(change_id="CHG0012"))[name])
    for word in (
        *("neteye.example.test was upgraded from 4.25 to 4.26", "CHG0012", "A. Rossi (rossi)"),
        *("2026-11-02 00:00:00", N, SECOND, f"reports/{nights.RUNS[0]} on"),
        *("evidence.html", "python -m engine verify", "Left to do", "httpd"),
    ):
        assert word in said, word


ACCEPTED = {"by": "C. Verdi", "reason": "it is known", "until": "2026-12-12", "given": "2026-11-01"}


@pytest.mark.parametrize("name", HANDOVER)
def test_what_was_accepted_and_what_is_still_so_is_told(name: str) -> None:
    said = texts(
        night(
            found("disk-space", observed="2 GiB free", severity="block", accepted=ACCEPTED),
            found("odd-thing", SECOND, "is odd"),
            found("a-note", SECOND, "of no weight", severity="info"),
        )
    )[name]
    said = re.sub(r"\\(.)", r"\1", said)
    assert f"[disk-space] {N}: 2 GiB free; accepted by C. Verdi on 2026-11-01" in said
    assert "it is known" in said
    assert f"[odd-thing] {SECOND}: is odd" in said
    assert "of no weight" not in said


def test_what_is_left_says_whose_it_is_and_until_when() -> None:
    accepted = {**ACCEPTED, "until": "2026-12-12"}
    said = texts(night(found("disk-space", severity="block", accepted=accepted)))["handover.txt"]
    (line,) = [line for line in said.splitlines() if line.startswith("- accepted until")]
    assert line.endswith("(C. Verdi, by 2026-12-12)")


@pytest.mark.parametrize("name", HANDOVER)
def test_how_the_downtime_ended_is_told(name: str) -> None:
    """That of the last night counts; without one nothing is said."""
    own = [
        event(
            "ledger-closed", second, step="closing.x", kind="downtime", subject="cluster", why=why
        )
        for second, why in ((8000, "not removed"), (8900, "no downtime is there any more"))
    ]
    said = re.sub(r"\\(.)", r"\1", texts(night(*own))[name])
    assert "no downtime is there any more (2026-11-02 02:28:20 UTC)" in said
    assert "not removed" not in said
    assert "Downtime" not in texts(night())[name]


def test_nothing_left_is_said_too() -> None:
    said = texts(night())["handover.txt"].partition("Accepted\n")[2]
    assert said.startswith("- nothing\n")


@pytest.mark.parametrize("by", ["operator", "finding"])
def test_hostile_words_stay_words(by: str) -> None:
    fields = {"by": EVIL} if by == "operator" else {}
    more = [found("odd-thing", observed=EVIL)] if by == "finding" else []
    made = texts(night(*more, **fields))
    assert "<script" not in made["handover.html"]
    assert "<script" not in made["handover.md"].replace("\\<", "")
    assert "[a](" not in made["handover.md"]
    for name, text in made.items():
        assert "\x1b" not in text, name
        assert "\x07" not in text, name
        if name != "handover.html":  # there the end of a line is a blank
            assert "\n# no heading" not in text, name


def test_it_can_be_mailed_alone() -> None:
    """No style sheet, no script, no picture, no link: a mail has none of them at hand."""
    page = texts(night())["handover.html"]
    assert not re.search(r"<(script|link|img|iframe)|href=|src=|url\(", page)


def test_who_went_on_is_told_beside_who_began() -> None:
    *earlier, own = nights.four_runs()
    said = texts(own, [one for run in earlier for one in run])["handover.txt"]
    runs = said.partition("Runs\n")[2].partition("\n\n")[0].splitlines()
    assert len(runs) == 4
    assert "did not come to its end" in runs[0]
    assert "by B. Bianchi on desk" in runs[1]
    assert runs[-1].endswith("execute, done")


def test_each_night_has_its_window_and_the_day_between_is_no_work() -> None:
    *earlier, own = nights.four_runs()
    first = "2026-11-01T23:00:00Z to 2026-11-02T03:00:00Z"
    second = "2026-11-03T22:00:00Z to 2026-11-04T03:00:00Z"
    runs = [[{**run[0], "window": first}, *run[1:]] for run in earlier]
    last = [{**own[0], "window": second}, *own[1:]]
    said = texts(last, [one for run in runs for one in run])["handover.txt"]
    (told,) = [line for line in said.splitlines() if "2026-11-03 22:00:00" in line]
    assert "2026-11-01 23:00:00 to 2026-11-02 03:00:00 UTC and 2026-11-03 22:00:00" in told
    assert re.search(r"; 4 runs, at work for \d+:\d\d:\d\d\)", said)
    assert "at work" not in texts(night())["handover.txt"]


NOT_DUE = {
    "not closed": nights.one_run(),
    "closed by a restore": [
        *(e if e["event"] != "attempt-closed" else {**e, "by": "restore"} for e in night())
    ],
    "a plan": [{**e, "mode": "plan"} if e["event"] == "run-started" else e for e in night()],
    "ended otherwise": [
        {**e, "outcome": "stopped", "exit_code": 11} if e["event"] == "run-ended" else e
        for e in night()
    ],
    "killed": night()[:-1],
}


@pytest.mark.parametrize("why", NOT_DUE)
def test_where_the_upgrade_is_not_done_there_is_none(why: str) -> None:
    own = NOT_DUE[why]
    assert not is_due(own, [])
    assert hand_over(summary_of(own, []), own, []) == {}


def test_it_says_the_same_when_its_reports_are_made_later() -> None:
    """What comes after the run's last word does not count."""
    own = night()
    later = [*own, *of_run(nights.RUNS[0], [event("notified", 9100, occasion="end", problem="")])]
    assert texts(later) == texts(own)


def test_a_later_look_at_a_closed_attempt_hands_over_again() -> None:
    earlier, own = journals.several()
    assert is_due(own, earlier)
    said = texts(own, earlier)["handover.txt"]
    assert (FIRST in said, SECOND_RUN in said) == (True, True)
