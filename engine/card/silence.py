"""What the cluster's own monitoring keeps silent about during the night, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.card.planned import Planned
from engine.model.inventory import Inventory
from engine.model.release import Release


@dataclass(frozen=True)
class Silence:
    """The downtime that the run makes (`runbook_downtime`)."""

    begins: datetime
    """Before the first change: as expected."""
    ends: datetime
    """At the latest: the run removes it when it is done."""
    why: str
    """What the end goes by."""
    told: str
    """What the plan says of it beside hosts and times, which were those of the plan's own moment;
    empty: there is no plan, or it says nothing more."""
    uncovered: tuple[str, ...]
    """What the plan has found in its way, or found not covered."""


def silence_of(
    inventory: Inventory,
    release: Release,
    planned: Planned | None,
    begins: datetime,
    ends: datetime,
) -> Silence | None:
    """Of a night that takes its window from `begins` to `ends`; None: there is no downtime.

    It lasts to the window's end or for twice the expected time, whichever is later.
    """
    if not inventory.settings.downtime:
        return None
    nodes = len(inventory.hosts)
    takes = [stage.takes(nodes) for stage in release.stages]
    if planned is not None:
        takes = [taken for _, taken, _ in planned.stages]
    if not any(takes):
        return None
    first = begins + takes[0]
    twice = first + 2 * sum(takes, timedelta())
    return Silence(
        begins=first,
        ends=max(ends, twice),
        why="the window's end" if ends >= twice else "twice the expected time",
        told=planned.reasons.get(release.downtime_step, "").partition("; ")[2] if planned else "",
        uncovered=planned.found_by(release.downtime_step) if planned else (),
    )
