"""What goes before each change, so that a run that slept starts nothing after a takeover.

On N one script compares the fencing token and starts the change. Another node does not know the
lock. There the change starts only while the lease is known to hold, by that node's own uptime.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.attempt import remote
from engine.attempt.records import RecordsWriter
from engine.model.answer import Answer
from engine.model.query import Query
from engine.transport.base import Transport

ROUNDING = 2
"""Seconds lost to rounding: one in the lock's stamp, one at the gate."""
TRIES = 3
"""How often a change is begun anew that started too late, while the lock is still ours."""


@dataclass(frozen=True)
class Boot:
    """One start of a node, told from every other one, and how long ago it was."""

    uptime: int
    id: str


def boot_query() -> Query[Boot]:
    """Asks a node for its uptime and which start of it this is."""
    return Query(
        name="start of the node",
        argv=remote.script(remote.BOOT),
        parse=_parse_boot,
        deadline=20.0,
    )


def _parse_boot(answer: Answer) -> Boot:
    uptime, id_ = answer.text.split()
    return Boot(int(uptime), id_)


def ask_boot(transport: Transport, node: str) -> Boot:
    """Which start of the node this is. Raises Lost; ValueError when the answer can't be read."""
    query = boot_query()
    return query.parse(transport.run(node, query.argv, deadline=query.deadline))


@dataclass(frozen=True)
class Gate:
    """What goes before one change, and which start of its node was seen."""

    argv: tuple[str, ...]
    boot: str


def gate_of(transport: Transport, records: RecordsWriter, node: str) -> Gate:
    """The gate for a change on `node` that is started now. Raises LockLost and Lost."""
    if node == records.node:
        words = remote.script(remote.GUARD, remote.ROOT, records.fencing_token)
        return Gate(words, records.boot)
    records.keep(share=2)
    seen = ask_boot(transport, node)
    # asked after the lease's last sign, so what is left of it is at least this
    until = seen.uptime + int(records.lease - records.age) - ROUNDING
    words = remote.script(remote.GUARD_ELSEWHERE, str(until), seen.id)
    return Gate(words, seen.id)


def was_held_back(answer: Answer) -> bool:
    """The change was not started."""
    refused = answer.code in (remote.SUPERSEDED, remote.BUSY)
    return refused and answer.stderr.startswith(remote.NOT_STARTED.encode())
