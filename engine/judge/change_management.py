"""What the organisation asks for before a change: id, window, fallback, notes read.

Missing values matter in production only; values that are given are always judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from engine.judge.text import duration, shortened
from engine.model.finding import Finding
from engine.model.inventory import Environment, Settings
from engine.model.visible import is_blank


@dataclass(frozen=True)
class FirstNight:
    """A night that may end early: the phase to name, and what is announced up to its end."""

    phase: str
    takes: timedelta


def governance(
    settings: Settings, now: datetime, estimate: timedelta, first_night: FirstNight | None = None
) -> tuple[Finding, ...]:
    """May this change begin now? `now` and the window carry time zones; `estimate` is the need.

    `first_night`: what may be done in this window alone; None: nothing less than `estimate`.

    Codes: `change-id-missing`, `window-missing`, `window-outside`, `window-past`,
    `window-too-short`, `release-notes-unread`, `fallback-missing`.
    """
    missing = tuple(_missing(settings)) if settings.environment is Environment.PRODUCTION else ()
    return (
        *missing,
        *_release_notes(settings, now),
        *_window(settings, now, estimate, first_night),
    )


def time_stamps(problem: str) -> tuple[Finding, ...]:
    """An authority that is named gives none: an outside witness less, and no reason to stop.

    `problem`: why; empty: it does. Code: `timestamp-missing`.
    """
    if not problem:
        return ()
    return (
        Finding(
            "timestamp-missing",
            "runbook_timestamp_url",
            f"no time stamp: {problem}",
            "a time stamp of the journal's head, from the authority that the inventory names",
            "Bring the authority into reach of this machine, or mend runbook_timestamp_url and"
            " runbook_timestamp_ca. The upgrade goes on without: the head is then in the nodes'"
            " system journals alone, and the page says what has no time stamp.",
        ),
    )


def _missing(settings: Settings) -> Iterator[Finding]:
    if not _given(settings.change_id):
        yield _not_given("change-id-missing", "runbook_change_id", "the id of the approved change")
    if settings.window_start is None or settings.window_end is None:
        gap = "runbook_window_start" if settings.window_start is None else "runbook_window_end"
        yield _not_given("window-missing", gap, "start and end of the maintenance window")
    if not _given(settings.release_notes_read):
        yield _unread("runbook_release_notes_read is not given")
    if not _given(settings.fallback):
        yield _not_given(
            "fallback-missing",
            "runbook_fallback",
            "how the change would be backed out (snapshots, backups, by whom)",
        )


def _given(text: str | None) -> bool:
    return not is_blank(text or "")


def _not_given(code: str, setting: str, what: str) -> Finding:
    return Finding(
        code,
        setting,
        f"{setting} is not given in the inventory",
        f"{what}, in production",
        f"Add {setting} to [all:vars] of the inventory.",
    )


def _release_notes(settings: Settings, now: datetime) -> tuple[Finding, ...]:
    """`NAME, DATE`: a name, and a day that is not in the future."""
    text = settings.release_notes_read
    if text is None or is_blank(text):
        return ()
    name, _, day = text.rpartition(",")
    read = _day(day.strip())
    seen = f"runbook_release_notes_read is {shortened(text)!r}"
    if is_blank(name) or read is None:
        return (_unread(f"{seen}, which is no NAME, DATE"),)
    # a day ahead may be today where the person sits
    if read > now.date() + timedelta(days=1):
        return (_unread(f"{seen}, a day in the future"),)
    return ()


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _unread(seen: str) -> Finding:
    return Finding(
        "release-notes-unread",
        "runbook_release_notes_read",
        seen,
        "who read the release notes and the breaking changes, and when (NAME, YYYY-MM-DD)",
        "Read them, then set runbook_release_notes_read in [all:vars] of the inventory.",
        ("notes-read",),
    )


def _window(
    settings: Settings, now: datetime, estimate: timedelta, first_night: FirstNight | None
) -> tuple[Finding, ...]:
    start, end = settings.window_start, settings.window_end
    if end is not None and now >= end:
        return (_past(settings, end, now),)
    early = window_not_begun(settings, now)
    if start is None or early is None:
        short = window_remaining(settings, now, estimate)
        held = timedelta() if end is None else end - now
        return () if short is None else (_or_two_nights(short, held, first_night),)
    short = None if end is None else _too_short_as_a_whole(end - start, end, estimate)
    if end is None or short is None:
        return (early,)
    return (early, _or_two_nights(short, end - start, first_night))


def _or_two_nights(short: Finding, held: timedelta, first_night: FirstNight | None) -> Finding:
    """The finding with the other way out, where the window holds the first night."""
    if first_night is None or held < first_night.takes:
        return short
    other = (
        f" Or do it in two nights: this window holds `--until {first_night.phase}`, which takes"
        f" {duration(first_night.takes)}."
    )
    return replace(short, remedy=short.remedy + other)


def _past(settings: Settings, end: datetime, now: datetime) -> Finding:
    return Finding(
        "window-past",
        "runbook_window_end",
        f"the window is over: it ended {duration(now - end)} ago",
        f"a start before {_moment(end)}, the end that the inventory gives",
        "Have the change moved to a new window and write that into the inventory.",
    )


def window_not_begun(settings: Settings, now: datetime) -> Finding | None:
    """The window is still to come; None also when no start is given. Code: `window-outside`."""
    start = settings.window_start
    if start is None or now >= start:
        return None
    return Finding(
        "window-outside",
        "runbook_window_start",
        f"the window has not begun: it opens in {duration(start - now)}",
        f"a start between {_moment(start)} and {_moment(settings.window_end)}",
        "Start when the window has begun, or have the change moved and correct the inventory.",
    )


def _too_short_as_a_whole(length: timedelta, end: datetime, estimate: timedelta) -> Finding | None:
    if length >= estimate:
        return None
    return Finding(
        "window-too-short",
        "runbook_window_end",
        f"the whole window, until {_moment(end)}, is {duration(length)} long",
        f"at least {duration(estimate)}, the announced time",
        "Have a longer window approved and correct the inventory.",
        ("time-announced",),
    )


def window_remaining(settings: Settings, now: datetime, remaining: timedelta) -> Finding | None:
    """The window is long enough for what is left to do; None also when no end is given.

    Code: `window-too-short`. Asked at the start and again directly before the first round.
    """
    end = settings.window_end
    if end is None or end - now >= remaining:
        return None
    return Finding(
        "window-too-short",
        "runbook_window_end",
        f"{duration(max(end - now, timedelta()))} are left until {_moment(end)}",
        f"at least {duration(remaining)}, the estimate for what is left to do",
        "Have the window extended and correct the inventory, or begin in a later window.",
        ("time-announced",),
    )


def _moment(moment: datetime | None) -> str:
    return "any time" if moment is None else moment.isoformat(sep=" ", timespec="minutes")
