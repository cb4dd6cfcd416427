"""Findings: what a policy saw that is not as it should be, as data. Text is made at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """How a finding weighs; the table code -> severity is the version's own (release.py)."""

    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True)
class Acceptance:
    """A person who takes a blocking finding upon himself: --accept 'CODE[@SUBJECT]=REASON' --by."""

    code: str
    subject: str | None
    reason: str
    by: str


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    `code` is stable and lower-case with dashes (`resource-stopped`); `subject` is the node,
    resource, server or file it is about; `observed`, `expected` and `remedy` are sentences
    for the operator and never contain a secret.
    """

    code: str
    subject: str
    observed: str
    expected: str
    remedy: str
    guide: tuple[str, ...] = ()
    severity: Severity = Severity.BLOCK
    """Unknown blocks: only the severities table makes a finding weigh less."""
    accepted: Acceptance | None = None

    @property
    def blocks(self) -> bool:
        return self.severity is Severity.BLOCK and self.accepted is None

    def weighed(self, severity: Severity, accepted: Acceptance | None = None) -> Finding:
        return replace(self, severity=severity, accepted=accepted)

    def __str__(self) -> str:
        seen = f"[{self.code}] {self.subject}: {self.observed}"
        return f"{seen}; expected {self.expected}. {self.remedy}"


@dataclass(frozen=True)
class Severities:
    """The version's own table (runbook/release.py). A code that is not in it blocks."""

    table: Mapping[str, Severity]
    never_acceptable: frozenset[str]

    def of(self, code: str) -> Severity:
        return self.table.get(code, Severity.BLOCK)
