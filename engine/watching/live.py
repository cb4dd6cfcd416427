"""`live.html` while the run works: a thread of the run writes it. Nothing of it stops the run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from jinja2 import TemplateError

from engine.errors import RunbookError
from engine.record.run import Run
from engine.report.evidence_files import ODD
from engine.watching.fold import state_of
from engine.watching.page import NAME, write
from engine.watching.state import Watched

EVERY = 3.0
"""Seconds between two versions."""
PATIENCE = 5.0
"""Seconds that the end of the run waits at most for a version that is being written."""
_CANT = (OSError, RunbookError, TemplateError, *ODD)
"""A disk, or an event that says something else than it should: the page is left as it is."""


class LivePage:
    """The page of one run. It takes each event once, from the journal."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._watched = Watched()
        self._taken = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True, name="live-page")
        self.problem = ""
        """Why a version could not be written, the first time; empty: each one could."""

    def begin(self) -> None:
        """Write it from now on."""
        self._thread.start()

    def tell_problem(self) -> None:
        """What kept it from being written goes on record, once, when the run is about to end."""
        if self.problem:
            text = f"{NAME} showed an older state for a time: {self.problem}"
            self._run.record("warning", step="", text=text)

    def end(self) -> None:
        """The last version, which says how the run ended; when it can't be, none is left."""
        if self._thread.ident is None:
            return  # it was never begun
        self._over.set()
        self._thread.join(PATIENCE)
        if self._thread.is_alive() or not self._tried(self._write):
            # an older state would be taken for the present one
            with contextlib.suppress(OSError):
                (self._run.directory / NAME).unlink(missing_ok=True)

    def _go_on(self) -> None:
        while True:
            self._tried(self._write)
            if self._over.wait(EVERY):
                return

    def _write(self) -> None:
        end = self._run.journal.size
        self._watched = state_of(self._run.journal.between(self._taken, end), self._watched)
        self._taken = end
        write(self._run.directory, self._watched, self._run.now())

    def _tried(self, do: Callable[[], None]) -> bool:
        try:
            do()
        except _CANT as error:
            why = error.strerror if isinstance(error, OSError) else ""
            self.problem = self.problem or why or f"{type(error).__name__}: {error}"
            return False
        return True
