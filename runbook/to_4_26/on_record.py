"""Facts of the asset module that the auditor's page shows: backup, old files, OCS password."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ask.look import Look
from engine.errors import Unanswered
from engine.model.facts import BACKUP, OLD_FILES, PASSWORD
from engine.record.evidence import Evidence
from runbook.to_4_26.httpd import password_record
from runbook.to_4_26.httpd.migration import CredentialsNow
from runbook.to_4_26.memories import backup_record
from runbook.to_4_26.memories.proof import Proof


def keep_backup(look: Look, evidence: Evidence, proof: Proof) -> None:
    """Put the backup on record, once; that it can't be asked now stops nothing."""
    if look.memory.facts.get(BACKUP, {}).get("sha256") == proof.sha256:
        return
    try:
        seen = look.ask(proof.node, backup_record.kept(proof.file))
    except Unanswered as unanswered:
        evidence.note(f"whose the backup is, and what it defines, was not told: {unanswered.why}")
        return
    dumped = (one.intent for one in evidence.made if one.intent["what"].startswith("dump "))
    nodes = dict.fromkeys(str(intent["node"]) for intent in dumped)
    evidence.remember(BACKUP, **backup_record.as_fact(proof, seen, nodes))


def keep_password_written(look: Look, evidence: Evidence, node: str, mode: int) -> None:
    """As soon as the migration has written it; the verification looks further."""
    if PASSWORD not in look.memory.facts:
        evidence.remember(PASSWORD, **password_record.written(node, f"{mode:04o}"))


def keep_password(look: Look, evidence: Evidence, now: CredentialsNow, variable: str) -> None:
    """Ask all operative nodes at once, and put it on record; a silent node is named there."""
    asked = look.ask_all(look.names.operative, password_record.copies(now.value(variable)))
    evidence.remember(PASSWORD, **password_record.as_fact(asked, variable))


def keep_old_files(evidence: Evidence, node: str, old: Mapping[str, str]) -> None:
    """Put on record what a back-out puts back on the node: file -> where the old one lies."""
    files = [{"path": path, "lies_in": kept} for path, kept in old.items()]
    evidence.remember(f"{OLD_FILES}{node}", node=node, files=files)


def has_old_files(look: Look, node: str) -> bool:
    """That was done for the node."""
    return f"{OLD_FILES}{node}" in look.memory.facts
