"""The proof of the backup of `ocsweb.memories`: the record that it was restored and compared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from engine.model.answer import Answer
from engine.model.change import Change
from engine.model.finding import Command, Finding
from engine.model.query import Query
from engine.parse.fields import json_object
from engine.secrets import Secret
from runbook.to_4_26 import files
from runbook.to_4_26.memories.dump import TABLE, backup_path, recorded, sha256_of
from runbook.to_4_26.names import OCS_DATABASE


def proof_path(attempt: str) -> str:
    return f"{files.backups_of(attempt)}/{OCS_DATABASE}.{TABLE}.json"


@dataclass(frozen=True)
class Proof:
    """The record of a backup that was restored and compared; written after the comparison."""

    file: str
    sha256: str
    bytes: int
    rows: int
    checksum: int
    began: str
    """The database's clock before the dump, ISO, without a zone."""
    taken: str
    """The controller's clock after the proof, ISO with zone."""
    node: str
    rewritten: int
    """Rows that agents replaced while it was taken."""
    agents: int | None = None
    """Machines in the list of those to follow up, which lies beside it; None: there is no list."""
    agents_sha256: str = ""

    @property
    def database_clock(self) -> datetime:
        return datetime.fromisoformat(self.began)

    @property
    def restore_command(self) -> str:
        """One line that puts the table back as it was, for the report."""
        return f"gzip -dc {self.file} | mysql {OCS_DATABASE}"

    def sentence(self) -> str:
        return (
            f"{self.rows} rows, checksum {self.checksum}, {self.bytes} bytes in {self.file} on"
            f" {self.node}, sha256 {self.sha256[:16]}..., restored and compared at {self.taken};"
            f" back with: {self.restore_command}"
        )


def _proof(answer: Answer) -> Proof | None:
    if answer.code == 44:
        return None
    data = json_object(answer.text, "the record of the backup")
    try:
        return Proof(**data)
    except TypeError as error:
        raise ValueError(f"the record of the backup has other fields: {error}") from None


def proof_of(attempt: str) -> Query[Proof | None]:
    """The record of the proved backup, with the file still whole; None: there is none."""
    return Query(
        name="proved backup of memories",
        argv=recorded(proof_path(attempt), backup_path(attempt)),
        parse=_proof,
        ok_codes=(0, 44),
        deadline=1800.0,
    )


def write_proof(node: str, attempt: str, made: Proof) -> Change:
    text = json.dumps(asdict(made), indent=1) + "\n"
    what, path = "record the proved backup", proof_path(attempt)
    return files.write_file(what, node, path, Secret(text), holds_secret=False)


def fetched_findings(path: Path, proof: Proof) -> list[Finding]:
    """The copy on the controller has the checksum of the proved backup (guide row G06)."""
    if (seen := sha256_of(path)) == proof.sha256:
        return []
    return [
        Finding(
            code="backup-damaged",
            subject=str(path),
            observed=f"{path.stat().st_size} bytes with sha256 {seen}",
            expected=f"{proof.bytes} bytes with sha256 {proof.sha256}, as proved on {proof.node}",
            remedy="Remove the local copy and run again.",
            guide=("G06",),
            commands=(Command("", ("rm", "--", str(path.resolve()))),),
        )
    ]
