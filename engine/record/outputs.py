"""Long texts of the evidence: an excerpt in the journal, the whole in a file of its own."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from engine.atomic import atomic_write, write_atomically
from engine.record.documents import beginning, differences, is_document
from engine.record.listing import Cells, in_order, lines

EXCERPT = 2000
"""Characters; longer texts keep head and tail in the journal."""


def excerpt(text: str, most: int = EXCERPT) -> str:
    """Head and tail of a text that is longer than so many characters, and how much is left out."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters ...]\n{text[-half:]}"


NO_ANSWER = "(no answer)"
SECRET = "(not recorded: secret)"
"""In the place of a text that there is none of, or that is kept to itself."""
_ERRORS = "\n[stderr] "


def both(output: str, errors: str) -> str:
    """What a command wrote on both its outputs, as the evidence has it."""
    return f"{output}{_ERRORS}{errors}" if errors else output


def apart(text: str) -> tuple[str, str]:
    """Read back from there: standard output and standard error."""
    output, _, errors = text.partition(_ERRORS)
    return output, errors


def _with_what_fits(text: str, lines: Iterable[bytes]) -> str:
    """The text, and each line for which there is room in an excerpt."""
    for line in lines:
        if len(text) + len(line) <= EXCERPT:
            text += line.decode()
    return text


class Outputs:
    """Writes redacted texts below the run's `outputs/` and describes them for the journal."""

    def __init__(
        self,
        directory: Path,
        clean: Callable[[str], str],
        is_clean: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`is_clean`: whether `clean` has nothing to do in any line of a text; not always known."""
        self._directory = directory
        self._clean = clean
        self._is_clean = is_clean
        self._count = 0
        self._unsent: list[Path] = []
        self._commands: dict[str, dict[str, Any]] = {}
        """Long commands -> where they are."""
        self._documents: dict[str, tuple[str, str]] = {}
        """Name -> file and text of the last document: the next one is told apart from it."""
        self._lock = threading.Lock()

    def describe(self, name: str, text: str) -> dict[str, Any]:
        """`text`, or head, tail, size, sha256 and `file` of a text that was too long.

        Of a document also `unlike`, when there was one of that name before: that one's file, and
        the lines in which this one differs.
        """
        text = self._clean(text)
        if len(text) <= EXCERPT:
            return {"text": text}
        raw = text.encode()
        described = {
            "text": excerpt(text),
            "size": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
        }
        try:
            file = self.write(name, raw)
            return {**described, "file": file, **self._unlike(name, file, text)}
        except OSError as error:
            # the answer itself is there: what is judged by it does not depend on this copy
            return {**described, "not_kept": f"the whole text could not be written: {error}"}

    def _unlike(self, name: str, file: str, text: str) -> dict[str, Any]:
        """What the report shows in the document's place; nothing of the first one of a name."""
        if not is_document(text):
            return {}
        with self._lock:
            former = self._documents.get(name)
            self._documents[name] = file, text
        found = differences(former[1], text) if former else None
        if former is None or found is None:
            return {}
        return {"unlike": {"file": former[0], "lines": beginning(found, EXCERPT)}}

    def command(self, name: str, text: str) -> dict[str, Any]:
        """`command` as it is; of a long one an excerpt, and `whole`: the file that has all of it.

        One that is sent again and again, as a script is, is written once.
        """
        text = self._clean(text)
        if len(text) <= EXCERPT:
            return {"command": text}
        known = self._commands.get(text)
        if known is None:
            described = self.describe(f"{name}-command", text)
            known = {k: v for k, v in described.items() if k not in ("text", "unlike")}
            self._commands[text] = known
        return {"command": excerpt(text), "whole": known}

    def write(self, name: str, content: bytes) -> str:
        """Write a file of its own (0600); returns its path relative to the run's directory."""
        path = self._path(name, "txt")
        write_atomically(path, content)
        return self._finished(path)

    def unsent(self) -> list[Path]:
        """The files that N was not given yet, oldest first."""
        with self._lock:
            return list(self._unsent)

    def sent(self, count: int) -> None:
        """The first `count` unsent files are on N now, or will never be."""
        with self._lock:
            del self._unsent[:count]

    def _finished(self, path: Path) -> str:
        """The file is whole: its name in the evidence."""
        with self._lock:
            self._unsent.append(path)
        return f"{self._directory.name}/{path.name}"

    def list(self, name: str, head: Cells, rows: Iterable[Cells]) -> dict[str, Any]:
        """Write the rows, sorted, as a CSV file (0600) of any length; describes it.

        It gets its name when it is whole. Raises OSError when it can't be written.
        """
        path = self._path(name, "csv")
        digest, excerpt, size, count = hashlib.sha256(), "", 0, -1  # the head is no row
        ordered = in_order(rows, self._directory)
        with atomic_write(path) as file:
            for written in lines(head, ordered, self._clean, self._is_clean):
                file.write(written)
                digest.update(written)
                single = written.splitlines(keepends=True)
                size, count = size + len(written), count + len(single)
                if len(excerpt) + min(map(len, single)) <= EXCERPT:
                    excerpt = _with_what_fits(excerpt, single)
        return {
            "text": excerpt,
            "rows": count,
            "size": size,
            "sha256": digest.hexdigest(),
            "file": self._finished(path),
        }

    def _path(self, name: str, suffix: str) -> Path:
        with self._lock:  # nodes are asked in parallel
            self._count += 1
            count = self._count
        safe = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-")[:80]
        return self._directory / f"{count:04}-{safe}.{suffix}"
