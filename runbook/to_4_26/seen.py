"""What a check of the asset module has seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.model.finding import Finding


@dataclass
class Seen:
    """Findings, the sentence of what was seen, and the rows for the report."""

    findings: list[Finding] = field(default_factory=list)
    observed: str = ""
    lines: list[str] = field(default_factory=list)
