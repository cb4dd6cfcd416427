"""What the downtime of an attempt covers, and until when."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.ask.look import Look
from engine.model.definition import ClusterDefinition, short
from engine.model.inventory import Inventory
from engine.model.release import remaining
from engine.queries.neteye import DEFINITION
from engine.record.position import Position
from runbook.cluster.icinga.objects import (
    Downtime,
    Watched,
    downtimes_by,
    hosts_called,
    hosts_that,
    services_of,
)

AUTHOR = "neteye-runbook"
LEDGER = ("downtime", "cluster")
DOWNTIMES = "downtimes"
"""The fact: names and end of the attempt's downtimes; `left`: nobody could remove them."""
OFF = "runbook_downtime is not set: the monitoring is left as it is"

_PHASES: Mapping[Position, str] = {
    Position.UPDATE_UNDER_WAY: "update",
    Position.UPDATED: "again",
    Position.UPGRADE_UNDER_WAY: "upgrade",
    Position.PLANNED_STOP: "upgrade",
    Position.UPGRADED: "verification",
    Position.REACTIVATED: "reactivation",
}
"""Where an attempt goes on; elsewhere it begins."""


@dataclass(frozen=True)
class Member:
    """A node, or the cluster as a whole, by all that Icinga may call it. In lower case."""

    name: str
    full: frozenset[str]
    """Full names and addresses: what is called so is meant."""
    brief: frozenset[str]
    """Names without a domain, which a host elsewhere may have as well."""

    def is_meant_by(self, host: Watched) -> bool:
        if host.name.lower() in self.full or host.addresses & (self.full | self.brief):
            return True
        return host.name.lower() in self.brief and not host.addresses

    def is_called_like(self, host: Watched) -> bool:
        return host.name.lower() in self.brief | self.full


@dataclass(frozen=True)
class Cover:
    """What Icinga watches of the cluster, and the downtimes of this attempt."""

    hosts: tuple[Watched, ...]
    services: tuple[Watched, ...]
    downtimes: tuple[Downtime, ...]
    missing: tuple[str, ...] = ()
    """Nodes, or the cluster, for which no host stands."""
    doubtful: tuple[Watched, ...] = ()
    """Hosts called like one of them, with an address that is none of the cluster's."""

    @property
    def objects(self) -> tuple[Watched, ...]:
        return self.hosts + self.services

    @property
    def ends(self) -> dict[str, datetime]:
        """HOST or HOST!SERVICE -> when the last downtime of this attempt ends for it."""
        latest: dict[str, datetime] = {}
        for one in self.downtimes:
            latest[one.of] = max(one.end, latest.get(one.of, one.end))
        return latest

    def not_until(self, moment: datetime) -> tuple[Watched, ...]:
        """What the downtimes of this attempt do not cover until then."""
        ends = self.ends
        return tuple(one for one in self.objects if one.name not in ends or ends[one.name] < moment)

    @property
    def until(self) -> datetime | None:
        """When the first of what is covered alarms again; None: nothing is covered."""
        return min(self.ends.values(), default=None)


def comment_of(look: Look) -> str:
    """By it the downtimes of this attempt are known from all others of the same author."""
    step = f"NetEye {look.release.source} to {look.release.target}"
    # in a plan: the run opens the attempt before
    return f"{step}, runbook attempt {look.attempt or 'ATTEMPT'}"


def cover_now(look: Look) -> Cover:
    """Asked of Icinga by N; Unanswered when it did not answer or refused."""
    members = members_of(look.ask(look.names.active, DEFINITION), look.inventory)
    hosts, doubtful = _hosts(look, members)
    user = look.settings.icinga_user
    called = {host.name for host in hosts}
    services = look.ask(look.names.active, services_of(user, called)) if called else ()
    return Cover(
        hosts,
        services,
        downtimes_now(look),
        tuple(m.name for m in members if not any(map(m.is_meant_by, hosts))),
        doubtful,
    )


