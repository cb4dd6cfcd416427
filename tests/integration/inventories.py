"""Agents that send their inventories, as the communication server stores them; past the runbook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.integration.clusters import TestCluster
from tests.rehearsal.test_rehearsal_data import SOURCE, load

sample_data = load(SOURCE)
_SPACE = " \t\n\x0b\x0c\r"
_LIMIT = 2**31


def has_to_be_listed(value: str | None) -> bool:
    """A value that is neither blank nor a plain integer of the column's range."""
    if value is None or not value.strip(_SPACE):
        return False
    return re.fullmatch("[0-9]+", value) is None or int(value) >= _LIMIT


def is_decorated(value: str) -> bool:
    """An integer of the range, with a sign or blanks around it."""
    text = value.strip(_SPACE)
    return re.fullmatch(r"[+-]?[0-9]+", text) is not None and -_LIMIT <= int(text) < _LIMIT


@dataclass(frozen=True)
class Machine:
    """A sample machine with odd values, before the upgrade: slots whose value was lost, or not."""

    id: int
    lost: tuple[int, ...]
    decorated: tuple[int, ...]
    is_archived: bool


def sample_machines() -> Iterator[Machine]:
    """Whom a follow-up is about, from the rehearsal's sample data itself."""
    for machine in range(1, sample_data.MACHINES + 1):
        values = {n: sample_data.capacity(machine, n) for n in range(1, sample_data.SLOTS + 1)}
        odd = {slot: value for slot, value in values.items() if has_to_be_listed(value)}
        decorated = tuple(slot for slot, value in odd.items() if is_decorated(str(value)))
        lost = tuple(slot for slot in odd if slot not in decorated)
        if odd:
            yield Machine(machine, lost, decorated, machine % 97 == 0)


def send_inventory(
    cluster: TestCluster, machine: int, capacity: str | None, agent: str = "OCS-NG_new_v2.10"
) -> None:
    """A full inventory; `capacity` in every row, None: its memory section has not changed."""
    rows = f"UPDATE ocsweb.memories SET CAPACITY = '{capacity}' WHERE HARDWARE_ID = {machine};"
    cluster.sql(
        "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION';"
        f" UPDATE ocsweb.hardware SET LASTDATE = NOW(), LASTCOME = NOW(), USERAGENT = '{agent}'"
        f" WHERE ID = {machine}; {rows if capacity is not None else ''}"
    )


def contact(cluster: TestCluster, machine: int) -> None:
    """The agent asks whether an inventory is due, and none is."""
    cluster.sql(f"UPDATE ocsweb.hardware SET LASTCOME = NOW() WHERE ID = {machine}")


def delete(cluster: TestCluster, machine: int) -> None:
    """Somebody deletes the machine in the console."""
    for table, column in (("hardware", "ID"), ("memories", "HARDWARE_ID")):
        cluster.sql(f"DELETE FROM ocsweb.{table} WHERE {column} = {machine}")


def archive(cluster: TestCluster, machine: int) -> None:
    """Somebody archives the machine in the console."""
    cluster.sql(f"UPDATE ocsweb.hardware SET ARCHIVE = 1 WHERE ID = {machine}")


def all_send_well(cluster: TestCluster) -> None:
    """Every agent sends a full inventory with integers."""
    cluster.sql(
        "UPDATE ocsweb.hardware SET LASTDATE = NOW(), LASTCOME = NOW();"
        " UPDATE ocsweb.memories SET CAPACITY = 4096"
    )
