"""Reports made after the run, by `python -m engine report`: what holds of them, in words. Pure.

The pages, `VERIFY.txt` and the console say the same of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from engine.verify import HOW, KEPT, MANIFEST, Files

_NAMED = 5
"""Things that are named in the sentence."""
_SHOWN = 12
"""Digits of a runbook's hash that are told."""


def is_signature(name: str) -> bool:
    """Of a manifest that a later one took the place of."""
    match = KEPT.match(name)
    return match is not None and bool(match[2])


@dataclass(frozen=True)
class Before:
    """A run's directory as it is found."""

    directory: Path
    run: str
    lines: int
    head: str = ""
    is_sealed: bool = False
    """The run came to its end, and its journal seals the list of its files."""
    key: str = ""
    """With which the run itself signed; empty: with none."""
    last: str = ""
    """With which whoever made reports before signed; empty: with none that is known."""
    sealed: Files = field(default_factory=dict)
    """The list that the run sealed."""
    kept: Files = field(default_factory=dict)
    """The files that stay as they are."""
    former: Mapping[str, bytes] = field(default_factory=dict)
    """Manifest and signature as they were, by the names under which they are kept."""
    spoilt: tuple[str, ...] = ()
    """What was not as it was left and is made good, a sentence each."""
    problem: str = ""
    """Why nothing can be listed and signed anew; empty: it can."""

    @property
    def signatures(self) -> tuple[str, ...]:
        """The signatures that are kept beside the new manifest."""
        return tuple(sorted(name for name in (*self.kept, *self.former) if is_signature(name)))


@dataclass(frozen=True)
class Anew:
    """Reports made after the run: when, by which runbook, and who signs them."""

    before: Before
    when: datetime
    runbook: str
    """Hash of the sources that make them."""
    then: str
    """That of the run; empty: it is not on record."""
    key: str = ""
    """Fingerprint of the key that signs them; empty: nobody does."""
    why: str = ""
    """Why nobody does."""

    def sentence(self, told: str = f"in {HOW}") -> str:
        """What the pages, and `VERIFY.txt`, begin with; `told`: where they say what proves it."""
        return (
            f"Made anew at {self.when:%Y-%m-%d %H:%M:%S} UTC, after the run, by runbook"
            f" {self.runbook[:_SHOWN]} ({self._other_runbook()}), from the run's journal, which"
            f" {self._journal()}; {self._proof(told)}.{self._spoilt()}"
        )

    def _spoilt(self) -> str:
        """What had been found then, so that it does not stand on one console alone."""
        each = self.before.spoilt
        more = f"; and {len(each) - _NAMED} more" if len(each) > _NAMED else ""
        return f" Found then: {'; '.join(each[:_NAMED])}{more}." if each else ""

    def _other_runbook(self) -> str:
        if not self.then:
            return "which one the run was is not on record"
        if self.then == self.runbook:
            return "the same as in the run"
        return f"another one than in the run, which was {self.then[:_SHOWN]}"

    def _journal(self) -> str:
        before = self.before
        if before.is_sealed:
            return f"is unchanged: {before.lines} lines, whole up to the run's seal"
        if before.head:
            return (
                f"is unchanged: {before.lines} lines that follow each other, without a seal, as the"
                " run did not come to its end"
            )
        return f"was left as it is: {before.lines} lines"

    def _proof(self, told: str) -> str:
        if self.before.problem:
            return f"they are not listed in {MANIFEST}, as {self.before.problem}"
        return f"what proves that is told {told}"

    def signed(self) -> str:
        """By whom the evidence is signed now, and by whom it was."""
        before = self.before
        had = f"had signed with {before.key}" if before.key else "had not signed"
        said = [
            f"signed anew with {self.key}" if self.key else f"not signed anew ({self.why})",
            f"the run itself {had}",
            *([f"whoever made reports before these, with {before.last}"] if before.last else ()),
        ]
        if before.signatures:
            kept = ", ".join(before.signatures)
            said.append(f"what was signed before is of the files as they were then: {kept}")
        elif not self.key and (before.key or before.last):
            said.append("that was of the files as they were then, and is not here any more")
        return "; ".join(said)

    def console(self) -> list[str]:
        """What is to be noted down of it."""
        if self.before.problem:
            return [f"evidence: not sealed anew: {self.before.problem}"]
        return [f"evidence: {self.signed()}", f"head of its journal: {self.before.head}"]

    def found(self) -> list[str]:
        """What was not as it was left, a sentence each."""
        if self.before.problem:
            return [f"NOT VALID: {self.before.problem}"]
        return list(self.before.spoilt)
