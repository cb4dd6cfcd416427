"""Prints like an Ansible run, and keeps the counts of the recap."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

_WIDTH = 79
_COUNTED = ("ok", "changed", "unreachable", "failed", "skipped")


def heading(text: str) -> str:
    """`text` and a blank, filled up with asterisks to the width of a terminal."""
    return f"{text} " + "*" * max(3, _WIDTH - len(text) - 1)


def fatal_line(node: str, message: str, *, unreachable: bool = False) -> str:
    """The line of a failure, its details as JSON on the same line."""
    what = "UNREACHABLE" if unreachable else "FAILED"
    details: dict[str, object] = {"changed": False, "msg": message}
    if unreachable:
        details["unreachable"] = True
    return f"fatal: [{node}]: {what}! => {json.dumps(details)}"


def recap_line(node: str, counts: Counter[str], width: int) -> str:
    """A node's line of the recap; a change is an `ok` too, as in Ansible."""
    shown = {name: counts[name] for name in _COUNTED}
    shown["ok"] += counts["changed"]
    return f"{node:<{width}} : " + "    ".join(f"{k}={v}" for k, v in shown.items())


class PlayLog:
    """The running log; every line is written out at once, because somebody follows it."""

    def __init__(self, nodes: Sequence[str], stream: TextIO | None = None) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in nodes}
        self._stream = stream  # None: standard output, whatever it is then

    def say(self, text: str) -> None:
        """Print lines."""
        print(text, file=self._stream, flush=True)

    def play(self, name: str) -> None:
        self.say("\n" + heading(f"PLAY [{name}]"))

    def task(self, name: str) -> None:
        self.say("\n" + heading(f"TASK [{name}]"))

    def result(self, node: str, kind: str, detail: str = "") -> None:
        """One node's `ok`, `changed` or `skipping`, with a message if there is one."""
        self._counts[node]["skipped" if kind == "skipping" else kind] += 1
        self.say(f"{kind}: [{node}]" + (f" => {json.dumps({'msg': detail})}" if detail else ""))

    def failure(self, node: str, message: str, *, unreachable: bool = False) -> None:
        """One node's failure."""
        self._counts[node]["unreachable" if unreachable else "failed"] += 1
        self.say(fatal_line(node, message, unreachable=unreachable))

    def recap(self) -> None:
        """The counts of all nodes."""
        width = max(len(name) for name in self._counts)
        self.say("\n" + heading("PLAY RECAP"))
        for name, counts in self._counts.items():
            self.say(recap_line(name, counts, width))
        self.say("")
