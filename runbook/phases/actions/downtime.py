"""The cluster's own monitoring keeps silent about it while it is changed (`runbook_downtime`).

A downtime is scheduled once, generously: each scheduling and each removal tells people of it. There
is no action of Icinga's that lengthens one. What fails here never stops a run.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from engine.act.actions import action
from engine.act.driving import Action, Changes
from engine.act.foreseen import Foreseen
from engine.ask.look import Look
from engine.errors import Unanswered
from engine.model.change import Change, Nothing, Temporary
from runbook.cluster.icinga.api import DEADLINE, request
from runbook.cluster.icinga.checks import NONE_LEFT, patiently
from runbook.cluster.icinga.cover import (
    AUTHOR,
    LEDGER,
    OFF,
    comment_of,
    cover_now,
    downtimes_now,
    lacking_of,
    may_be_there,
    meant_end,
    phase_of,
)
from runbook.cluster.icinga.findings import moment
from runbook.phases.actions.restore import one_change


@action()
def downtime_begun(look: Look) -> Action:
    """A downtime of this attempt holds, from before its first change on."""
    return (yield from _hold(look, phase_of(look.position)))


@action()
def downtime_lasts_for_upgrade(look: Look) -> Action:
    """It holds for as long as the upgrade is expected to take from here."""
    return (yield from _hold(look, "upgrade"))


@action()
def downtime_lasts_for_reactivation(look: Look) -> Action:
    """It holds while services move back."""
    return (yield from _hold(look, "reactivation"))


@action(expected="the downtimes of this attempt removed from Icinga")
def downtime_ended(look: Look) -> Action:
    """The downtimes of this attempt are gone."""
    return (yield from _remove(look))


def _removal_planned(look: Look) -> Foreseen | Nothing:
    """Nothing that a restore gives back before touches a downtime."""
    return one_change(_remove(look))


@action(planned=_removal_planned, despite=("restore",))
def ledger_downtime(look: Look) -> Action:
    """The downtimes of this attempt are gone."""
    return (yield from _remove(look))


def _hold(look: Look, phase: str) -> Changes:
    if not look.settings.downtime:
        return Nothing(OFF)
    try:
        cover = cover_now(look)
    except Unanswered as error:
        return Nothing(f"Icinga told nothing: {error.why}", is_unseen=True)
    if not cover.hosts:
        return Nothing("Icinga watches no host that is meant", is_unseen=True)
    lacking = lacking_of(look, cover, phase)
    if cover.until is not None and not lacking:
        return Nothing(f"a downtime of this attempt holds until {moment(cover.until)}")
    until = meant_end(look, phase)
    hosts = {one.host for one in lacking if not one.service}
    if hosts:
        yield _scheduled(look, "hosts and all their services", _of_hosts(hosts), until)
    # made after the downtime of its host, or left out when Icinga was killed meanwhile
    if services := {one.name for one in lacking if one.service and one.host not in hosts}:
        yield _scheduled(look, "further services", _of_services(services), until)
    return f"until {moment(until)}"


def _of_hosts(names: Collection[str]) -> dict[str, Any]:
    return {"type": "Host", "filter": "host.name in names", "all_services": True} | _these(names)


def _of_services(names: Collection[str]) -> dict[str, Any]:
    return {"type": "Service", "filter": "service.__name in names"} | _these(names)


def _these(names: Collection[str]) -> dict[str, Any]:
    return {"filter_vars": {"names": sorted(names)}}


def _scheduled(look: Look, what: str, of: dict[str, Any], until: datetime) -> Change:
    body = {
        **of,
        "author": AUTHOR,
        "comment": comment_of(look),
        "fixed": True,
        "start_time": int(look.now().timestamp()),
        "end_time": int(until.timestamp()),
    }
    return Change(
        what=f"schedule a downtime in Icinga for the cluster's {what}",
        node=look.names.active,
        argv=request(look.settings.icinga_user, "actions/schedule-downtime", body),
        deadline=DEADLINE,
        # the step says what does not hold, and goes on
        may_fail=True,
        opens=(Temporary(*LEDGER, "none"),),
        apart=True,
    )


def _remove(look: Look) -> Changes:
    if not may_be_there(look):
        return Nothing("a downtime is not among the open temporary changes")
    try:
        left = patiently(look, downtimes_now)
    except Unanswered as error:
        return Nothing(f"Icinga told nothing: {error.why}", is_unseen=True)
    if not left:
        return Nothing(NONE_LEFT)
    yield Change(
        what="remove the downtimes of this attempt from Icinga",
        node=look.names.active,
        argv=request(look.settings.icinga_user, "actions/remove-downtime", _of_attempt(look)),
        deadline=DEADLINE,
        # with nothing left Icinga says 500, so the step looks again, and closes the ledger
        may_fail=True,
        apart=True,
    )
    return f"{len(left)} of hosts and services, which ended at the latest at" + (
        f" {moment(max(one.end for one in left))}"
    )


def _of_attempt(look: Look) -> dict[str, Any]:
    """Those of services and of other hosts too: Icinga removes only some of them by itself."""
    return {
        "type": "Downtime",
        "filter": "downtime.author == author && downtime.comment == comment",
        "filter_vars": {"author": AUTHOR, "comment": comment_of(look)},
        "author": AUTHOR,
    }
