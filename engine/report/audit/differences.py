"""Documents that were asked for again: what differs from the one before, not the whole. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from engine.model.event import Event
from engine.record.documents import differences, is_document
from engine.report.quoted import Quoted, output_of

_CLOCK = re.compile(r'~\s*<(?:last_update> time|[^>]*> last_updated)="[^"]*" -> "[^"]*"')
"""When the document was made: it differs each time, and says nothing of the cluster."""

SAME, BUT_CLOCK, AT_ITS_ENDS = "the same", "the same but for its clock", "the same at its two ends"
"""As what the one before said; the later, the less is known."""


@dataclass(frozen=True)
class Answer:
    """What the page shows of an answer: `note` comes first, then the text."""

    quoted: Quoted
    note: str = ""
    same: str = ""
    """How far it says what the one before of the same question and node said; empty: it differs."""


@dataclass
class Documents:
    """Remembers the last document of each question, node and run; give it the events in order."""

    _last: dict[tuple[str, ...], Event] = field(default_factory=dict)
    _times: dict[tuple[str, str], str] = field(default_factory=dict)
    """Run and name of a file -> when it was the answer."""

    def answer(self, event: Event) -> Answer:
        """The answer of an `observation` as it is shown."""
        output = event.get("output") or {}
        quoted = output_of(output)
        if not is_document(quoted.text):
            return Answer(quoted)
        key = (str(event["run"]), str(event.get("node")), str(event.get("question")))
        former = self._last.get(key)
        self._last[key] = event
        if name := _name(output):
            self._times[key[0], name] = str(event["time"])
        if former is None:
            return Answer(quoted)
        told = _differing(former.get("output") or {}, output)
        if told is None:
            return Answer(quoted)
        since = self._times.get((key[0], _name(output.get("unlike"))), str(former["time"]))
        return _against(told, since[11:19], quoted, in_part=_is_in_part(output))


def _name(output: Any) -> str:
    """The name of its file, wherever that lies here."""
    return str((output or {}).get("file", "")).rpartition("/")[2]


def _is_in_part(output: Any) -> bool:
    """Only its two ends can be compared: an older journal, which does not say what differs."""
    return bool(output.get("file")) and "unlike" not in output


def _differing(former: Any, output: Any) -> str | None:
    """The lines that differ; None when they can't be told."""
    if "unlike" in output:
        return str(output["unlike"]["lines"])
    if bool(former.get("file")) != bool(output.get("file")):
        return None
    return differences(str(former.get("text", "")), str(output.get("text", "")))


def _against(told: str, when: str, quoted: Quoted, *, in_part: bool) -> Answer:
    lines = without_clock(told)
    if lines:
        part = " at its two ends" if in_part else ""
        shown = replace(quoted, text=lines, is_list=True)
        return Answer(shown, f"unlike the answer at {when}{part}:")
    same = AT_ITS_ENDS if in_part else BUT_CLOCK if told else SAME
    return Answer(replace(quoted, text=""), f"{same} as at {when}", same)


def without_clock(told: str) -> str:
    """Without the lines in which nothing but the document's own time differs."""
    places = re.split(r"^(?=@@)", told, flags=re.MULTILINE)
    return "\n".join(filter(None, map(_place_without_clock, places)))


def _place_without_clock(place: str) -> str:
    kept = [line for line in place.splitlines() if not _CLOCK.fullmatch(line)]
    return "\n".join(kept) if any(not line.startswith("@@") for line in kept) else ""
