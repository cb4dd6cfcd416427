"""A worker: a process that has one cluster, and runs one case after the other on it.

A process, not a thread: a case sets signals and starts groups of processes, and an interrupt has
to end the case under way and take back what it did.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from tests.proving.kind import Kind, NotAtStart, Red, Stand


@dataclass(frozen=True)
class Order:
    """A case to be run."""

    kind: str
    case: str
    evidence: Path


@dataclass(frozen=True)
class Ended:
    """How it ended."""

    seconds: float
    columns: Mapping[str, str]
    problem: str = ""
    """Why it is red."""


@dataclass(frozen=True)
class Said:
    """A word for the console, while a case is run."""

    text: str


def work(link: Connection, kinds: Mapping[str, Kind], letter: str) -> None:
    """The life of a worker: cases by orders until it gets None, or nobody is there any more."""
    os.setsid()  # an interrupt at the terminal is the parent's, who tells each worker once
    signal.signal(signal.SIGTERM, _end)
    os.environ.pop("PYTEST_ADDOPTS", None)
    worker = _Worker(link, kinds, letter)
    try:
        while (order := link.recv()) is not None:
            link.send(worker.run(order))
    except (KeyboardInterrupt, EOFError, BrokenPipeError):
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        worker.down()


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


@dataclass
class _Worker:
    link: Connection
    kinds: Mapping[str, Kind]
    letter: str
    stands: dict[str, Stand] = field(default_factory=dict)
    """The stand of the kind that was run last, by the kind's name."""

    def run(self, order: Order) -> Ended:
        """Run a case; whatever it raises makes it red."""
        begun = time.monotonic()
        columns: dict[str, str] = {}
        problem = ""
        try:
            columns = self._stand(order.kind).run(order.case, order.evidence)
        except Red as red:
            problem, columns = str(red), red.columns
            if isinstance(red, NotAtStart):
                self.down()
        except Exception as error:  # noqa: BLE001 - a broken case is a red one, not the end of all
            problem = f"{type(error).__name__}: {error}"
            (order.evidence / "traceback.txt").write_text(traceback.format_exc(), encoding="utf-8")
            self.down()  # what it left is not known
        return Ended(round(time.monotonic() - begun, 1), columns, problem)

    def down(self) -> None:
        """Take down the cluster that stands."""
        while self.stands:
            _, stand = self.stands.popitem()
            stand.down()

    def _stand(self, kind: str) -> Stand:
        if kind not in self.stands:
            self.down()
            self.stands[kind] = self.kinds[kind].stand(self.letter, self._say)
        return self.stands[kind]

    def _say(self, text: str) -> None:
        self.link.send(Said(text))
