"""Hosts, services and downtimes of Icinga as values, and the questions for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.model.query import Query
from engine.parse.fields import Fields
from runbook.cluster.icinga.api import question

HARD = 1
_LATEST = 253402300799.0
"""Seconds since 1970: the last second of the year 9999, after which there is no `datetime`."""


@dataclass(frozen=True)
class Watched:
    """A host, or a service of one, that Icinga watches."""

    host: str
    service: str
    """Empty: it is the host itself."""
    downtimes: int
    """How many hold now, whoever made them (`downtime_depth`)."""
    is_told_problem: bool
    """A problem of which people were told: it is told again when its last downtime ends."""
    addresses: frozenset[str] = frozenset()
    """Of a host: `address` and `address6`, in lower case."""

    @property
    def name(self) -> str:
        return f"{self.host}!{self.service}" if self.service else self.host


@dataclass(frozen=True)
class Downtime:
    """One downtime of a host or of a service."""

    name: str
    """What Icinga calls it: HOST[!SERVICE]!ID."""
    of: str
    """HOST or HOST!SERVICE."""
    comment: str
    end: datetime


_STATE = ("state", "state_type", "last_check", "acknowledgement", "enable_notifications")
_ANY_NAME = "host.name.lower() in names || host.address.lower() in names"


def hosts_called(user: str, names: Iterable[str]) -> Query[tuple[Watched, ...]]:
    """Hosts whose name or address is one of these, which are in lower case."""
    meant = f"{_ANY_NAME} || host.address6.lower() in names"
    return _hosts(user, {"filter": meant, "filter_vars": {"names": sorted(names)}})


def hosts_that(user: str, condition: str) -> Query[tuple[Watched, ...]]:
    """Hosts that fit a filter in Icinga's own language."""
    return _hosts(user, {"filter": condition})


def _hosts(user: str, wanted: Mapping[str, Any]) -> Query[tuple[Watched, ...]]:
    attributes = ["name", "address", "address6", "downtime_depth", *_STATE]
    body = {**wanted, "attrs": attributes}
    return question(user, "hosts that Icinga watches", "objects/hosts", body, _read_hosts)


def services_of(user: str, hosts: Iterable[str]) -> Query[tuple[Watched, ...]]:
    """All services of these hosts."""
    body = {
        "filter": "host.name in names",
        "filter_vars": {"names": sorted(hosts)},
        "attrs": ["name", "host_name", "downtime_depth", *_STATE],
    }
    return question(user, "services that Icinga watches", "objects/services", body, _read_services)


def downtimes_by(user: str, author: str) -> Query[tuple[Downtime, ...]]:
    """All downtimes that name this author, over or not: they stay listed up to a minute."""
    body = {
        "filter": "downtime.author == author",
        "filter_vars": {"author": author},
        "attrs": ["host_name", "service_name", "comment", "end_time"],
    }
    return question(user, "downtimes in Icinga", "objects/downtimes", body, _read_downtimes)


def permissions_of(user: str) -> Query[tuple[str, ...]]:
    """What the API user may do, as Icinga has it: patterns such as `actions/*`."""
    return question(user, "permissions of the API user", "", {}, _read_permissions)


def _read_permissions(results: tuple[Fields, ...], _: str) -> tuple[str, ...]:
    # one that is given for some objects only ends so
    found = (text for one in results for text in one.texts("permissions"))
    return tuple(text.removesuffix(" (filtered)") for text in found)


def _read_hosts(results: tuple[Fields, ...], _: str) -> tuple[Watched, ...]:
    return tuple(_host(entry.entry("attrs")) for entry in results)


def _host(one: Fields) -> Watched:
    addresses = (one.text(key, may_be_empty=True) for key in ("address", "address6"))
    return Watched(
        one.text("name"),
        "",
        _depth(one),
        _is_told(one),
        frozenset(address.lower() for address in addresses if address),
    )


def _read_services(results: tuple[Fields, ...], _: str) -> tuple[Watched, ...]:
    found = (entry.entry("attrs") for entry in results)
    return tuple(
        Watched(one.text("host_name"), one.text("name"), _depth(one), _is_told(one))
        for one in found
    )


def _read_downtimes(results: tuple[Fields, ...], _: str) -> tuple[Downtime, ...]:
    return tuple(_downtime(entry) for entry in results)


def _downtime(entry: Fields) -> Downtime:
    one = entry.entry("attrs")
    service = one.text("service_name", may_be_empty=True)
    host = one.text("host_name")
    return Downtime(
        entry.text("name"),
        f"{host}!{service}" if service else host,
        one.text("comment", may_be_empty=True),
        datetime.fromtimestamp(min(max(one.amount("end_time"), 0.0), _LATEST), UTC),
    )


def _depth(one: Fields) -> int:
    return int(one.amount("downtime_depth"))


def _is_told(one: Fields) -> bool:
    """What was not checked yet has no state, and counts as no problem here."""
    is_problem = one.amount("state") != 0 and one.amount("state_type") == HARD
    is_silent = one.amount("acknowledgement") != 0 or not one.boolean("enable_notifications")
    return is_problem and not is_silent and one.amount("last_check") > 0
