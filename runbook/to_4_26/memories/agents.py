"""The agents that had sent strings (guide row G08): who is to be followed up, and how they do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, NamedTuple

from engine.model.query import Row, SqlQuery
from runbook.to_4_26.memories.capacity import INT_MAX
from runbook.to_4_26.names import OCS_DATABASE


class Verdict(StrEnum):
    """How an agent does after the upgrade (ocs-glpi 1.6)."""

    GOOD = "reports integers"
    NOT_YET = "not reported yet"
    UPDATE_AGENT = "update the agent"
    UNCHANGED = "section unchanged, undecided"
    UNKNOWN_AGENT = "agent not known, undecided"
    GONE = "no longer active"

    @property
    def is_open(self) -> bool:
        return self not in (Verdict.GOOD, Verdict.GONE)


@dataclass(frozen=True)
class FollowedAgent:
    """A machine whose agent had sent values that are no integers."""

    machine: int
    name: str | None
    deviceid: str
    useragent: str | None
    lastdate: datetime | None
    text_slots: tuple[int | None, ...]
    """Slots whose value was text, as that agent numbers them."""
    decorated_slots: tuple[int | None, ...] = ()
    """Slots with an integer and something around it, which the upgrade may have made NULL."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FollowedAgent:
        """From a line of the list. ValueError when a field is missing or of another kind."""
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


class Slot(NamedTuple):
    """A row that tells no size: its CAPACITY is NULL, 0, or the largest integer."""

    number: int | None
    value: int | None
    is_filled: bool = False
    """Its other columns tell of a module in the slot: a speed or a serial number."""


@dataclass(frozen=True)
class MachineNow:
    """A machine as the database has it now."""

    machine: int
    deviceid: str
    useragent: str | None
    lastdate: datetime | None
    archived: bool
    values: tuple[Slot, ...] = ()
    """Those of its rows that tell no size."""
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
        " h.ARCHIVE AS archived, m.ID AS row_id, m.NUMSLOTS AS slot, m.CAPACITY AS value,"
        " m.SPEED AS speed, m.SERIALNUMBER AS serial"
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
        Slot(
            row["slot"],
            None if row["value"] is None else _number(row["value"]),
            _is_filled(row["speed"], row["serial"]),
        )
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


# what firmware writes where there is no module: Unknown, [Empty], SerNum3, 0x00000000
_NO_SERIAL = re.compile(
    r"\W*(?:unknown|none|n/?a|not .*|no dimm|empty|.*ser(?:ial)?[ _]*num.*|(?:0x)?[0f]*)\W*", re.I
)


def _is_filled(speed: object, serial: object) -> bool:
    """An empty slot has neither a speed nor a serial number (ocs-glpi 1.8)."""
    has_speed = bool(re.search("[1-9]", str(speed or "")))
    return has_speed or not _NO_SERIAL.fullmatch(str(serial or ""))


def verdict(agent: FollowedAgent, now: MachineNow | None, upgraded: datetime) -> Verdict:
    """How this agent does. `upgraded` is the database's clock after the column was changed.

    Only a full inventory after the upgrade decides. A 0 alone says nothing: the server stores 0 for
    text, and for a size that is left out, as all agents of today do for an empty slot (ocs-glpi
    1.8). The agent's name and version tell, and the row's other columns.
    """
    if now is None or now.archived or now.deviceid != agent.deviceid:
        return Verdict.GONE
    if now.lastdate is None or now.lastdate <= upgraded:
        return Verdict.NOT_YET
    found = {_of_slot(slot, agent, now) for slot in _in_question(agent, now)}
    # the most work first
    return next((verdict for verdict in _WORST if verdict in found), Verdict.GOOD)


_WORST = (Verdict.UPDATE_AGENT, Verdict.UNKNOWN_AGENT, Verdict.UNCHANGED)


def _in_question(agent: FollowedAgent, now: MachineNow) -> list[Slot]:
    """The slots that had sent strings; all of them when another agent numbers them otherwise."""
    if not counts_alike(agent.useragent, now.useragent):
        return list(now.values)
    listed = (*agent.text_slots, *agent.decorated_slots)
    # a slot that had an integer in a decoration may be empty by now
    return [
        slot
        for slot in now.values
        if slot.number in (agent.text_slots if _is_zero(slot.value) else listed)
    ]


def _is_zero(value: int | None) -> bool:
    return value is not None and value < INT_MAX


def _of_slot(slot: Slot, agent: FollowedAgent, now: MachineNow) -> Verdict:
    """What one row that tells no size says of the agent."""
    if slot.value is not None and slot.value >= INT_MAX:
        # what a non-strict server makes of a number out of range (ocs-glpi 1.3)
        return Verdict.UPDATE_AGENT
    if slot.is_filled:
        return Verdict.UNCHANGED if slot.value is None else Verdict.UPDATE_AGENT
    known = sends(now.useragent)
    if known is Sends.INTEGERS:
        return Verdict.GOOD
    if known is Sends.UNKNOWN and slot.value is None:
        return Verdict.UNCHANGED
    if known is Sends.UNKNOWN and now.useragent != agent.useragent:
        return Verdict.UNKNOWN_AGENT
    return Verdict.UPDATE_AGENT


_NAME = re.compile(r"(?P<name>.+?)[_/-]v?(?P<version>\d+(?:\.\d+)*)")


class Sends(Enum):
    """What becomes of a slot's size, by the name and version that the agent gives itself.

    Read in the agents' sources and seen in runs of them (ocs-glpi 1.5, 1.8). No agent of now sends
    text for an empty slot: it leaves the size out, and the server stores 0.
    """

    INTEGERS = "an integer, nothing for an empty slot"
    TEXT = "text for an empty slot"
    UNKNOWN = "unknown"


_UNIX = "OCS-NG_unified_unix_agent"
_SINCE: dict[str, tuple[int, ...]] = {
    # before, the first word that dmidecode prints: `No` of "No Module Installed"
    _UNIX: (2, 3),
    "OCS-NG_WINDOWS_AGENT": (0,),
    "FusionInventory-Agent": (2, 6),
    # made from FusionInventory's 2.6
    "GLPI-Agent": (0,),
}
"""Name -> the first version that is known to send integers only."""


def _parts(useragent: str | None) -> tuple[str, tuple[int, ...]]:
    match = _NAME.match(useragent or "")
    if match is None:
        return useragent or "", ()
    return match["name"], tuple(map(int, match["version"].split(".")))


def sends(useragent: str | None) -> Sends:
    """What this agent sends; unknown for names and versions that nobody has looked at."""
    name, version = _parts(useragent)
    since = _SINCE.get(name)
    if since is None or not version:
        return Sends.UNKNOWN
    if version >= since:
        return Sends.INTEGERS
    return Sends.TEXT if name == _UNIX else Sends.UNKNOWN


def counts_alike(one: str | None, other: str | None) -> bool:
    """Whether two agents give a slot the same number: one counts from 0, another from 1."""
    return _parts(one)[0] == _parts(other)[0]
