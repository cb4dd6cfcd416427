"""The agents that had sent strings (guide row G08): who is to be followed up, and how they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.queries import SqlQuery
from runbook.ocs.capacity import LISTED, CapacityClass, DirtyValue
from runbook.ocs.names import OCS_DATABASE

Row = Mapping[str, Any]


class Verdict(StrEnum):
    """How an agent does after the upgrade (ocs-glpi 1.6)."""

    GOOD = "reports integers"
    NOT_YET = "not reported yet"
    UPDATE_AGENT = "update the agent"
    UNCHANGED = "section unchanged, undecided"
    GONE = "gone"

    @property
    def is_open(self) -> bool:
        return self in (Verdict.NOT_YET, Verdict.UPDATE_AGENT, Verdict.UNCHANGED)


@dataclass(frozen=True)
class FollowedAgent:
    """A machine whose agent had sent values that are no integers."""

    machine: int
    name: str | None
    deviceid: str
    useragent: str | None
    lastdate: datetime | None
    text_slots: tuple[int | None, ...]
    """Slots whose value was text: 0 there afterwards means that the agent still sends text."""

    def as_json(self) -> dict[str, Any]:
        """For the evidence and for the follow-up days later."""
        return {
            "machine": self.machine,
            "name": self.name,
            "deviceid": self.deviceid,
            "useragent": self.useragent,
            "lastdate": self.lastdate.isoformat(sep=" ") if self.lastdate else None,
            "text_slots": list(self.text_slots),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FollowedAgent:
        """The inverse of `as_json`."""
        lastdate = data["lastdate"]
        return cls(
            machine=data["machine"],
            name=data["name"],
            deviceid=data["deviceid"],
            useragent=data["useragent"],
            lastdate=datetime.fromisoformat(lastdate) if lastdate else None,
            text_slots=tuple(data["text_slots"]),
        )


def agents_to_follow(values: Iterable[DirtyValue]) -> list[FollowedAgent]:
    """One entry a machine; orphans have no agent and are left out."""
    machines: dict[int, list[DirtyValue]] = {}
    for value in values:
        if not value.is_orphan and value.kind in LISTED:
            machines.setdefault(value.machine, []).append(value)
    return [_followed(machine, rows) for machine, rows in sorted(machines.items())]


def _followed(machine: int, rows: list[DirtyValue]) -> FollowedAgent:
    first = rows[0]
    text = tuple(row.slot for row in rows if row.kind is not CapacityClass.DECORATED)
    return FollowedAgent(
        machine, first.name, first.deviceid or "", first.useragent, first.lastdate, text
    )


@dataclass(frozen=True)
class MachineNow:
    """A machine as the database has it now."""

    machine: int
    deviceid: str
    useragent: str | None
    lastdate: datetime | None
    archived: bool
    values: tuple[tuple[int | None, int | None], ...] = ()
    """(slot, CAPACITY) of its rows."""


def machines_now(machines: Iterable[int]) -> SqlQuery[dict[int, MachineNow]]:
    """Machines and their rows; one that is missing in the answer is gone."""
    wanted = sorted(set(machines))
    marks = ", ".join(["%s"] * len(wanted)) or "NULL"
    return SqlQuery(
        name="the machines that had sent strings",
        database=OCS_DATABASE,
        sql="SELECT h.ID AS machine, h.DEVICEID AS deviceid, h.USERAGENT AS useragent,"
        " h.LASTDATE AS lastdate, h.ARCHIVE AS archived, m.ID AS row_id, m.NUMSLOTS AS slot,"
        " m.CAPACITY AS value FROM hardware h LEFT JOIN memories m ON m.HARDWARE_ID = h.ID"
        f" WHERE h.ID IN ({marks}) ORDER BY h.ID, m.ID",
        params=tuple(wanted),
        parse=_machines_now,
        deadline=300.0,
    )


def _machines_now(rows: list[Row]) -> dict[int, MachineNow]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(int(row["machine"]), []).append(row)
    return {machine: _machine_now(machine, rows) for machine, rows in found.items()}


def _machine_now(machine: int, rows: list[Row]) -> MachineNow:
    first = rows[0]
    values = tuple(
        (row["slot"], None if row["value"] is None else int(row["value"]))
        for row in rows
        if row["row_id"] is not None
    )
    return MachineNow(
        machine,
        first["deviceid"],
        first["useragent"],
        first["lastdate"],
        bool(first["archived"]),
        values,
    )


def verdict(agent: FollowedAgent, now: MachineNow | None, upgraded: datetime) -> Verdict:
    """How this agent does. `upgraded` is the database's clock after the column was changed.

    Nothing but a full inventory after the upgrade decides: an agent that still sends text is
    accepted without an error and stored as 0 (ocs-glpi 1.6).
    """
    if now is None or now.archived or now.deviceid != agent.deviceid:
        return Verdict.GONE
    if now.lastdate is None or now.lastdate <= upgraded:
        return Verdict.NOT_YET
    if any(value == 0 and slot in agent.text_slots for slot, value in now.values):
        return Verdict.UPDATE_AGENT
    if any(value is None and slot in agent.text_slots for slot, value in now.values):
        return Verdict.UNCHANGED
    return Verdict.GOOD


def by_useragent(agents: Iterable[FollowedAgent]) -> dict[str, int]:
    """Machines by agent and version, most first: which agents are to be updated."""
    counts: dict[str, int] = {}
    for agent in agents:
        name = agent.useragent or "(unknown agent)"
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
