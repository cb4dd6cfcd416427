"""Backup of `ocsweb.memories`, proved, and its restoring beside the table (G06, G07)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from engine.act.actions import action
from engine.act.driving import Action, Changes
from engine.act.foreseen import Foreseen
from engine.ask.look import Look
from engine.errors import RunbookError
from engine.model.change import Doubt, Nothing
from engine.model.finding import Finding
from engine.record.evidence import StoppedForPerson
from engine.record.memory import Memory
from runbook.to_4_26.memories import dump, follow_up_list
from runbook.to_4_26.memories.comparison import (
    DATABASE_CLOCK,
    BackupDifference,
    Sum,
    backup_difference,
    table_sum,
)
from runbook.to_4_26.memories.proof import Proof, proof_of, write_proof
from runbook.to_4_26.names import MEMORIES_VERIFIED, OCS_DATABASE, SCRATCH_DATABASE
from runbook.to_4_26.presence import SCHEMAS

FRESH = timedelta(hours=1)
"""Before the first round an older backup is taken anew: inventories have come in since."""
CONTROLLER = "controller"
VERIFIED = MEMORIES_VERIFIED


def memories_backup_to_come(look: Look) -> Foreseen | Nothing:
    """The backup's changes, as far as they can be known before the dump has been made."""
    size = to_back_up(look)
    if isinstance(size, Nothing):
        left = tuple(_nothing_left_beside(look, size.reason))
        return Foreseen(left) if left else size
    attempt, node = look.attempt or "ATTEMPT", look.sql_node()
    changes, made = [], dump_there(look, node)
    if made is None:  # whether there is room the preflight tells
        made = dump.Dump(size.data, "SHA256", look.sql(DATABASE_CLOCK).isoformat())
        changes.append(dump.dump(node, attempt, size, made.database_clock))
    if changes or look.sql(dump.RESTORED) != made.sha256:
        changes.append(dump.restore_beside(node, attempt, made.sha256, size.deadline))
    listed = None if changes else _list_there(look, node, made)
    if listed is None:
        listed = follow_up_list.Listed("SHA256", 0, made.sha256)
        changes.append(follow_up_list.make(node, attempt, made, size.deadline))
    changes += _pulls(look, node, attempt, made, listed, size)
    changes.append(dump.drop_scratch(node))
    return Foreseen(tuple(changes), "the proof is recorded beside the backup")


# the update changes packages; whether there is a table to back up, and how large, it does not
@action(guide=("G06",), planned=memories_backup_to_come, despite=("update",))
def memories_backed_up(look: Look) -> Action:
    """The table is backed up directly before the first round, and the backup is proved."""
    size = to_back_up(look)
    if isinstance(size, Nothing):
        return (yield from _nothing_left_beside(look, size.reason))
    attempt, active, node = look.attempt or "ATTEMPT", look.names.active, look.sql_node()
    made = dump_there(look, node)
    if made is None:
        yield Doubt(tuple(room_findings(look, node, size)))
        began = look.sql(DATABASE_CLOCK)
        made = dump.parse_dump((yield dump.dump(node, attempt, size, began)))
    if look.sql(dump.RESTORED) != made.sha256:
        yield dump.restore_beside(node, attempt, made.sha256, size.deadline)
    total = look.sql(table_sum(SCRATCH_DATABASE))
    difference = look.sql(backup_difference(made.database_clock))
    # no rows are proved by an empty table alone, not excused by later inventories
    if difference.unexplained or (not total.rows and difference.rewritten):
        yield dump.drop_scratch(node)
        yield dump.discard(node, attempt)
        raise StoppedForPerson([_not_proved(_unlike(total, difference, made.began))])
    listed = _list_there(look, node, made)
    if listed is None:
        listed = follow_up_list.parse_listed(
            (yield follow_up_list.make(node, attempt, made, size.deadline))
        )
    proof = Proof(
        file=dump.backup_path(attempt),
        sha256=made.sha256,
        bytes=made.bytes,
        rows=total.rows,
        checksum=total.checksum,
        began=made.began,
        taken=look.now().isoformat(timespec="seconds"),
        node=active,
        rewritten=difference.rewritten + difference.gone,
        agents=listed.machines,
        agents_sha256=listed.sha256,
    )
    yield from _pulls(look, node, attempt, made, listed, size)
    # the proof before the drop: what was compared is lost with the schema
    yield write_proof(active, attempt, proof)
    yield dump.drop_scratch(node)
    return proof.sentence()


