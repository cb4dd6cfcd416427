"""The journal: one JSON event a line, flushed to the disk before anything depends on it.

It is the record of truth of a run. Any prefix of it reads as a valid state; a torn last line
(power loss while writing) is dropped on reading.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = 1
Event = Mapping[str, Any]


def utc_now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as everywhere in the evidence."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Appends events to one file; remembers which lines the node N has not got yet."""

    def __init__(
        self,
        path: Path,
        run_id: str,
        clean: Callable[[str], str],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.path = path
        self.run_id = run_id
        self._clean = clean
        self._now = now
        self._sequence = 0
        self.events: list[Event] = []
        self._unsent: list[str] = []
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")

    def record(self, event: str, **fields: Any) -> Event:
        """Write one event. Texts are redacted; the line is on the disk when this returns."""
        self._sequence += 1
        line = {
            "schema": SCHEMA,
            "run": self.run_id,
            "seq": self._sequence,
            "time": stamp(self._now()),
            "event": event,
            **_cleaned(fields, self._clean),
        }
        text = json.dumps(line, ensure_ascii=False, sort_keys=False)
        self._file.write(text + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.events.append(line)
        self._unsent.append(text)
        return line

    def unsent(self) -> list[str]:
        """The lines that were not handed to N yet, oldest first."""
        return list(self._unsent)

    def sent(self, count: int) -> None:
        """The first `count` unsent lines are on N now."""
        del self._unsent[:count]

    def close(self) -> None:
        self._file.close()


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        # what a terminal or a node wrote need not be UTF-8; the journal is
        return clean(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {str(key): _cleaned(item, clean) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(item, clean) for item in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return clean(str(value))


def read_journal(lines: Iterable[str], source: str) -> list[Event]:
    """The events of a journal. Only the last line may be torn; ValueError names any other."""
    kept = [line for line in lines if line.strip()]
    events: list[Event] = []
    for number, line in enumerate(kept, start=1):
        try:
            event = json.loads(line)
        except ValueError as error:
            if number == len(kept):
                break
            raise ValueError(f"{source}:{number}: no JSON event ({error})") from error
        if event.get("schema") != SCHEMA:
            raise ValueError(
                f"{source}:{number}: journal schema {event.get('schema')!r}, this runbook reads"
                f" {SCHEMA}; use the version of the runbook that wrote it"
            )
        events.append(event)
    return events
