"""How findings stop a run: its ending, its reason, and the one way out of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.judge.ways import to_accept, way_of, way_out
from engine.model.ending import Ending, Mode
from engine.model.finding import Finding, Way
from engine.record.run import Run


def by_findings(run: Run, blocking: Sequence[Finding]) -> None:
    """Findings block: before our first change that is `blocked`, afterwards a failed check."""
    codes = ", ".join(dict.fromkeys(finding.code for finding in blocking))
    subjects = ", ".join(dict.fromkeys(finding.subject for finding in blocking))
    ending = Ending.FAILED if run.changes_made else Ending.BLOCKED
    _halt(run, ending, f"{run.step} found {codes} ({subjects})", blocking)


def for_person(run: Run, findings: Sequence[Finding], more: str = "") -> None:
    """A person has to decide before it can go on; a plan only says so."""
    ending = Ending.BLOCKED if run.mode is Mode.PLAN else Ending.STOPPED
    seen = "; ".join(f"{finding.subject}: {finding.observed}" for finding in findings)
    _halt(run, ending, f"{seen}{more}", findings)


def although_accepted(run: Run, findings: Sequence[Finding]) -> None:
    """Stop for accepted findings: even so the step can't go on without the answer."""
    if run.stop is None:
        # they are accepted: to accept them once more leads nowhere
        again = [replace(finding, way=Way.AGAIN) for finding in findings]
        for_person(run, again, " (accepted, but this step can't go on without an answer)")


def _halt(run: Run, ending: Ending, reason: str, found: Sequence[Finding]) -> None:
    run.halt(ending, reason, way_out(found), way=way_of(found), accept=to_accept(found))