def _unlike(total: Sum, difference: BackupDifference, began: str) -> str:
    if not difference.unexplained:
        return f"no rows, and the table has {difference.rewritten}, of inventories since {began}"
    return (
        f"{total.rows} rows, {difference.unexplained} of them differ from the table and no"
        f" inventory since {began} explains it"
    )


def dump_there(look: Look, node: str) -> dump.Dump | None:
    """A complete dump that a run made and could not prove any more, when it is fresh."""
    made = look.ask(node, dump.taken(look.attempt)) if look.attempt else None
    if made is None or look.sql(DATABASE_CLOCK) - made.database_clock >= FRESH:
        return None
    return made


def _list_there(look: Look, node: str, made: dump.Dump) -> follow_up_list.Listed | None:
    """The list that was made of this very dump, when a run was cut off behind it."""
    listed = look.ask(node, follow_up_list.listed(look.attempt)) if look.attempt else None
    return listed if listed is not None and listed.dump == made.sha256 else None


def _pulls(
    look: Look,
    node: str,
    attempt: str,
    made: dump.Dump,
    listed: follow_up_list.Listed,
    size: dump.TableSize,
) -> Changes:
    """Dump and list are copied to N when another node runs the database."""
    active = look.names.active
    if node != active:
        host = look.names.internal[node]
        yield dump.pull(active, host, attempt, made, size)
        yield follow_up_list.pull(active, host, attempt, listed, size.deadline)
    return None


def _nothing_left_beside(look: Look, reason: str) -> Changes:
    """Drop the scratch schema of a proof whose run was cut off; later the upgrade needs it."""
    if look.memory.detached("upgrade") or dump.SCRATCH not in look.memory.ledger:
        return Nothing(reason)
    return (yield from scratch_dropped(look, reason, gone=reason))


def scratch_dropped(
    look: Look, said: str, *, gone: str = f"there is no schema {SCRATCH_DATABASE}"
) -> Changes:
    """Drop the scratch schema where it is; where it is `gone`, no ledger has it any more."""
    if SCRATCH_DATABASE not in look.sql(SCHEMAS):
        if dump.SCRATCH in look.memory.ledger:
            look.close_ledger(*dump.SCRATCH, "the schema does not exist")
        return Nothing(gone)
    yield dump.drop_scratch(look.sql_node())
    return said


def _not_proved(observed: str) -> Finding:
    """The restored backup is not like the table: it is discarded, another run takes a new one."""
    return Finding(
        code="backup-not-proved",
        subject=f"{OCS_DATABASE}.{dump.TABLE}",
        observed=f"the restored backup has {observed}",
        expected="a restored backup that is like the table",
        remedy="Run again: another backup is taken. When it stays so, compare what `mysqldump"
        f" {OCS_DATABASE} {dump.TABLE}` writes with the table, and look at the server's log: the"
        " upgrade is not begun without a backup.",
        guide=("G06", "G07"),
    )


def to_back_up(look: Look) -> dump.TableSize | Nothing:
    """How large the table is; or why nothing is to be backed up (any more)."""
    if OCS_DATABASE not in look.sql(SCHEMAS):
        return Nothing(f"there is no database {OCS_DATABASE}: the asset module is not installed")
    proof = look.ask(look.names.active, proof_of(look.attempt)) if look.attempt else None
    if look.memory.detached("upgrade"):
        seen = f"the backup is the one of {proof.taken}" if proof else "there is no proved backup"
        return Nothing(f"a round of the upgrade has started, nothing is backed up any more; {seen}")
    if (
        proof
        and look.now() - datetime.fromisoformat(proof.taken) < FRESH
        and _has_list(look, proof)
    ):
        return Nothing(f"a proved backup is there: {proof.sentence()}")
    size = look.sql(dump.TABLE_SIZE)
    return size or Nothing(f"there is no table {OCS_DATABASE}.{dump.TABLE}: nothing to back up")


