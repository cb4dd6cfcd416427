"""One edge: a saved state, a run that is killed, one that goes on, and one from elsewhere."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from engine.record.journal import read_journal
from rehearsal.errors import RehearsalError
from tests.integration.invocation import Ran
from tests.matrix.clones import NotKilled
from tests.matrix.edges import Edge, problem
from tests.matrix.endstate import end_state, files, rewritten
from tests.matrix.worker import Worker
from tests.proving.kind import NotAtStart, Red

COLUMNS = ("state", "load", "killed run", "resumed", "goes on", "third run")
T = TypeVar("T")


class Times:
    """Seconds of each part, for the table."""

    def __init__(self, columns: dict[str, str]) -> None:
        self.columns = columns

    def of(self, column: str, work: Callable[[], T]) -> T:
        begun = time.monotonic()
        try:
            return work()
        finally:
            self.columns[column] = f"{time.monotonic() - begun:.0f}"


def run_edge(worker: Worker, edge: Edge, evidence: Path) -> dict[str, str]:
    """Prove one edge; returns its columns. Raises Red with what is not as it must be."""
    columns = {"resumed": "elsewhere" if edge.resumes_elsewhere else "here"}
    times = Times(columns)
    try:
        columns["state"] = times.of("load", lambda: worker.bring_to(edge.state))
    except (NotKilled, RehearsalError) as error:
        raise NotAtStart(
            f"the cluster can't be brought to {edge.state}: {error}", columns
        ) from error
    with _kept(worker, evidence):
        try:
            problems = _prove(worker, edge, evidence, times)
        except NotKilled as error:
            raise Red(str(error), columns) from error
        if problems:
            (evidence / "problems.txt").write_text("\n".join(problems) + "\n", encoding="utf-8")
            raise Red("; ".join(problems), columns)
    return columns


def _prove(worker: Worker, edge: Edge, evidence: Path, times: Times) -> list[str]:
    first, other = worker.clones
    resuming, last = (other, first) if edge.resumes_elsewhere else (first, other)
    inventory = worker.inventory
    killed = times.of(
        "killed run",
        lambda: first.run_killed(inventory, edge.key, edge.point, evidence / "1-killed.console"),
    )
    problems = _not_killed_there(worker, edge, killed)
    before = files(worker.cluster)
    resumed = times.of("goes on", lambda: resuming.run(inventory, evidence / "2-goes-on.console"))
    problems += _not_done(resumed, "the run that goes on")
    third = times.of("third run", lambda: last.run(inventory, evidence / "3-third.console"))
    problems += _not_done(third, "the third run")
    if problems:
        return problems  # a cluster that was not upgraded differs in everything
    if third.changes:
        problems.append(f"the third run made {len(third.changes)} changes")
    end, after = end_state(worker.cluster), files(worker.cluster)
    problems += [f"written again with the same content: {p}" for p in rewritten(before, after)]
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
