"""The approvals that a run asks for: looked at, judged, and kept with its evidence."""

from __future__ import annotations

from engine.ask.look import Look
from engine.attempt.used import USED
from engine.model.facts import APPROVED
from engine.model.finding import Finding
from engine.prove.approved import approvals_here, judge_approvals, keep
from engine.record.evidence import Evidence
from engine.run.session import Session


def approved(session: Session, look: Look, evidence: Evidence, *, counts: bool) -> list[Finding]:
    """Findings about the approvals; of those that count, the files are kept and remembered.

    `counts`: the attempt is at its start. Whoever continues one is never asked again, and N need
    not tell which approvals have counted before.
    """
    run, active = session.run, look.names.active
    used = evidence.answers(look.ask_all([active], USED)) if counts else {}
    findings, counted = judge_approvals(
        run,
        look.here(approvals_here(run)),
        active=active,
        versions=session.survey.versions.values,
        now=look.now(),
        used=used.get(active, {}),
    )
    if counts:
        evidence.remember(APPROVED, **keep(run, counted))
    return findings