def _has_list(look: Look, proof: Proof) -> bool:
    """The backup has its list of machines; a backup without one is taken anew, while it can be."""
    return look.ask(
        look.names.active, follow_up_list.is_whole(look.attempt or "", proof.agents_sha256)
    )


def room_findings(look: Look, node: str, size: dump.TableSize) -> list[Finding]:
    """Room for dump and scratch schema, on N and here; the upgrade itself copies the table once.

    The need is counted at its most: a person who knows the table better may accept less.
    """
    active = look.names.active
    needed = {
        (node, "/var/lib"): size.data,
        (node, size.datadir): 2 * size.total,
        (node, size.tmpdir): size.scratch,
        (active, "/var/lib"): size.data,
    }
    free = {where: look.ask(where[0], dump.room(where[1])) for where in needed}
    findings = [
        _no_room(f"{where[0]}:{where[1]}", free[where], wanted)
        for where, wanted in needed.items()
        if free[where] < wanted
    ]
    here = look.room_here()
    if here < size.compressed:
        findings.append(_no_room(CONTROLLER, here, size.compressed))
    return findings


def _no_room(subject: str, free: int, wanted: int) -> Finding:
    where = "here, in this run's directory" if subject == CONTROLLER else ""
    return Finding(
        code="backup-no-room",
        subject=subject,
        observed=f"{free >> 20} MiB are free {where}".rstrip(),
        expected=f"at least {wanted >> 20} MiB for backup, proof and conversion of"
        f" {OCS_DATABASE}.{dump.TABLE}",
        remedy="Make room, then run again.",
        guide=("G06",),
    )


@dataclass
class Beside:
    """What the action has found of the restored backup, for the step's body."""

    unlike: str = ""
    """Why it is not the one on record; '' when it is, or when none was restored."""


@pytest.fixture
def beside() -> Beside:
    """Filled by `memories_beside`."""
    return Beside()


def is_compared(memory: Memory) -> bool:
    """The table was compared with its backup in this attempt; an acceptance does not count."""
    return bool(memory.facts.get(VERIFIED, {"compared": False}).get("compared", True))


@action(guide=("G07",), expected="restore the backup of memories beside the original")
def memories_beside(look: Look, beside: Beside) -> Action:
    """The backup is restored beside the table, to be compared with it after the upgrade."""
    if is_compared(look.memory):
        return Nothing("the table was compared with its backup earlier in this attempt")
    proof = look.ask(look.names.active, proof_of(look.attempt)) if look.attempt else None
    if proof is None:
        return Nothing("there is no proved backup of this attempt to compare with")
    node = look.sql_node()
    if node != look.names.active:
        raise RunbookError(
            f"the database runs on {node}, the backup lies on {look.names.active}; expected both"
            " on N while the other nodes are in standby. Bring it there (`pcs resource move`, then"
            " `pcs resource clear`), then run again"
        )
    if look.sql(dump.RESTORED) != proof.sha256:
        size = look.sql(dump.TABLE_SIZE)
        deadline = size.deadline if size else dump.LEAST_SECONDS
        yield dump.restore_beside(node, look.attempt or "", proof.sha256, deadline)
    total = look.sql(table_sum(SCRATCH_DATABASE))
    if (total.rows, total.checksum) != (proof.rows, proof.checksum):
        beside.unlike = (
            f"the backup, restored now, has {total.rows} rows and checksum {total.checksum}; on"
            f" record are {proof.rows} rows and checksum {proof.checksum}"
        )
        return beside.unlike
    return f"{total.rows} rows, as on record"


@action(guide=(), expected="drop the scratch schema")
def memories_beside_dropped(look: Look) -> Action:
    """The scratch schema is gone."""
    if dump.SCRATCH not in look.memory.ledger and not look.memory.detached("upgrade"):
        return Nothing("no scratch schema was made")
    return (yield from scratch_dropped(look, "it had served for the comparison"))
