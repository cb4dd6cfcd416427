"""`python -m engine report`: reports made of a run's journal, listed, signed, put in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import NotWritten
from engine.prove.anew import Anew, Before
from engine.prove.reseal import look, put
from engine.prove.seal import Signing
from engine.prove.signature import CantSign, Signer
from engine.prove.verifier import verifier
from engine.record.journal import utc_now
from engine.record.material import runbook_hash
from engine.report.evidence_files import Evidence
from engine.report.hand_over import is_due
from engine.run.plan_ending import NAME as PLAN
from engine.run.plan_ending import plan_of
from engine.run.replay import rebuild
from engine.verify import HANDOVER, REMADE, SEALED
from engine.watching import page as live_page
from engine.watching.fold import state_of
from engine.watching.told import Life


@dataclass(frozen=True)
class Made:
    """What was made, and what holds of it."""

    summary: Mapping[str, Any]
    anew: Anew


def make_anew(evidence: Evidence) -> Made:
    """Write summary.json and the reports into the run's directory; the journal is not touched.

    Until all of them are made, listed and signed, nothing is written. UsageError when the journal
    was altered, NotWritten when a file can't be made or written: then none is.
    """
    before = look(evidence.directory, _names(evidence))
    with Signing(None, None) as found:
        try:
            return _made(evidence, before, found.signer, found.why)
        except CantSign as error:  # it did a moment ago
            return _made(evidence, before, None, str(error))


def _names(evidence: Evidence) -> tuple[str, ...]:
    """The files that are made of these journals."""
    without = {
        *([PLAN] if plan_of(evidence.own) is None else ()),
        *(() if is_due(evidence.own, evidence.earlier) else HANDOVER),
    }
    names = tuple(name for name in REMADE if name not in without)
    return (*names, live_page.NAME) if _is_live(evidence) else names


def _is_live(evidence: Evidence) -> bool:
    """A run that was killed left its page as one that works, which a browser loads again."""
    is_sealed = evidence.own[-1]["event"] == SEALED
    return not is_sealed and (evidence.directory / live_page.NAME).is_file()


def _made(evidence: Evidence, before: Before, signer: Signer | None, why: str) -> Made:
    """CantSign before anything is written."""
    now, then = utc_now(), str(evidence.own[0].get("runbook") or "")
    key = signer.fingerprint if signer else ""
    anew = Anew(before, now, runbook_hash(), then, key, why)
    summary, files = rebuild(evidence, anew)
    if _is_live(evidence):
        files[live_page.NAME] = live_page.page_of(state_of(evidence.journal), now, Life.GONE)
    if not before.problem:
        files |= verifier(before.run, key, why, anew)
    try:
        put(anew, files, signer)
    except OSError as error:
        where = error.filename or evidence.directory
        raise NotWritten(f"{where}: can't be written ({error.strerror or error})") from error
    return Made(summary, anew)
