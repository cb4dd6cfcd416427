"""The command line that long proofs share: `--shard 2/6`, `--only NAME,NAME`, `--count 5`."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tests.proving import table
from tests.proving.choice import named, rotated, shard
from tests.proving.results import ROOT, Result, Results, code_commit

# name of the case, directory for its evidence, number of the worker -> what the table says of it
RunOne = Callable[[str, Path, int], dict[str, str]]


class Red(Exception):
    """A case that did not end as it must; `columns` is what can be said of it all the same."""

    def __init__(self, problem: str, columns: dict[str, str] | None = None) -> None:
        super().__init__(problem)
        self.columns = columns or {}


@dataclass(frozen=True)
class Proof:
    """A kind of proof: its cases, how one is run, and its page."""

    kind: str
    heading: str
    introduction: str
    columns: tuple[str, ...]
    names: tuple[str, ...]
    run: RunOne
    document: str = ""
    """Name of its page when it is not that of the kind."""

    @property
    def page(self) -> Path:
        return ROOT / "docs" / f"{self.document or self.kind}.md"

    @property
    def record(self) -> Path:
        """The page's results for programs, so that another machine goes on where this one was."""
        return ROOT / "docs" / "proofs" / f"{self.kind}.json"


def main(proof: Proof, argv: Sequence[str] | None = None) -> int:
    """Run what is asked for and not green yet; 0 when all of it is green, 1 when not, 4 usage."""
    options = _parser(proof).parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    commit = code_commit(proof.kind)
    results = Results(proof.kind, commit, record=proof.record)
    try:
        chosen = _chosen(proof, options, commit)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 4
    if options.list:
        done = {name for name in chosen if results.is_done(name)}
        print("".join(f"{name}{'  (green)' if name in done else ''}\n" for name in chosen), end="")
        return 0
    if options.table:
        write_page(proof, results)
        return 0
    todo = [n for n in chosen if options.again or not results.is_done(n)]
    print(f"{proof.kind} on {commit}: {len(chosen)} cases, {len(todo)} to run", flush=True)
    try:
        _run_all(proof, results, todo, options.workers)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on with what is not green yet", file=sys.stderr)
        return 130
    if options.count is None:
        write_page(proof, results)  # a few by rotation say too little to replace a page
    kept = results.all()
    red = [name for name in chosen if name not in kept or not kept[name].is_green]
    print(f"{len(chosen) - len(red)} of {len(chosen)} green; {proof.page.relative_to(ROOT)}")
    for name in red:
        print(f"RED {name}: {kept[name].problem if name in kept else 'no result'}")
    return 1 if red else 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Also when it was started in the background, where a shell has SIGINT ignored."""
    raise KeyboardInterrupt(signal.Signals(number).name)


def write_page(proof: Proof, results: Results) -> None:
    """The page with every result of this commit, and its record."""
    if not results.commit.endswith("-dirty"):
        results.write_record()
    text = table.page(
        proof.heading,
        proof.introduction,
        results.commit,
        proof.columns,
        proof.names,
        results.all(),
    )
    table.write(proof.page, text)


def _parser(proof: Proof) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m tests.{proof.kind}")
    parser.add_argument("--shard", help="one part of several, for example 2/6")
    parser.add_argument("--only", help="cases by name, separated by commas")
    parser.add_argument("--count", type=int, help="so many cases, rotated by the commit id")
    parser.add_argument("--workers", type=int, default=1, help="cases at the same time")
    parser.add_argument("--again", action="store_true", help="also those that are green")
    parser.add_argument("--list", action="store_true", help="print the names, run nothing")
    parser.add_argument("--table", action="store_true", help="write the page, run nothing")
    return parser


def _chosen(proof: Proof, options: argparse.Namespace, commit: str) -> list[str]:
    names = list(proof.names)
    if options.only:
        names = named(names, [word.strip() for word in options.only.split(",") if word.strip()])
    if options.shard:
        names = shard(options.shard).pick(names)
    if options.count is not None:
        names = rotated(names, options.count, commit)
    return names


def _run_all(proof: Proof, results: Results, names: Sequence[str], workers: int) -> None:
    if workers == 1:
        # in this very thread: an interrupt ends the case under way, and takes back what it did
        for name in names:
            _run_one(proof, results, name, 0)
        return
    free = list(range(workers))

    def one(name: str) -> None:
        worker = free.pop()
        try:
            _run_one(proof, results, name, worker)
        finally:
            free.append(worker)

    with ThreadPoolExecutor(workers) as pool:
        try:
            for future in [pool.submit(one, name) for name in names]:
                future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)  # those under way end, no other begins
            raise


def _run_one(proof: Proof, results: Results, name: str, worker: int) -> None:
    """Run a case; whatever it raises makes it red, and the next one is run."""
    evidence = results.evidence(name)
    shutil.rmtree(evidence, ignore_errors=True)
    evidence.mkdir(parents=True)
    started, begun = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    columns: dict[str, str] = {}
    problem = ""
    try:
        columns = proof.run(name, evidence, worker)
    except Red as red:
        problem, columns = str(red), red.columns
    except Exception as error:  # noqa: BLE001 - a broken case is a red one, not the end of all
        problem = f"{type(error).__name__}: {error}"
        (evidence / "traceback.txt").write_text(traceback.format_exc(), encoding="utf-8")
    seconds = round(time.monotonic() - begun, 1)
    results.put(Result(name, not problem, started, seconds, columns, problem))
    if not problem:
        shutil.rmtree(evidence)
    word = "green" if not problem else f"RED: {problem}; see {evidence}"
    print(f"{name}: {word} ({seconds:.0f} s)", flush=True)