def may_be_there(look: Look) -> bool:
    """Whether a downtime of this attempt may hold: by the ledger, or a run could not remove it."""
    fact = look.memory.facts.get(DOWNTIMES, {})
    if LEDGER in look.memory.ledger:
        return True
    return bool(fact.get("left")) and not look.memory.closed and not _is_over(look)


def _is_over(look: Look) -> bool:
    until = latest_known(look)
    return until is not None and until < look.now()


def latest_known(look: Look) -> datetime | None:
    """When the last downtime of this attempt ends, by what was seen; None: nobody has seen it."""
    until = look.memory.facts.get(DOWNTIMES, {}).get("until")
    return datetime.fromisoformat(until) if until else None


def downtimes_now(look: Look) -> tuple[Downtime, ...]:
    """Those of this attempt that have not ended, by author and comment."""
    query = downtimes_by(look.settings.icinga_user, AUTHOR)
    listed, now = look.ask(look.names.active, query), look.now()
    comment = comment_of(look)
    return tuple(one for one in listed if one.comment == comment and one.end > now)


def _hosts(
    look: Look, members: Sequence[Member]
) -> tuple[tuple[Watched, ...], tuple[Watched, ...]]:
    """The hosts that are meant, and those that are only called so."""
    user, condition = look.settings.icinga_user, look.settings.downtime_filter
    if condition is not None:
        return look.ask(look.names.active, hosts_that(user, condition)), ()
    names = frozenset[str]().union(*(member.full | member.brief for member in members))
    found = look.ask(look.names.active, hosts_called(user, names))
    meant = tuple(one for one in found if any(member.is_meant_by(one) for member in members))
    others = (one for one in found if one not in meant)
    return meant, tuple(one for one in others if any(m.is_called_like(one) for m in members))


def members_of(definition: ClusterDefinition, inventory: Inventory) -> tuple[Member, ...]:
    """The cluster and its nodes, by /etc/neteye-cluster and by the inventory."""
    found = [_member(definition.hostname, (definition.hostname,), (definition.cluster_ip,))]
    for host in inventory.hosts:
        node = definition.find(host.name)
        names = (host.name, *(node.full_names if node else ()))
        found.append(_member(host.name, names, (host.address, *([node.addr] if node else ()))))
    return tuple(found)


def _member(name: str, names: Iterable[str], addresses: Iterable[str]) -> Member:
    plain = {text.lower() for text in (*names, *addresses) if not _is_of_this_machine(text)}
    brief = {short(text) for text in plain if not _is_address(text)}
    return Member(name, frozenset(plain - brief), frozenset(brief))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_of_this_machine(text: str) -> bool:
    """A forwarded port of the controller's is no address of the node's."""
    return text.lower() == "localhost" or (
        _is_address(text) and ipaddress.ip_address(text).is_loopback
    )


def phase_of(position: Position) -> str:
    """The phase that an attempt goes on with, or begins."""
    return _PHASES.get(position, "preflight")


def enough(look: Look, phase: str) -> datetime:
    """Until when a downtime has to hold, for no other one to be made."""
    return look.now() + _left(look, phase)


def lacking_of(look: Look, cover: Cover, phase: str) -> tuple[Watched, ...]:
    """What needs a downtime of this run's. One that an earlier run could not remove is none: no
    entry of the ledger says that it has to go."""
    if LEDGER not in look.memory.ledger:
        return cover.objects
    return cover.not_until(enough(look, phase))


def meant_end(look: Look, phase: str) -> datetime:
    """The window's end or twice the expected time, whichever is later: it needs no second one."""
    twice = look.now() + 2 * _left(look, phase)
    end = look.settings.window_end
    return twice if end is None else max(twice, end)


def _left(look: Look, phase: str) -> timedelta:
    nodes = len(look.inventory.hosts)
    return remaining(look.release.stages, phase, nodes, last=look.until)
