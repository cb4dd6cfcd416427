"""Long texts of the evidence: an excerpt in the journal, the whole in a file of its own."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXCERPT = 2000
"""Characters; longer texts keep head and tail in the journal."""


class Outputs:
    """Writes redacted texts below the run's `outputs/` and describes them for the journal."""

    def __init__(self, directory: Path, clean: Callable[[str], str]) -> None:
        self._directory = directory
        self._clean = clean
        self._count = 0
        self._lock = threading.Lock()

    def describe(self, name: str, text: str) -> dict[str, Any]:
        """`text`, or head, tail, size, sha256 and `file` of a text that was too long."""
        text = self._clean(text)
        if len(text) <= EXCERPT:
            return {"text": text}
        raw = text.encode()
        half = EXCERPT // 2
        described = {
            "text": f"{text[:half]}\n[... {len(text) - 2 * half} characters ...]\n{text[-half:]}",
            "size": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
        }
        try:
            return {**described, "file": self.write(name, raw)}
        except OSError as error:
            # the answer itself is there: what is judged by it does not depend on this copy
            return {**described, "not_kept": f"the whole text could not be written: {error}"}

    def write(self, name: str, content: bytes) -> str:
        """Write a file of its own (0600); returns its path relative to the run's directory."""
        with self._lock:  # nodes are asked in parallel
            self._count += 1
            count = self._count
        safe = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-")[:80]
        path = self._directory / f"{count:04}-{safe}.txt"
        try:
            with os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(content)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return f"{self._directory.name}/{path.name}"
