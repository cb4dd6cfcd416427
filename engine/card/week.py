"""The days of the upgrade: five working days before the night, the night, the day after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.card.typed import RUN, Commands
from engine.model.inventory import Settings
from engine.report.words import day_in_words
from engine.verify import HANDOVER

# not by the locale of whoever makes the card
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SATURDAY = 5
_BEFORE = 5


@dataclass(frozen=True)
class Day:
    """What is to be done on it; the commands are typed in this order."""

    when: str
    task: str
    commands: tuple[str, ...] = ()


def day_of(moment: date) -> str:
    """`Sat 28 November`; the year stands at the head of the card."""
    return f"{_WEEKDAYS[moment.weekday()]} {day_in_words(f'{moment:%Y-%m-%d}', f'{moment:%Y}')}"


def working_days_before(night: date, count: int) -> list[date]:
    """So many, the earliest first.

    >>> [f"{day:%a %d}" for day in working_days_before(date(2026, 11, 28), 5)]
    ['Mon 23', 'Tue 24', 'Wed 25', 'Thu 26', 'Fri 27']
    >>> [f"{day:%a %d}" for day in working_days_before(date(2026, 12, 2), 3)]
    ['Fri 27', 'Mon 30', 'Tue 01']
    """
    days: list[date] = []
    day = night
    while len(days) < count:
        day -= timedelta(days=1)
        if day.weekday() < _SATURDAY:
            days.insert(0, day)
    return days


def working_day_after(evening: date) -> date:
    """The next one: of a Saturday's night it is Monday."""
    day = evening + timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return day


def week(settings: Settings, commands: Commands, begins: datetime) -> Iterator[Day]:
    """The days in order; the night `begins` in the zone of the window."""
    first, second, third, fourth, fifth = working_days_before(begins.date(), _BEFORE)
    yield Day(
        day_of(first),
        "Ask for the change. A first plan, which reaches every node.",
        (commands.plan(),),
    )
    yield Day(
        day_of(second),
        "Rehearse. Read the release notes. Plan again: the list of findings that block.",
        ("make rehearsal",),
    )
    yield Day(
        day_of(third),
        "Remove what blocks, or accept it by name. Upgrade a staging cluster, by an inventory of"
        " its own.",
    )
    yield _approvals(day_of(fourth), settings.approvals, commands)
    others = " elsewhere" if settings.downtime else ""
    yield Day(
        day_of(fifth),
        "Plan once more: same hash in plan.json. Make this card anew. Announce the time, take the"
        f" fallback, set downtimes{others}.",
        (commands.plan_ahead(), commands.engine("card", commands.file, "--plan", RUN)),
    )
    yield Day(
        f"{day_of(begins.date())}, {begins:%H:%M}",
        "The run, in tmux or screen. On a second terminal: look on.",
        (commands.run(), commands.engine("watch")),
    )
    yield Day(
        day_of(working_day_after(begins.date())),
        f"Hand over the cluster ({RUN}/{HANDOVER[0]}) and the evidence. Days later: follow up what"
        " is open.",
        (commands.verify(), commands.run("--follow-up", RUN)),
    )


def _approvals(when: str, wanted: int, commands: Commands) -> Day:
    if not wanted:
        return Day(when, "No approvals are asked for (runbook_approvals). Look through the plan.")
    by = "one person" if wanted == 1 else f"{wanted} people"
    return Day(
        when,
        f"Have the plan approved by {by} other than the operator, each with a key of their own.",
        (commands.engine("approve", f"{RUN}/plan.json", "--name", "NAME"),),
    )
