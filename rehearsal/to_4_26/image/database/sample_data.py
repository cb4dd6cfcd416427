"""Prints SQL: sample machines and memory modules for the rehearsal's ocsweb.

Four hundred machines of several agents with eight memory rows each. Most rows are clean; every
class of value that is no canonical integer is there, sent by the kind of agent that sends it,
and some rows belong to no machine. The same text every time: nothing here is drawn at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MACHINES = 400
SLOTS = 8


@dataclass(frozen=True)
class Agent:
    """One kind of agent: its name, system, and what it sends besides plain numbers."""

    user_agent: str
    system: str
    oddities: tuple[str | None, ...]


AGENTS = (
    Agent("OCS-NG_WINDOWS_AGENT_v2.9.0.0", "Microsoft Windows Server 2019 Standard", ("0",)),
    Agent("OCS-NG_unified_unix_agent_v2.8.1", "Red Hat Enterprise Linux", ("", None)),
    Agent("OCS-NG_WINDOWS_AGENT_v2.3.0.0", "Microsoft Windows 10 Pro", ("0", "08192")),
    Agent(
        "OCS-NG_unified_unix_agent_v2.1.1",
        "CentOS Linux",
        ("No", "Unknown", "< 1", "<1", "> 1", "No Module Installed", "N/A", "??"),
    ),
    Agent(
        "OCS-NG_unified_unix_agent_v2.9.0",
        "macOS",
        ("512 MB", "empty", "8192MB", "16384.0", "512.5", "512.", "1,024", "2x1024"),
    ),
    Agent(
        "OCS-NG_unified_unix_agent_v2.4.2",
        "SunOS",
        ("empty", "8192 ", " 8192", "+8192", "-1", "\t8192", "8192\n", "8192\r\n", "-0"),
    ),
    Agent(
        "FusionInventory-Agent_v2.6",
        "Debian GNU/Linux",
        ("   ", "1e3", "1E3", "0x10", ".5", "8192\u00a0", "--1", "- 1", "+", "TRUE"),
    ),
    Agent(
        "OCS-NG_unified_unix_agent_v2.0.5",
        "AIX",
        ("2147483647", "2147483648", "-2147483648", "-2147483649", "99999999999999999999", "008"),
    ),
)
CLEAN = ("2048", "4096", "8192", "16384", "32768")
ORPHANS = (("No", 1), ("4096", 2), ("< 1", 3), (None, 4), ("8192 MB", 5))


def quoted(value: str | int | None) -> str:
    """`value` as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    for plain, escaped in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f"'{text}'"


def capacity(machine: int, slot: int) -> str | None:
    """What slot `slot` of machine `machine` reports: about one row in twelve is odd."""
    agent = AGENTS[machine % len(AGENTS)]
    turn = machine // len(AGENTS)
    if slot < SLOTS - 2 or (turn + slot) % 3:
        return CLEAN[(machine * 3 + slot) % len(CLEAN)]
    return agent.oddities[(turn // 3 + slot) % len(agent.oddities)]


def machine_row(machine: int) -> str:
    """VALUES of one `hardware` row; contacts are spread over the last ninety days."""
    agent = AGENTS[machine % len(AGENTS)]
    name = f"host{machine:04d}"
    days = machine % 90
    archived = 1 if machine % 97 == 0 else None
    values = (
        machine,
        f"{name}-2021-03-{machine % 28 + 1:02d}-08-{machine % 60:02d}-00",
        name,
        agent.system,
        f"192.0.2.{machine % 254 + 1}",
        16384,
        agent.user_agent,
        archived,
    )
    times = f"NOW() - INTERVAL {days} DAY, NOW() - INTERVAL {days} DAY"
    return f"({', '.join(map(quoted, values))}, {times})"


def memory_rows() -> Iterator[str]:
    """VALUES of all `memories` rows, orphans last."""
    for machine in range(1, MACHINES + 1):
        for slot in range(1, SLOTS + 1):
            yield memory_row(machine, capacity(machine, slot), slot)
    for value, slot in ORPHANS:
        yield memory_row(MACHINES + 900 + slot, value, slot)


def memory_row(machine: int, value: str | None, slot: int) -> str:
    """VALUES of one `memories` row."""
    values = (machine, f"DIMM {slot}", "Memory module", value, "System Memory", "DDR4", slot)
    return f"({', '.join(map(quoted, values))})"


def statements() -> Iterator[str]:
    """The whole SQL text, statement by statement."""
    hardware = ",\n".join(machine_row(machine) for machine in range(1, MACHINES + 1))
    yield (
        "INSERT INTO hardware (ID, DEVICEID, NAME, OSNAME, IPADDR, MEMORY, USERAGENT, ARCHIVE,"
        f" LASTDATE, LASTCOME) VALUES\n{hardware};"
    )
    yield (
        "INSERT INTO memories (HARDWARE_ID, CAPTION, DESCRIPTION, CAPACITY, PURPOSE, TYPE,"
        " NUMSLOTS) VALUES\n" + ",\n".join(memory_rows()) + ";"
    )
    yield "INSERT IGNORE INTO accountinfo (HARDWARE_ID, TAG) SELECT ID, 'rehearsal' FROM hardware;"


if __name__ == "__main__":
    print("SET NAMES utf8mb4;")
    print("\n".join(statements()))
