"""The ways to spread the upgrade over nights, each with its commands."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from engine.card.planned import Planned
from engine.card.typed import Commands
from engine.judge.text import duration
from engine.model.inventory import Inventory
from engine.model.release import Release, up_to
from engine.record.position import Position
from engine.run.until import first_night

UNTIL = "--until"
_BETWEEN = (
    "Between them all nodes are active, fencing is as before, nothing of the new version is there"
)


@dataclass(frozen=True)
class Night:
    """One of them; without a command nothing is left to type."""

    title: str
    said: str
    command: str = ""


@dataclass(frozen=True)
class Variant:
    """Another way through the same upgrade: what is typed when."""

    title: str
    nights: tuple[Night, ...]
    note: str


def variants(
    inventory: Inventory,
    release: Release,
    commands: Commands,
    planned: Planned | None,
    window: timedelta,
    options: Collection[str],
) -> Iterator[Variant]:
    """Those that the runbook's `options` allow; without any the card has the one night only.

    `window`: how much of it there is. Once the upgrade was begun there is no safe place any more.
    """
    settings, nodes = inventory.settings, len(inventory.hosts)
    position = Position.UNKNOWN if planned is None else planned.position
    pause = first_night(release, settings, Position.NOT_STARTED)
    if UNTIL not in options or pause is None or position.is_after(Position.UPDATED):
        return
    takes = up_to(release.stages, pause.phase, nodes)
    rest = release.announced(nodes) - takes
    if planned is not None and position is Position.UPDATED:
        first = Night("First", f"the {pause.phase} is done")
        rest = planned.takes or rest
    else:
        held = "this window holds it" if takes <= window else "this window does NOT hold it"
        said = f"{duration(takes)}, {held}"
        first = Night("First", said, commands.run(UNTIL, pause.phase))
    own = " Each has a downtime of its own, and ends it." if settings.downtime else ""
    yield Variant(
        "Two nights",
        (first, Night("Second", duration(rest), commands.run())),
        f"{_BETWEEN}. Write the second night's window into the inventory.{own}",
    )
