"""What of the downtime is not as it should be. It only warns: no upgrade waits for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from engine.judge.text import listed
from engine.model.finding import Finding
from runbook.cluster.icinga.cover import AUTHOR, Cover
from runbook.cluster.icinga.objects import Watched

SUBJECT = "icinga"
_GOES_ON = "The run goes on without: the cluster's alarms are sent, so tell those who are on call."


def moment(when: datetime) -> str:
    """To the minute, in the zone that it is given in."""
    return f"{when:%Y-%m-%d %H:%M %Z}".strip()


def not_asked(why: str, user: str, password: str) -> Finding:
    """Icinga did not answer N, or refused. Code: `downtime-not-asked`."""
    return Finding(
        "downtime-not-asked",
        SUBJECT,
        f"Icinga's API told nothing: {why}",
        f"an answer to the API user {user} with the password in {password}",
        f"{_GOES_ON} Set the API user up as docs/inventory.md says, or name another one in"
        " runbook_icinga_user; or schedule the downtime in Icinga Web 2.",
    )


def unknown_hosts(cover: Cover, condition: str | None) -> list[Finding]:
    """Nodes whose alarms nothing covers. Code: `downtime-host-unknown`."""
    if condition is not None and cover.hosts:
        return []
    if condition is not None:
        return [_unknown(f"runbook_downtime_filter fits no host of Icinga: {condition}")]
    if not cover.missing:
        return []
    seen = f"no host of Icinga has a name or an address of {listed(cover.missing)}"
    if cover.doubtful:
        seen += f"; called so, with an address that is none of the cluster's: {_hosts(cover)}"
    return [_unknown(seen)]


def _hosts(cover: Cover) -> str:
    return listed(f"{h.name} ({listed(sorted(h.addresses))})" for h in cover.doubtful)


def _unknown(seen: str) -> Finding:
    return Finding(
        "downtime-host-unknown",
        "cluster",
        seen,
        "a host of Icinga for each node and for the cluster's address, or a filter that names them",
        f"Say in runbook_downtime_filter which hosts are meant, in Icinga's own words. {_GOES_ON}",
    )


NEEDED = ("actions/schedule-downtime", "actions/remove-downtime")


def may_not(permissions: Iterable[str], user: str) -> list[Finding]:
    """What the API user lacks for what is to come. Code: `downtime-not-made`."""
    patterns = [one.lower() for one in permissions]
    lacking = [one for one in NEEDED if not any(fnmatchcase(one, each) for each in patterns)]
    if not lacking:
        return []
    return [
        Finding(
            "downtime-not-made",
            SUBJECT,
            f"the API user {user} has no permission {listed(lacking)}",
            f"the permissions {listed(NEEDED)}",
            f"Give them to the user, as docs/inventory.md says. {_GOES_ON}",
        )
    ]


def not_held(lacking: Iterable[Watched], why: str) -> list[Finding]:
    """What no downtime holds although one was asked for. Code: `downtime-not-made`."""
    names = [one.name for one in lacking]
    if not names:
        return []
    return [
        Finding(
            "downtime-not-made",
            SUBJECT,
            f"no downtime holds for {listed(names)}{f': {why}' if why else ''}",
            "a downtime of this attempt for every host and service of the cluster",
            f"{_GOES_ON} Look at the permissions of the API user (docs/inventory.md), or schedule"
            " the downtime in Icinga Web 2. A later step tries once more.",
        )
    ]


def left_behind(why: str, until: datetime | None, *, more: str = "") -> Finding:
    """The attempt's downtimes could not be removed. Code: `downtime-left`."""
    end = (
        f"by themselves at {moment(until)}"
        if until
        else "by themselves, at the end they were given"
    )
    return Finding(
        "downtime-left",
        SUBJECT,
        f"the downtimes of this attempt were not removed: {why}",
        "no downtime of this attempt in Icinga",
        f"They end {end}; until then no alarm of the cluster is sent. Remove them in Icinga Web 2:"
        f" their author is {AUTHOR}.{more}",
    )
