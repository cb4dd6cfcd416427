"""Texts as the page shows them: whole, or their two ends with where the whole is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import escape

from engine.judge.text import cut_at_word
from engine.model.event import Event
from engine.record.documents import beginning
from engine.record.outputs import excerpt as cut
from engine.report.earlier import NOT_FETCHED

_FILE = re.compile(r"outputs/(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*", re.ASCII)
"""What is linked: a file below the run's own `outputs/`, and nothing else."""


_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t\r"}
"""Control characters have no place in HTML: their signs stand for them, as in a list with NULs."""


@dataclass(frozen=True)
class Quoted:
    """A text, and where the whole of it is: `file`, linked when it is here, and `where`."""

    text: str
    file: str = ""
    where: str = ""
    """A phrase: the size and hash of the file, the line of the journal, why it is not here."""
    is_list: bool = False
    """Lines of which the first ones say most: it is cut at its end."""

    def __bool__(self) -> bool:
        return bool(self.text or self.cited)

    @property
    def cited(self) -> str:
        """`whole: outputs/0007-x.txt, 5000 bytes, sha256 ...`, or why there is none."""
        if not self.file:
            return self.where
        return f"whole: {self.file}{self.where}"

    @property
    def is_linked(self) -> bool:
        return bool(_FILE.fullmatch(self.file))

    @property
    def cost(self) -> int:
        """Characters that it takes in HTML."""
        return len(escape(self.text))

    def shortened(self, most: int, elsewhere: str = "") -> Quoted:
        """Its two ends, when it would take more than so many characters in HTML.

        `elsewhere` says where the whole is when no file has it.
        """
        if self.cost <= most:
            return self
        share = max(20, most * len(self.text) // self.cost)
        text = (beginning if self.is_list else cut)(self.text, share)
        return replace(self, text=text, where=self.where or ("" if self.file else elsewhere))


NOTHING = Quoted("")


def output_of(output: Mapping[str, Any] | None) -> Quoted:
    """An output as the journal has it: text, and file, size and sha256 of a longer one."""
    if not output:
        return Quoted("")
    text = str(output.get("text", "")).translate(_VISIBLE)
    if output.get("not_kept"):
        return Quoted(text, where=str(output["not_kept"]))
    if output.get(NOT_FETCHED):
        return Quoted(
            text, where=f"whole: not fetched: {output[NOT_FETCHED]}; sha256 {output['sha256']}"
        )
    if not output.get("file"):
        return Quoted(text)
    size = f", {output['size']} bytes" if "size" in output else ""
    return Quoted(text, str(output["file"]), f"{size}, sha256 {output['sha256']}")


def command_quoted(event: Event) -> Quoted:
    """The command of an event, with its line ends."""
    return output_of({**(event.get("whole") or {}), "text": str(event.get("command", ""))})


def in_journal(event: Event) -> str:
    """Where a text is whole that no file has."""
    return f"whole: event {event['seq']} of the journal of run {event['run']}"


def cited(text: str, most: int, where: str) -> str:
    """A sentence or two; what is longer is cut behind a word, with where the whole is."""
    return text if len(text) <= most else f"{cut_at_word(text, most)} ({where})"


def level(sizes: Iterable[int], budget: int) -> int:
    """The most that each may have so that all together keep the budget.

    Who needs less leaves the rest to the others. At least one.
    """
    ordered = sorted(sizes)
    for number, size in enumerate(ordered):
        share = budget // (len(ordered) - number)
        if size > share:
            return max(1, share)
        budget -= size
    return max(1, ordered[-1] if ordered else 1)
