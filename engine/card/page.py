"""The card as a page: what its template shows, made of inventory, version step and plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.card.nights import variants
from engine.card.planned import Expected, Planned
from engine.card.silence import silence_of
from engine.card.typed import Commands
from engine.card.week import day_of, week
from engine.errors import UsageError
from engine.judge.text import duration, many
from engine.model.inventory import Inventory, Role
from engine.model.release import Release
from engine.record.exit_codes import EXIT_CODES, ExitCode, Next
from engine.report.html import template
from engine.run.options import own_names

MARK = "<!DOCTYPE html>\n<!-- card of an upgrade -->"
"""How the file begins: by this a card is known that may be written anew."""
_ROLES = {
    Role.OPERATIVE: "operative",
    Role.ELASTIC_ONLY: "Elastic-only",
    Role.VOTING_ONLY: "voting-only",
}


@dataclass(frozen=True)
class Row:
    """One exit code, and what is typed then."""

    code: ExitCode
    command: str
    """Empty: the run again, which stands above the table."""


def render(
    inventory: Inventory,
    release: Release,
    commands: Commands,
    planned: Planned | None,
    now: datetime,
    rehearsed: str = "",
) -> str:
    """The page; `rehearsed` is a sentence on how long that took.

    UsageError when the inventory has no window, or one that is over.
    """
    settings = inventory.settings
    begins, ends = window_of(inventory, now)
    night = list(planned.night(begins)) if planned is not None else []
    return template("card.html.j2").render(
        mark=MARK,
        settings=settings,
        release=release,
        planned=planned,
        nodes=list(_nodes(inventory)),
        window=f"{_moment(begins)} to {_moment(ends)}, {ends:%Y}, {_zone(begins)}",
        week=list(week(settings, commands, begins)),
        night=night,
        spare=_spare(night, ends),
        rehearsed=rehearsed,
        no_return=_no_return(night, planned),
        variants=list(variants(inventory, release, commands, planned, ends - begins, own_names())),
        again=commands.next(Next.AGAIN),
        stops=[Row(one, _typed_then(one, commands)) for one in EXIT_CODES],
        silence=silence_of(inventory, release, planned, begins, ends),
        services=[service.name for service in release.services],
        directory=str(commands.root),
        made=f"{now.astimezone(begins.tzinfo):%Y-%m-%d %H:%M}",
        clock=_clock,
        moment=_moment,
        duration=duration,
    )


def _typed_then(one: ExitCode, commands: Commands) -> str:
    return "" if one.command is Next.AGAIN else commands.next(one.command)


def window_of(inventory: Inventory, now: datetime) -> tuple[datetime, datetime]:
    """Begin and end of the night; once the window has begun, from now. UsageError."""
    settings = inventory.settings
    start, end = settings.window_start, settings.window_end
    if start is None or end is None:
        missing = "runbook_window_start" if start is None else "runbook_window_end"
        raise UsageError(
            f"{inventory.path}: {missing} is missing, and the days of the card are counted from the"
            " window; write it into [all:vars]"
        )
    if end <= now:
        raise UsageError(
            f"{inventory.path}: the window ended on {_moment(end)}, {end:%Y};"
            " write the coming one into runbook_window_start and runbook_window_end"
        )
    now = now.replace(second=0, microsecond=0)
    return max(start, now.astimezone(start.tzinfo)), end.astimezone(start.tzinfo)


def _nodes(inventory: Inventory) -> Iterator[str]:
    for role, word in _ROLES.items():
        names = inventory.of(role)
        if names:
            yield f"{len(names)} {word}: {', '.join(names)}"


def _spare(night: Sequence[Expected], ends: datetime) -> str:
    """Whether the window holds the night; '' when nothing is expected."""
    if not night:
        return ""
    last = night[-1].ends
    if last > ends:
        return f"The window does NOT hold this: {duration(last - ends)} are missing."
    left = ends - last
    told = many(left.days, "day") if left > timedelta(days=1) else duration(left)
    return f"The window holds it, {told} to spare."


def _no_return(night: Sequence[Expected], planned: Planned | None) -> str:
    """When the point of no return is reached, as far as it is known."""
    marked = next((stage for stage in night if stage.has_no_return), None)
    if marked is not None:
        return f"expected at {_clock(marked.begins)}"
    if planned is None:
        return "its time is not known, plan first"
    return "not ahead any more, by the plan"


def _moment(moment: datetime) -> str:
    return f"{day_of(moment.date())}, {moment:%H:%M}"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _zone(moment: datetime) -> str:
    offset = moment.strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}" if offset.strip("+0") else "UTC"
