"""The baseline as a run's evidence has it: what stayed on N, or was not kept, is not recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.attempt import baseline
from engine.judge.takeover import IDENTITY
from engine.model.event import Event
from engine.rejudge.answers import NotRecorded, text_of
from engine.rejudge.record import Record


class RecordedBaseline(Mapping[str, Any]):
    """Like the mapping that lies on N. NotRecorded for a field that is not in the evidence."""

    def __init__(self, record: Record) -> None:
        events = [*record.evidence.earlier, *record.own]
        kept = next((e for e in record.own if e["event"] == baseline.EVENT), None)
        self._content = _opened(events) if kept is None else _kept(kept, record)
        self._is_whole = kept is not None
        self._withheld = frozenset(kept["withheld"]) if kept else frozenset()

    def __getitem__(self, name: str) -> Any:
        if name in self._content:
            return self._content[name]
        if not self._is_whole:
            raise NotRecorded("the baseline, which is not in the evidence of an older runbook")
        if name in self._withheld:
            raise NotRecorded(f"{name!r} of the baseline, which stays on N")
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


def _kept(event: Event, record: Record) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        text_of(event["output"], record.directory, "the baseline of the attempt")
    )
    return content


def _opened(events: list[Event]) -> dict[str, Any]:
    """What the run that opened the attempt says of itself is in its baseline, too."""
    runs = {e["run"]: e for e in events if e["event"] == "run-started"}
    told = [e["attempt"] for e in events if e["event"] == "attempt-opened"]
    opener = runs.get(told[-1] if told else "", {})
    return {name: opener[name] for name in IDENTITY if name in opener}
