"""What a plan says of a step: one verdict, the commands, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.model.change import Change
from engine.model.finding import Finding
from engine.model.steps import base_of


class Verdict(StrEnum):
    """What would become of a step if the run were started now."""

    WILL_RUN = "WILL RUN"
    """It acts, by the commands shown; or it looks and judges, when there is no command."""
    SATISFIED = "SATISFIED"
    """Asked and judged now, or its wanted state is there."""
    BLOCKED = "BLOCKED"
    """Findings keep it from starting, its own or those of a step it waits for."""
    MANUAL = "MANUAL"
    """A person has to decide or do something first."""
    AFTER = "AFTER"
    """It depends on what an earlier change leaves."""

    @property
    def is_in_the_way(self) -> bool:
        return self in (Verdict.BLOCKED, Verdict.MANUAL)


@dataclass(frozen=True)
class PlannedStep:
    """One step of a plan. `name` and `phase` as in the runbook, `round` and `node` of a fan-out."""

    name: str
    phase: str
    verdict: Verdict
    reason: str
    round: int | None = None
    node: str | None = None
    intent: str = ""
    asks: bool = False
    """It only asks and judges, and the plan has done so."""
    guide: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    """What it would do, in order, as far as it is known beforehand."""
    further: str = ""
    """Changes that follow `changes` and are not known yet."""
    notes: tuple[str, ...] = ()
    """What to know about `changes`: who began them, what may still delay them."""
    books_on: str = ""
    """WILL RUN: the node whose records it writes; it does not change the cluster."""
    expected: str = ""
    """AFTER: the command it is expected to run when it has to."""
    after: str = ""
    """AFTER: the earlier step whose change decides."""
    blocked_by: tuple[str, ...] = ()
    """BLOCKED: the steps in the way; empty when its own findings are."""
    findings: tuple[Finding, ...] = ()
    """What is in the way, its own findings or those of the steps it waits for."""

    @property
    def base(self) -> str:
        """The name without round and node."""
        return base_of(self.name)
