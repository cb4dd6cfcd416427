"""The command line of the long proofs: which cases are run, and what is said of them."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tests.proving import table
from tests.proving.choice import named, rotated, shard, words
from tests.proving.crew import LETTERS, Crew
from tests.proving.kind import Case, Kind
from tests.proving.results import KEPT, ROOT, Result, Results, code_commit
from tests.proving.sources import keys
from tests.proving.worker import Ended

WORKERS = 4
"""Cases at the same time: what two processors and 4 GiB of memory bear."""


def main(
    kinds: Sequence[Kind],
    argv: Sequence[str] | None = None,
    root: Path = ROOT,
    page: table.Page = table.PROOF,
) -> int:
    """Run what is asked for and not green yet; 0 when all of it is green, 1 when not, 4 usage."""
    options = _parser().parse_args(argv)
    try:
        proof = Proof.of(kinds, options.kinds, root, page)
        chosen = proof.chosen(options)
        if not 1 <= options.workers <= len(LETTERS):
            raise ValueError(f"--workers {options.workers}: expected 1 to {len(LETTERS)}")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 4
    if options.list:
        for case in chosen:
            print(f"{case}{'  (green)' if case in proof.done else ''}")
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    done = set() if options.again else proof.done
    todo = [case for case in chosen if case not in done]
    _say(f"{len(chosen)} cases, {len(todo)} to run, on {proof.commit}")
    crew = Crew(proof.kinds, options.workers, proof.begin, proof.put, _say)
    try:
        crew.run(todo)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on with what is not green yet", file=sys.stderr)
        return 130
    return proof.told(chosen, is_page_wanted=not options.some)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Also when it was started in the background, where a shell has SIGINT ignored."""
    raise KeyboardInterrupt(signal.Signals(number).name)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


@dataclass(frozen=True)
class Proof:
    """The kinds that are asked for, and what is known of their cases on this state of the code."""

    kinds: Mapping[str, Kind]
    root: Path
    commit: str
    is_whole: bool
    """The kinds of the page, all of them."""
    results: Mapping[str, Results]
    leaves: table.Page
    _started: dict[Case, str] = field(default_factory=dict)

    @classmethod
    def of(cls, kinds: Sequence[Kind], asked: str | None, root: Path, page: table.Page) -> Proof:
        """Raises ValueError when a kind is asked for that there is not."""
        names = named([kind.name for kind in kinds], words(asked)) if asked else None
        whole = {kind.name for kind in kinds if kind.is_on_page}
        wanted = whole if names is None else set(names)
        found = {kind.name: kind for kind in kinds if kind.name in wanted}
        results = {
            name: Results(name, keys(name, kind.groups, root), root / KEPT.name)
            for name, kind in found.items()
        }
        return cls(found, root, code_commit(found, root), wanted == whole, results, page)

    @property
    def cases(self) -> list[Case]:
        return [case for kind in self.kinds.values() for case in kind.cases]

    @property
    def page(self) -> Path:
        return self.root / "docs" / f"{self.leaves.name}.md"

    def chosen(self, options: argparse.Namespace) -> list[Case]:
        """The cases asked for. Raises ValueError, with what there is, when one is not there."""
        names = [case.name for case in self.cases]
        if options.only:
            names = named(names, words(options.only))
        if options.shard:
            names = shard(options.shard).pick(names)
        if options.count is not None:
            names = rotated(names, options.count, self.commit)
        if options.some:
            names = self._some(options.some)
        return [case for case in self.cases if case.name in set(names)]

    def _some(self, text: str) -> list[str]:
        """`matrix=3,faults=5`: so many of each, rotated by the commit id."""
        found: list[str] = []
        for word in words(text):
            kind, _, number = word.partition("=")
            if kind not in self.kinds or not number.isdecimal():
                raise ValueError(
                    f"--some {text!r}: expected KIND=NUMBER,... of {', '.join(self.kinds)}"
                )
            found += rotated(list(self.kinds[kind].groups), int(number), self.commit)
        return found

    @property
    def done(self) -> set[Case]:
        """Those that are green on this state of the code."""
        names = {kind: results.done for kind, results in self.results.items()}
        return {case for case in self.cases if case.name in names[case.kind]}

    def begin(self, case: Case) -> Path:
        """An empty directory for what the case leaves."""
        self._started[case] = datetime.now(UTC).isoformat(timespec="seconds")
        evidence = self.results[case.kind].evidence(case.name)
        shutil.rmtree(evidence, ignore_errors=True)
        evidence.mkdir(parents=True)
        return evidence

    def put(self, case: Case, ended: Ended) -> None:
        """Keep how a case ended, and its evidence when it is red."""
        results, started = self.results[case.kind], self._started[case]
        is_green = not ended.problem
        result = Result(case.name, is_green, started, ended.seconds, ended.columns, ended.problem)
        results.put(result)
        evidence = results.evidence(case.name)
        if is_green:
            shutil.rmtree(evidence)
        word = "green" if is_green else f"RED: {ended.problem[:300]}; see {evidence}"
        _say(f"{case}: {word} ({ended.seconds:.0f} s)")

    def told(self, chosen: Sequence[Case], *, is_page_wanted: bool) -> int:
        """Say what became of the chosen ones; the page when nothing is missing."""
        found = {kind: results.all() for kind, results in self.results.items()}
        ends = {case: found[case.kind].get(case.name) for case in chosen}
        red = {case: result for case, result in ends.items() if not (result and result.is_green)}
        _say(f"{len(chosen) - len(red)} of {len(chosen)} green")
        for case, result in red.items():
            print(f"RED {case}: {result.problem[:300] if result else 'no result'}")
        if self.is_whole and is_page_wanted:
            self._page()
        return 1 if red else 0

    def _page(self) -> None:
        missing = len(self.cases) - len(self.done)
        place = self.page.relative_to(self.root)
        if missing:
            of = f"{missing} of {len(self.cases)} cases are not green on {self.commit}"
            print(f"{place} is not written: {of}. `{self.leaves.command}` goes on with them")
            return
        parts = [(kind, self.results[name].all()) for name, kind in self.kinds.items()]
        table.write(self.page, table.page(self.commit, parts, self.leaves))
        print(f"{place} is written: {len(self.cases)} cases green")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.proving")
    parser.add_argument("--kinds", help="some of them, separated by commas; else all of the page")
    parser.add_argument("--shard", help="one part of several, for example 2/6")
    parser.add_argument("--only", help="cases by name, separated by commas")
    parser.add_argument("--count", type=int, help="so many cases, rotated by the commit id")
    parser.add_argument("--some", help="so many of each kind, for example matrix=3,faults=5")
    parser.add_argument("--workers", type=int, default=WORKERS, help="cases at the same time")
    parser.add_argument("--again", action="store_true", help="also those that are green")
    parser.add_argument("--list", action="store_true", help="print the names, run nothing")
    return parser
