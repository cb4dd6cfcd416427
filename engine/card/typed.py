"""The commands of the card, as they are typed in the project's directory."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.record.exit_codes import Next
from engine.record.started import typed

RUN = "reports/RUN"
"""Stands for the directory of a run that is still to come."""


@dataclass(frozen=True)
class Commands:
    """Argument lists joined for a shell. `root` is the project's directory."""

    root: Path
    inventory: Path

    @property
    def file(self) -> str:
        """The inventory, as it is typed."""
        return typed(self.inventory, self.root)

    def run(self, *options: str) -> str:
        """The runbook itself, with further options."""
        words = [*self._pytest(), "runbook", "--inventory", self.file]
        return shlex.join([*words, *options])

    def engine(self, *words: str) -> str:
        """`python -m engine`, without a cluster."""
        return shlex.join([self._python(), "-m", "engine", *words])

    def plan(self) -> str:
        return self.run("--plan")

    def plan_ahead(self) -> str:
        """A plan before its window, with what blocks only for that taken out of the way."""
        return self.run("--plan", "--accept", "window-outside=ahead", "--by", "NAME")

    def verify(self) -> str:
        """The evidence of a run; without those who may sign its origin is not proved (2)."""
        return self.engine("verify", RUN, "--allowed-signers", "FILE")

    def next(self, what: Next) -> str:
        """What comes after an exit code; words in capitals are filled in by hand."""
        return {
            Next.AGAIN: self.run(),
            Next.ACCEPT: self.run("--accept", "CODE=REASON", "--by", "NAME"),
            Next.WATCH: self.engine("watch"),
            Next.VERIFY: self.verify(),
        }[what]

    def _python(self) -> str:
        return typed(Path(sys.executable), self.root)

    def _pytest(self) -> list[str]:
        beside = Path(sys.executable).with_name("pytest")
        return [typed(beside, self.root)] if beside.is_file() else [self._python(), "-m", "pytest"]
