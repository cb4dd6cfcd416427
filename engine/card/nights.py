"""The ways to spread the upgrade over nights, each with its commands."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from engine.card.typed import Commands
from engine.model.inventory import Settings

UNTIL = "--until"
_PHASE = "update"


@dataclass(frozen=True)
class Variant:
    """Another way through the same upgrade: what is typed when."""

    title: str
    nights: tuple[tuple[str, str], ...]
    """When, and the command."""
    note: str


def variants(settings: Settings, commands: Commands, options: Collection[str]) -> Iterator[Variant]:
    """Those that the runbook's `options` allow; without any the card has the one night only.

    Without a reactivation after the update there is no safe place between them.
    """
    if UNTIL in options and settings.reactivate_after_update:
        own = " Each night has a downtime of its own, and ends it." if settings.downtime else ""
        yield Variant(
            "Two nights",
            (("first night", commands.run(UNTIL, _PHASE)), ("second night", commands.run())),
            "Between them all nodes are active, fencing is as before and nothing of the new version"
            f" is installed. Write the second night's window into the inventory.{own}",
        )
