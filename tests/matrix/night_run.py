"""A night: a saved state, runs that are killed, one that goes on, and one from elsewhere."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.record.journal import read_journal
from rehearsal.errors import RehearsalError
from tests.integration.invocation import Ran
from tests.matrix.clones import NotKilled
from tests.matrix.edges import Edge, problem
from tests.matrix.endstate import end_state, files, rewritten
from tests.matrix.nights import Night
from tests.matrix.worker import Worker
from tests.proving.kind import NotAtStart, Red

COLUMNS = ("killed at", "resumed", "state", "load", "killed", "goes on", "once more")
T = TypeVar("T")


class Times:
    """Seconds of each part, for the table."""

    def __init__(self, columns: dict[str, str]) -> None:
        self.columns = columns
        self._seconds = Counter[str]()

    def of(self, column: str, work: Callable[[], T]) -> T:
        begun = time.monotonic()
        try:
            return work()
        finally:
            self._seconds[column] += time.monotonic() - begun
            self.columns[column] = f"{self._seconds[column]:.0f}"


def run_night(worker: Worker, night: Night, evidence: Path) -> dict[str, str]:
    """Prove the edges of a night; returns its columns. Raises Red with what is wrong."""
    columns = {
        "killed at": ", ".join(edge.name for edge in night.edges),
        "resumed": ", ".join(
            "elsewhere" if edge.resumes_elsewhere else "here" for edge in night.edges
        ),
    }
    times = Times(columns)
    try:
        columns["state"] = times.of("load", lambda: worker.bring_to(night.state))
    except (NotKilled, RehearsalError) as error:
        raise NotAtStart(
            f"the cluster can't be brought to {night.state}: {error}", columns
        ) from error
    with _kept(worker, evidence):
        try:
            problems = _prove(worker, night, evidence, times)
        except NotKilled as error:
            raise Red(str(error), columns) from error
        if problems:
            (evidence / "problems.txt").write_text("\n".join(problems) + "\n", encoding="utf-8")
            raise Red("; ".join(problems), columns)
    return columns


def _prove(worker: Worker, night: Night, evidence: Path, times: Times) -> list[str]:
    inventory, clones = worker.inventory, worker.clones
    number, turn = 0, 0

    def console(what: str) -> Path:
        nonlocal number
        number += 1
        return evidence / f"{number}-{what}.console"

    def killed_at(edge: Edge) -> Ran:
        return clones[turn].run_killed(inventory, edge.key, edge.point, console("killed"))

    problems = list[str]()
    snapshots = []
    for edge in night.edges:
        killed = times.of("killed", partial(killed_at, edge))
        problems += _not_killed_there(worker, edge, killed)
        snapshots.append(files(worker.cluster))
        turn ^= edge.resumes_elsewhere
    resumed = times.of("goes on", lambda: clones[turn].run(inventory, console("goes-on")))
    problems += _not_done(resumed, "the run that goes on")
    again = times.of("once more", lambda: clones[turn ^ 1].run(inventory, console("once-more")))
    problems += _not_done(again, "the run once more")
    if problems:
        return problems  # a cluster that was not upgraded differs in everything
    if again.changes:
        problems.append(f"the run once more made {len(again.changes)} changes")
    end, after = end_state(worker.cluster), files(worker.cluster)
    found = dict.fromkeys(p for before in snapshots for p in rewritten(before, after))
    problems += [f"written again with the same content: {p}" for p in found]
    # last, as it may take the cluster
    return problems + worker.end_of_undisturbed().differences(end)


def _not_killed_there(worker: Worker, edge: Edge, killed: Ran) -> list[str]:
    """The journals here and on N must be those of a run that ended at this edge."""
    cluster = worker.cluster
    script = 'cat -- "$1"/attempts/*/journal/"$2".jsonl 2>/dev/null || true'
    run = killed.directory.name if killed.directory else "none"
    on_n = cluster.shell(cluster.active, script, "/var/lib/neteye-runbook", run)
    # a line that another thread was writing may be torn
    here = (killed.directory / "journal.jsonl").read_text() if killed.directory else ""
    found = (
        problem(edge, read_journal(here.split("\n"), "here"), "the journal here"),
        problem(edge, read_journal(on_n.split("\n"), "N"), "the journal on N"),
    )
    return [text for text in found if text]


def _not_done(ran: Ran, who: str) -> list[str]:
    """Exit code 0, done, nothing in the ledger, the attempt closed."""
    if ran.code != 0 or ran.directory is None:
        return [f"{who} ended with {ran.code}"]
    summary = ran.summary
    problems = []
    if summary["outcome"] != "done":
        problems.append(f"{who}: outcome {summary['outcome']}")
    if summary["ledger"]:
        problems.append(f"{who}: open in the ledger: {json.dumps(summary['ledger'])}")
    return problems


@contextmanager
def _kept(worker: Worker, evidence: Path) -> Iterator[None]:
    """What the runs left is kept when something is wrong."""
    try:
        yield
    except BaseException:
        for clone in worker.clones:
            if clone.reports.is_dir():
                target = evidence / f"reports-{clone.directory.name}"
                shutil.copytree(clone.reports, target, symlinks=True, dirs_exist_ok=True)
        for console in worker.base.glob("*.console"):
            shutil.copy2(console, evidence)
        raise
