"""What somebody signed: a word that a plan may be carried out, what a green rehearsal states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.model.prediction import Prediction


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
    raw: bytes = field(default=b"", repr=False, compare=False)
    """The file as it was read; empty when it could not be, or of a run that is judged again."""
    signers: bytes = field(default=b"", repr=False, compare=False)
    """The file of allowed signers as it was when it told `principal`."""


@dataclass(frozen=True)
class Approved:
    """What tells one approval from every other one; all of it is covered by its signature."""

    plan: str
    key: str
    """Fingerprint of the key that signed it."""
    given: str
    """When, as the evidence has it: UTC, ISO 8601 with milliseconds."""


@dataclass(frozen=True)
class Upgrade:
    """Which cluster is brought from where to where; as an approval's facts have it."""

    cluster: str
    source: str
    target: str


@dataclass(frozen=True)
class Statement:
    """What was rehearsed, by which runbook, where, and when it had ended."""

    run: str
    cluster: str
    environment: str
    scenario: str
    """The scenario of the rehearsal cluster, and what it is in words; empty elsewhere."""
    runbook: str
    """Hash of the runbook's sources."""
    source: str
    target: str
    nodes: Mapping[str, int]
    """Role -> how many nodes."""
    finished: datetime
    key: str = ""
    """Fingerprint of the key that signed it; empty when nobody did."""
    accepted: Sequence[Mapping[str, str]] | None = None
    """Findings that were accepted: code, subject ('': any), by, reason. None: it does not say, as
    an older runbook wrote it."""
    runbooks: Sequence[str] = ()
    """Those of all its runs in their order, the one that closed it among them."""
    machines: Mapping[str, str] = field(default_factory=dict)
    """Node -> its machine id."""
    base: str = ""
    """What the rehearsal cluster was made on, by its own label; empty elsewhere."""
    releases: Mapping[str, str] = field(default_factory=dict)
    """Node -> the distribution and release that it told."""
    predicted: Prediction | None = None
    """How its upgrade went; None: it does not say, as an older runbook wrote it."""


@dataclass(frozen=True)
class SeenStatement:
    """The statement that the inventory names, or why there is none to go by."""

    statement: Statement | None = None
    problem: str = ""
    by: str | None = ""
    """Whose key signed it, as far as this machine knows; empty: that of nobody known. None: an
    older runbook did not ask."""
