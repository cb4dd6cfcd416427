"""The agents that had sent strings (guide row G08): who is to be followed up, and how they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.queries import SqlQuery
from runbook.ocs.memories.capacity import INT_MAX
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
    decorated_slots: tuple[int | None, ...] = ()
    """Slots with an integer and something around it, which the upgrade may have made NULL."""

    def as_json(self) -> dict[str, Any]:
        """A line of the list (runbook/ocs/followed.py)."""
        return {
            "machine": self.machine,
            "name": self.name,
            "deviceid": self.deviceid,
            "useragent": self.useragent,
            "lastdate": self.lastdate.isoformat(sep=" ") if self.lastdate else None,
            "text_slots": list(self.text_slots),
            "decorated_slots": list(self.decorated_slots),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FollowedAgent:
        """The inverse of `as_json`. ValueError when a field is missing or of another kind."""
        try:
            lastdate = data["lastdate"]
            return cls(
                machine=int(data["machine"]),
                name=_text(data["name"]),
                deviceid=str(data["deviceid"]),
                useragent=_text(data["useragent"]),
                lastdate=datetime.fromisoformat(lastdate) if lastdate else None,
                text_slots=_slots(data["text_slots"]),
                decorated_slots=_slots(data["decorated_slots"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no machine to follow up: {error}") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _slots(values: Iterable[Any]) -> tuple[int | None, ...]:
    return tuple(None if value is None else int(value) for value in values)


@dataclass(frozen=True)
class MachineNow:
    """A machine as the database has it now."""

    machine: int
    deviceid: str
    useragent: str | None
    lastdate: datetime | None
    archived: bool
    values: tuple[tuple[int | None, int | None], ...] = ()
    """(slot, CAPACITY) of those of its rows that tell no size: NULL, 0, or the largest integer."""
    lastcome: datetime | None = None
    """Its last contact: it moves also when no inventory was due (ocs-glpi 1.6)."""


def machines_now(machines: Iterable[int]) -> SqlQuery[dict[int, MachineNow]]:
    """Machines and their rows that tell no size; one that is missing in the answer is gone."""
    wanted = sorted(set(machines))
    marks = ", ".join(["%s"] * len(wanted)) or "NULL"
    return SqlQuery(
        name="the machines that had sent strings",
        database=OCS_DATABASE,
        sql="SELECT h.ID AS machine, h.DEVICEID AS deviceid, h.USERAGENT AS useragent,"
        f" {moment_sql('h.LASTDATE')} AS lastdate, {moment_sql('h.LASTCOME')} AS lastcome,"
        " h.ARCHIVE AS archived, m.ID AS row_id, m.NUMSLOTS AS slot, m.CAPACITY AS value"
        " FROM hardware h LEFT JOIN memories m ON m.HARDWARE_ID = h.ID"
        f" AND (m.CAPACITY IS NULL OR m.CAPACITY <= 0 OR m.CAPACITY >= {INT_MAX})"
        f" WHERE h.ID IN ({marks}) ORDER BY h.ID, m.ID",
        params=tuple(wanted),
        parse=_machines_now,
        deadline=300.0,
    )


def moment_sql(column: str) -> str:
    """SQL expression: a date and time, NULL for the zero date that non-strict sessions store."""
    return f"CASE WHEN {column} > '1000-01-01' THEN {column} END"


def _machines_now(rows: list[Row]) -> dict[int, MachineNow]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(int(row["machine"]), []).append(row)
    return {machine: _machine_now(machine, rows) for machine, rows in found.items()}


def _machine_now(machine: int, rows: list[Row]) -> MachineNow:
    first = rows[0]
    values = tuple(
        (row["slot"], None if row["value"] is None else _number(row["value"]))
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
        first["lastcome"],
    )


def _number(value: Any) -> int:
    """Text, in a column that is text still, counts as what a server makes of it in an integer."""
    try:
        return int(value)
    except ValueError:
        return 0


def verdict(agent: FollowedAgent, now: MachineNow | None, upgraded: datetime) -> Verdict:
    """How this agent does. `upgraded` is the database's clock after the column was changed.

    Nothing but a full inventory after the upgrade decides: an agent that still sends text is
    accepted without an error and stored as 0 (ocs-glpi 1.6).
    """
    if now is None or now.archived or now.deviceid != agent.deviceid:
        return Verdict.GONE
    if now.lastdate is None or now.lastdate <= upgraded:
        return Verdict.NOT_YET
    if any(_is_still_text(value) and slot in agent.text_slots for slot, value in now.values):
        return Verdict.UPDATE_AGENT
    listed = (*agent.text_slots, *agent.decorated_slots)
    if any(value is None and slot in listed for slot, value in now.values):
        return Verdict.UNCHANGED
    return Verdict.GOOD


def _is_still_text(value: int | None) -> bool:
    """What a non-strict server makes of text, or of a number out of range (ocs-glpi 1.3)."""
    return value is not None and (value <= 0 or value >= INT_MAX)
