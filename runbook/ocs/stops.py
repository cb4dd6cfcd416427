"""Errors by which an action of the asset module stops the run for a person."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import RunbookError
from engine.model.finding import Finding


class StoppedForPerson(RunbookError):
    """Going on needs a person's decision; each finding says what was seen and what to do."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))
