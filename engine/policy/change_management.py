"""What the organisation asks for before a change: id, window, fallback, and G02.

Missing values matter in production only; values that are given are always judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from engine.model.finding import Finding
from engine.model.inventory import Environment, Settings
from engine.policy.text import duration, shortened


def governance(settings: Settings, now: datetime, estimate: timedelta) -> tuple[Finding, ...]:
    """May this change begin now? `now` and the window carry time zones; `estimate` is the need.

    Codes: `change-id-missing`, `window-missing`, `window-outside`, `window-too-short`,
    `release-notes-unread` (G02), `fallback-missing`.
    """
    missing = tuple(_missing(settings)) if settings.environment is Environment.PRODUCTION else ()
    return (*missing, *_release_notes(settings, now), *_window(settings, now, estimate))


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
    return bool(text and text.strip())


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
    if text is None or not text.strip():
        return ()
    name, _, day = text.rpartition(",")
    read = _day(day.strip())
    seen = f"runbook_release_notes_read is {shortened(text)!r}"
    if not name.strip() or read is None:
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
        ("G02",),
    )


def _window(settings: Settings, now: datetime, estimate: timedelta) -> tuple[Finding, ...]:
    start, end = settings.window_start, settings.window_end
    if start is not None and now < start:
        return (_outside(settings, f"the window opens in {duration(start - now)}"),)
    if end is not None and now >= end:
        return (_outside(settings, f"the window ended {duration(now - end)} ago"),)
    short = window_remaining(settings, now, estimate)
    return () if short is None else (short,)


def _outside(settings: Settings, seen: str) -> Finding:
    return Finding(
        "window-outside",
        "runbook_window_start" if "opens" in seen else "runbook_window_end",
        seen,
        f"a start between {_moment(settings.window_start)} and {_moment(settings.window_end)}",
        "Start inside the window, or have the change moved and correct the inventory.",
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
        ("G15",),
    )


def _moment(moment: datetime | None) -> str:
    return "any time" if moment is None else moment.isoformat(sep=" ", timespec="minutes")
