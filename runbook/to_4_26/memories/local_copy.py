"""The copy of the backup on the controller: is it the file that was proved? (guide row G06)"""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.model.finding import Finding
from runbook.to_4_26.memories.dump import Proof


def fetched_findings(path: Path, proof: Proof) -> list[Finding]:
    """The local copy has the checksum of the proved backup. Constant memory."""
    with path.open("rb") as file:
        seen = hashlib.file_digest(file, "sha256").hexdigest()
    if seen == proof.sha256:
        return []
    return [
        Finding(
            code="backup-damaged",
            subject=str(path),
            observed=f"{path.stat().st_size} bytes with sha256 {seen}",
            expected=f"{proof.bytes} bytes with sha256 {proof.sha256}, as proved on {proof.node}",
            remedy="Remove the local copy and run again.",
            guide=("G06",),
        )
    ]
