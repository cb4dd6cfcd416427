"""Gaps of services that are one outage: they are asked at one address, and it did not answer. Pure.

Such gaps are not added up. What each service was asked, and each of its gaps, stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from engine.model.groups import grouped
from engine.record.gaps import not_seen


@dataclass(frozen=True)
class Address:
    """The services that are asked at one address, or one that has an address of its own."""

    services: tuple[str, ...]
    address: str
    """Empty: it is asked in another way than by an address."""
    gaps: int
    outages: tuple[tuple[datetime, datetime], ...]
    """When one of them at least did not answer."""
    is_at_least: bool
    """One of them may have been away for longer than was seen."""
    not_seen: float
    """Seconds of the change in which nobody knows whether one of them answered; the most."""

    @property
    def seconds(self) -> float:
        return sum((end - begin).total_seconds() for begin, end in self.outages)

    @property
    def is_shared(self) -> bool:
        """Several services are asked there."""
        return len(self.services) > 1

    @property
    def name(self) -> str:
        """`one and another`, as the services are called."""
        *others, last = self.services
        return f"{', '.join(others)} and {last}" if others else last


def addresses_of(service_gaps: Mapping[str, Any]) -> list[Address]:
    """In the order of the services, from the form of summary.json; without what never answered."""
    measured = [total for total in service_gaps["totals"] if total["way"]]
    found = []
    for (address, _), totals in grouped((_place(total), total) for total in measured).items():
        names = tuple(str(total["target"]) for total in totals)
        mine = [
            (datetime.fromisoformat(gap["since"]), datetime.fromisoformat(gap["until"]))
            for gap in service_gaps["gaps"]
            if gap["target"] in names and not gap["unseen"]
        ]
        found.append(
            Address(
                names,
                address,
                len(mine),
                tuple(_merged(sorted(mine))),
                is_at_least=any(total["at_least"] for total in totals),
                not_seen=max(map(not_seen, totals)),
            )
        )
    return found


def _place(total: Mapping[str, Any]) -> tuple[str, str]:
    """Address; for what is not asked by one, the service itself."""
    url = str(total["way"]).partition(" through ")[0]
    address = urlsplit(url).hostname or ""
    return address, "" if address else str(total["target"])


def _merged(spans: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for begin, end in spans:
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def away_of(service_gaps: Mapping[str, Any]) -> list[Address]:
    """The addresses, each with the services of it that had a gap; without those that had none."""
    gone = {gap["target"] for gap in service_gaps["gaps"] if not gap["unseen"]}
    return [
        replace(one, services=tuple(name for name in one.services if name in gone))
        for one in addresses_of(service_gaps)
        if one.gaps
    ]


def shared_sentences(service_gaps: Mapping[str, Any]) -> list[str]:
    """Of the addresses at which several services are asked and had gaps, a sentence each."""
    return [
        f"{one.name} are asked at one address, {one.address}: their {one.gaps} gaps are"
        f" {len(one.outages)} outage{'' if len(one.outages) == 1 else 's'}, {one.seconds:.0f} s in"
        " all, and are not to be added up"
        for one in away_of(service_gaps)
        if one.is_shared and one.gaps > len(one.outages)
    ]
