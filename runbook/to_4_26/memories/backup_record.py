"""What the evidence says of the backup: where it lies, how it was proved, what a restore does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.model.answer import Answer
from engine.model.query import Query
from runbook.to_4_26.memories.dump import TABLE
from runbook.to_4_26.memories.proof import Proof
from runbook.to_4_26.names import OCS_DATABASE

COLUMN = "CAPACITY"

# args: the backup, its column. Prints owner, group and mode, then the column's definition: the
# table's definition comes before its rows, nothing is read behind it
_KEPT = r"""
stat --printf '%U\t%G\t%a\n' -- "$1" &&
  gzip -dc -- "$1" | sed -n "/^CREATE TABLE/,/^)/{s/^ *\`$2\` *\(.*[^,]\),*\$/\1/p;/^)/q;}"
"""


@dataclass(frozen=True)
class Kept:
    """The file of a backup on its node, and how it defines the column."""

    owner: str
    group: str
    mode: str
    column: str
    """Empty: its definition has no such column."""


def _kept(answer: Answer) -> Kept:
    rights, _, column = answer.text.partition("\n")
    owner, group, mode = rights.split("\t")
    return Kept(owner, group, f"{int(mode, 8):04o}", column.strip())


def kept(file: str) -> Query[Kept]:
    """Asked of the file itself: what the table is by now does not matter."""
    return Query(
        name=f"owner of the backup, and {COLUMN} in it",
        argv=("sh", "-c", _KEPT.strip(), "kept", file, COLUMN),
        parse=_kept,
    )


def as_fact(proof: Proof, seen: Kept, made_on: Iterable[str]) -> dict[str, Any]:
    """For the journal. `made_on`: the nodes on which the dump was made."""
    rights = {"owner": seen.owner, "group": seen.group, "mode": seen.mode}
    places = [{"node": proof.node, "path": proof.file, **rights}]
    places += [
        {"node": node, "path": proof.file, "note": "where it was made"}
        for node in made_on
        if node != proof.node
    ]
    column = f"{COLUMN} {seen.column}" if seen.column else "how is not known"
    return {
        "of": f"{OCS_DATABASE}.{TABLE}",
        "node": proof.node,
        "file": proof.file,
        "size": proof.bytes,
        "sha256": proof.sha256,
        "taken": proof.taken,
        "proved": f"restored into a scratch schema and compared with the table: {proof.rows} rows,"
        f" checksum {proof.checksum}, {proof.rewritten} rows that agents had replaced meanwhile",
        "restore": proof.restore_command,
        "restore_on": "on the node that runs the database",
        "brings": [
            f"the table as it was at {proof.began} (the database's clock), {proof.rows} rows: it"
            " takes the place of the table that is there",
            f"its definition of before the upgrade ({column}), and every value that the upgrade"
            " turned into NULL: those that are lost, and the blank ones that had nothing to lose",
        ],
        "leaves": [
            "what agents have sent for this table since then",
            "any other table, the packages and the configuration",
            f"the upgrade's conversion of {COLUMN}: the upgraded server expects an integer column,"
            " so it has to be made again",
        ],
        "places": places,
    }
