"""An event of the journal, and how moments are written there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Event = Mapping[str, Any]
"""One line of the journal: `event` names its kind, which decides about its other fields."""


def moment(event: Event) -> datetime:
    """When it was recorded."""
    return datetime.fromisoformat(event["time"])


def operator_of(begun: Event) -> str:
    """Who ran it, from `run-started`: `A. Rossi (rossi)`, or the login name alone; '': nobody."""
    login, name = str(begun.get("operator") or ""), str(begun.get("by") or "")
    return f"{name} ({login})" if name and name != login else login


def stamp(when: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as everywhere in the evidence."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
