"""What steps say of the downtime: what it will cover, whether it holds, whether it is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.errors import Unanswered
from engine.judge.text import listed, many
from engine.model.finding import Verdict
from engine.record.evidence import Evidence
from engine.waiting import attempts
from runbook.cluster.icinga import findings
from runbook.cluster.icinga.api import ADDRESS, password_file, said_no
from runbook.cluster.icinga.cover import (
    DOWNTIMES,
    LEDGER,
    OFF,
    Cover,
    cover_now,
    downtimes_now,
    lacking_of,
    latest_known,
    may_be_there,
    meant_end,
    phase_of,
)
from runbook.cluster.icinga.findings import moment
from runbook.cluster.icinga.objects import Watched, permissions_of

T = TypeVar("T")

NONE_LEFT = "no downtime of this attempt is there any more"
PATIENCE = 30.0
"""Seconds for which Icinga is asked again: its resource may be moving."""


def patiently(
    look: Look,
    ask: Callable[[Look], T],
    is_good: Callable[[T], bool] = lambda _: True,
    *,
    patience: float = PATIENCE,
) -> T:
    """The first good answer, or the last one; Unanswered when the last look had none."""
    found: T | Unanswered | None = None
    for _ in attempts(patience, every=5.0, clock=look.timer, wait=look.wait):
        try:
            found = ask(look)
        except Unanswered as error:
            found = error
        else:
            if is_good(found):
                break
    if isinstance(found, Unanswered):
        raise found
    return cast("T", found)


def downtime_is_foretold(look: Look, evidence: Evidence) -> Verdict:
    """Before the start: what the downtime will cover, what it will not, what people will hear."""
    if not _is_wanted(look, evidence):
        return evidence.verdict
    user = look.settings.icinga_user
    try:
        permissions = look.ask(look.names.active, permissions_of(user))
        cover = cover_now(look)
    except Unanswered as error:
        return _not_asked(look, evidence, error)
    return evidence.judge(
        [
            *findings.may_not(permissions, user),
            *findings.unknown_hosts(cover, look.settings.downtime_filter),
        ],
        observed=_to_come(look, cover) if cover.hosts else "no host is found, nothing is scheduled",
    )


def _is_wanted(look: Look, evidence: Evidence) -> bool:
    if not look.settings.downtime:
        evidence.not_needed(OFF)
    elif look.memory.closed:
        evidence.not_needed("the attempt is closed: nothing is changed any more")
    else:
        return True
    return False


def _to_come(look: Look, cover: Cover) -> str:
    phase, end = phase_of(look.position), look.settings.window_end
    until = meant_end(look, phase)
    why = "the window's end" if until == end else "twice the expected time"
    if cover.until is not None and not lacking_of(look, cover, phase):
        until, why = cover.until, "scheduled already"
    told = [one.name for one in cover.objects if one.is_told_problem]
    return (
        f"downtime until {moment(until)} ({why}) of {many(len(cover.hosts), 'host')}"
        f" ({listed(host.name for host in cover.hosts)})"
        f" and their {many(len(cover.services), 'service')}, not of what other hosts find out about"
        " the cluster; Icinga sends a message at its begin and at its end for each,"
        f" {2 * len(cover.objects)} at most; problems that are told again after it: {listed(told)}"
    )


def downtime_holds(look: Look, evidence: Evidence, applied: Applied) -> Verdict:
    """A downtime of this attempt holds for each host and service, by Icinga's own word."""
    if not _is_wanted(look, evidence):
        return evidence.verdict
    user = look.settings.icinga_user
    refused = "; ".join(filter(None, (said_no(answer, user) for answer in applied.answers)))
    patience = PATIENCE if applied.did_something and not refused else 0.0
    try:
        cover = patiently(look, cover_now, lambda seen: not _lacking(seen), patience=patience)
    except Unanswered as error:
        return _not_asked(look, evidence, error)
    _keep_books(look, evidence, cover)
    found = findings.unknown_hosts(cover, look.settings.downtime_filter) if not cover.hosts else []
    end = f" until {moment(cover.until)}" if cover.until else ""
    return evidence.judge(
        [*found, *findings.not_held(_lacking(cover), refused)],
        observed=f"{many(len(cover.downtimes), 'downtime')} of this attempt{end}",
    )


def _lacking(cover: Cover) -> list[Watched]:
    """A downtime is listed before it holds, and after: `downtime_depth` tells."""
    ends = cover.ends
    return [one for one in cover.objects if one.name not in ends or not one.downtimes]


def _keep_books(look: Look, evidence: Evidence, cover: Cover) -> None:
    if not cover.downtimes:
        _close_books(look, evidence, "Icinga has no downtime of this attempt")
        return
    names, fact = sorted(one.name for one in cover.downtimes), look.memory.facts.get(DOWNTIMES, {})
    is_left = LEDGER not in look.memory.ledger
    if fact.get("names") != names or bool(fact.get("left")) is not is_left:
        until = max(one.end for one in cover.downtimes)
        evidence.remember(DOWNTIMES, names=names, until=until.isoformat(), left=is_left)


def _close_books(look: Look, evidence: Evidence, why: str) -> None:
    """None is there any more."""
    if LEDGER in look.memory.ledger:
        look.close_ledger(*LEDGER, why)
    if look.memory.facts.get(DOWNTIMES, {}).get("left"):
        evidence.remember(DOWNTIMES, names=[], until="", left=False)


def downtime_is_gone(look: Look, evidence: Evidence, applied: Applied) -> Verdict:
    """No downtime of this attempt is left; one that can't be removed is told: it ends by itself."""
    if not applied.did_something and not applied.is_unseen:
        if may_be_there(look):
            _close_books(look, evidence, NONE_LEFT)
        return evidence.verdict
    user, until = look.settings.icinga_user, latest_known(look)
    why = applied.reason
    if applied.did_something:
        refused = "; ".join(filter(None, (said_no(answer, user) for answer in applied.answers)))
        try:
            left = patiently(look, downtimes_now, lambda found: not found)
        except Unanswered as error:
            why = error.why
        else:
            if not left:
                _close_books(look, evidence, NONE_LEFT)
                return evidence.judge([], observed="no downtime of this attempt is left in Icinga")
            why = refused or f"{len(left)} are still there"
            until = max(one.end for one in left)
    # it gives itself back: neither the upgrade nor a night is kept open for it
    end = f"at {moment(until)}" if until else "by its own end"
    look.close_ledger(*LEDGER, f"not removed, over {end}: {why}", left=True)
    names = look.memory.facts.get(DOWNTIMES, {}).get("names", [])
    ends = until.isoformat() if until else ""
    evidence.remember(DOWNTIMES, names=names, until=ends, left=True)
    more = " The next run tries once more." if look.until else ""
    found = findings.left_behind(why, until, more=more)
    return evidence.judge([found], observed="whether downtimes are left was looked at")


def _not_asked(look: Look, evidence: Evidence, error: Unanswered) -> Verdict:
    user = look.settings.icinga_user
    found = findings.not_asked(error.why, user, password_file(user))
    return evidence.judge([found], observed=f"Icinga at {ADDRESS} told {error.node} nothing")
