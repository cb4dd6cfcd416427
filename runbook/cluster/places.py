"""Where the attempt is, and what is said there of findings that have no weight.

What is returned stands before a finding's remedy; it is empty where findings count. An attempt that
has begun goes on: a half-upgraded cluster is never locked out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.ask.look import Look
from engine.model.finding import Finding
from engine.record.evidence import OVER
from engine.record.position import Position

IN_ROUNDS = (Position.UPGRADE_UNDER_WAY, Position.PLANNED_STOP)
"""A round of the upgrade has been started, and another one may be."""
_IN_UPDATE = (Position.UPDATE_UNDER_WAY, Position.UPDATED)
_UPDATE_BEGUN = "The update has begun and goes on all the same"
_UPGRADE_BEGUN = "The upgrade has begun and goes on all the same"
_NO_ROUND = "No round of the upgrade is to come any more; what helps before another one:"
_MIGRATED = "It is migrated by the run itself, at its planned stop."
_FOR_SUPPORT = (
    "A later step of this run judges it; when it stays so, it is for the vendor's support (guide"
    " row G26), and nothing is mended before."
)


def is_start(look: Look) -> bool:
    """Start conditions count; also where nobody knows how far the attempt is.

    So all that may keep it off is told at once.
    """
    return look.position in (Position.UNKNOWN, Position.NOT_STARTED)


def is_ahead(look: Look) -> bool:
    """Whether the upgrade is still to begin, also after a night between it and the update."""
    return is_start(look) or look.position is Position.UPDATED


def after_the_start(look: Look, *, again: bool = False) -> str:
    """Of what counts at the start of an attempt; `again`: and directly before the first round."""
    return "" if is_start(look) else _later(look.position, again=again)


def after_the_beginning(look: Look, *, again: bool = True) -> str:
    """Of what counts until the upgrade begins; `again`: directly before it, too."""
    return "" if is_ahead(look) else _later(look.position, again=again)


def _later(position: Position, *, again: bool) -> str:
    if position in _IN_UPDATE:
        counts = "; it counts before the first round of the upgrade" if again else ""
        return f"{_UPDATE_BEGUN}{counts}. What helps:"
    if position in IN_ROUNDS:
        return f"{_UPGRADE_BEGUN}. What may still help:"
    return OVER if position is Position.CLOSED else _NO_ROUND


def of_leftovers(look: Look) -> str:
    """Of leftovers, which are judged where they come up."""
    if is_ahead(look) or look.position is Position.CLOSED:
        return ""
    if look.position is Position.UPDATE_UNDER_WAY:
        return "It counts when the update has ended. What helps then:"
    if look.position in IN_ROUNDS:
        return "It counts when the round has ended. What helps then:"
    return "It counts in the verification. What helps:"


def migrated_by_the_run(look: Look, findings: Iterable[Finding]) -> list[Finding]:
    """Nobody merges by hand, between the rounds, what the run itself migrates there."""
    return [
        replace(finding, remedy=_MIGRATED)
        if finding.code == "rpmnew-known" and look.position in IN_ROUNDS
        else finding
        for finding in findings
    ]


def of_the_status(look: Look) -> str:
    """Of the cluster's status, where a command of the vendor's is changing it, or has changed it.

    The runbook judges what it leaves when it has ended; a remedy that is followed earlier would
    get in its way.
    """
    if is_ahead(look) or look.position is Position.CLOSED:
        return ""
    if look.position is Position.UPDATE_UNDER_WAY:
        return f"{_UPDATE_BEGUN}. What helps, when its command does not run:"
    if look.position in IN_ROUNDS:
        return f"{_UPGRADE_BEGUN}. What helps, when none of its rounds runs:"
    return _FOR_SUPPORT


def remedied_here(look: Look, findings: Iterable[Finding]) -> list[Finding]:
    """After the last round the status is for the vendor's support: nobody mends it before."""
    if of_the_status(look) == _FOR_SUPPORT:
        return [replace(finding, remedy="") for finding in findings]
    return list(findings)


def window_again(look: Look, findings: Iterable[Finding]) -> list[Finding]:
    """The window is looked at twice: at the start, and directly before the first round."""
    if look.position not in _IN_UPDATE:
        return list(findings)
    again = " The window counts once more directly before the first round of the upgrade."
    return [
        replace(one, remedy=one.remedy + again) if one.code.startswith("window-") else one
        for one in findings
    ]
