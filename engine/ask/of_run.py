"""What whoever asks knows of the run that he asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.model.finding import Finding
from engine.model.inventory import Inventory, Settings
from engine.model.release import Release
from engine.record.memory import Memory
from engine.record.run import Run


class OfRun:
    """The run as steps and actions may know it: nothing of it can be changed here."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def inventory(self) -> Inventory:
        return self._run.inventory

    @property
    def settings(self) -> Settings:
        return self._run.inventory.settings

    @property
    def release(self) -> Release:
        return self._run.release

    @property
    def memory(self) -> Memory:
        return self._run.memory

    @property
    def run_id(self) -> str:
        """This run's id, as in the journal's events."""
        return self._run.run_id

    @property
    def attempt(self) -> str | None:
        return self._run.attempt

    @property
    def runbook(self) -> str:
        """Hash of the runbook's sources."""
        return self._run.runbook

    @property
    def ran_with(self) -> Mapping[str, Any]:
        """What this run runs with beside its own text, by `run-started`."""
        return self._run.ran_with

    @property
    def until(self) -> str:
        """The phase that the run is to end behind (`--until`); empty: it goes to the end."""
        return self._run.until.phase if self._run.until else ""

    def now(self) -> datetime:
        """The controller's clock, UTC."""
        return self._run.now()

    def holds_secret(self, text: str) -> bool:
        """Whether a text, such as a file's name, has a secret in it, as far as that is known."""
        return self._run.redactor.clean_output(text) != text

    def accepts(self, finding: Finding) -> bool:
        """Whether somebody has accepted it: nobody need wait for it to pass."""
        return self._run.judge.accepts(finding)
