"""The signed approvals of an attempt. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.model.event import Event
from engine.model.facts import APPROVED


def approvals_of(events: Sequence[Event]) -> list[Mapping[str, Any]]:
    """Those that counted when the attempt began."""
    facts = [e for e in events if e["event"] == "fact" and e["name"] == APPROVED]
    return list(facts[-1]["given"]) if facts else []
