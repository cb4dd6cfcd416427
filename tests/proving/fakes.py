"""Kinds of proof without clusters, for the tests of the workers."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

from tests.proving.kind import Kind, NotAtStart, Red, Say

LOG = "PROVING_FAKES_LOG"
"""Variable: the file in which the stands write what they do."""
TROUBLE = "PROVING_FAKES_TROUBLE"
"""Variable: `CASE=WHAT`, the case that goes wrong, and how."""


class FakeStand:
    """Writes down what it does."""

    def __init__(self, letter: str, say: Say) -> None:
        self._letter = letter

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        self._write(f"run {case}")
        (evidence / "console").write_text("what it left")
        name, _, what = os.environ.get(TROUBLE, "").partition("=")
        if name == case:
            _go_wrong(what)
        return {"said": f"said of {case}"}

    def down(self) -> None:
        self._write("down")
        if os.environ.get(TROUBLE, "").endswith("=stays"):
            raise OSError("it does not go")

    def _write(self, text: str) -> None:
        with Path(os.environ[LOG]).open("a", encoding="utf-8") as file:
            file.write(f"{self._letter} {text}\n")


def _go_wrong(what: str) -> None:
    if what == "red":
        raise Red("it went wrong", {"said": "red"})
    if what == "not-at-start":
        raise NotAtStart("not as at its start")
    if what == "broken":
        raise ZeroDivisionError(what)
    if what == "dies":
        os._exit(7)
    if what == "hangs":
        signal.pause()


def _kind(name: str, groups: dict[str, str]) -> Kind:
    return Kind(name, f"The {name}", f"About {name}.", ("said",), groups, FakeStand)


MATRIX = _kind("matrix", {"edge-1": "start", "edge-2": "late", "edge-3": "start"})
FAULTS = _kind("faults", {"cut": "two", "hang": "two"})
ALONE = replace(_kind("edges", {"one": "start", "two": "start"}), is_on_page=False)
