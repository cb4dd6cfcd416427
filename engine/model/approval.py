"""Somebody's signed word that a plan may be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Approval:
    """What was signed: the plan's hash with its material facts, by whom, from when until when."""

    plan: str
    material: Mapping[str, Any]
    name: str
    given: datetime
    until: datetime


@dataclass(frozen=True)
class SeenApproval:
    """A file that claims to be an approval, and what its signature says."""

    file: str
    approval: Approval | None = None
    principal: str = ""
    """Who the allowed signers' file says it is."""
    key: str = ""
    """The key's fingerprint."""
    problem: str = ""
    """Why it counts for nothing, whatever it says."""
