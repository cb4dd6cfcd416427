"""What the auditor's page rests on: the last line of the run's own journal that is in it. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from engine.model.event import Event
from engine.verify import digest


@dataclass(frozen=True)
class Rests:
    """Number of a line of `journal.jsonl` and its SHA-256, as the chain has it in the next one."""

    line: int
    sha256: str


def rests_on(own: Sequence[Event]) -> Rests:
    """Of the last of these events, which are the run's own in order.

    The page is written before the journal is sealed, so it can't have the head. The line is made
    of its event again: JSON keeps fields, order and numbers.
    """
    last = own[-1]
    text = json.dumps(last, ensure_ascii=False, sort_keys=False)
    return Rests(int(last["seq"]), digest(text.encode("utf-8", "backslashreplace")))
