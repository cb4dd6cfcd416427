"""Does the suite see when the code that decides is another? Mutants, and the tests they meet.

    python3.11 -m venv /var/tmp/mutants/.venv
    /var/tmp/mutants/.venv/bin/pip install -r bench/requirements-mutants.txt
    /var/tmp/mutants/.venv/bin/python -m bench.mutants draw --tree . --seed 15
    /var/tmp/mutants/.venv/bin/python -m bench.mutants run --tree . --results after.json
    /var/tmp/mutants/.venv/bin/python -m bench.mutants compare before.json after.json

`draw` writes the list, `bench/mutants.json`: two hundred and a reserve. `run` puts one after the
other into a copy of the tree's commit, and runs the quick tests that execute the line, the quickest
files first, until one fails. Which tests those are is found out first, by one run of all quick
tests. What has a result is not run again. `--later TREE` takes one of the reserve in place of a
mutant whose code is another there. With `--seen DIRECTORY --seen-on TREE` the run on another commit
says which tests run a line; what survives meets the tests that are new since then.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import mutants_list, mutants_plugin
from bench.mutants_copy import FOLDERS, Copy, git
from bench.mutants_list import AREAS, Moved, Mutant

LIST = Path(__file__).with_name("mutants.json")
KILLED = ("killed", "time-out")


class Bench:
    """A tree's commit, and which test runs which line of it."""

    def __init__(self, tree: Path, directory: Path) -> None:
        self.directory = directory
        self.commit = git(tree, "rev-parse", "HEAD").strip()
        self.origin = tree
        mark = directory / "commit"
        if not mark.exists() or mark.read_text() != self.commit:
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            mark.write_text(self.commit)
        (directory / "plugin").mkdir(exist_ok=True)
        shutil.copy(mutants_plugin.__file__, directory / "plugin")

    def copy(self, number: int) -> Copy:
        return Copy(self.origin, self.directory / str(number), self.directory / "plugin")

    def see(self, jobs: int) -> None:
        """Run the tests once: which test runs which line, for how long, and is green."""
        kept = self.directory / "tests.json"
        if kept.exists():
            return
        (self.directory / "seen").mkdir(exist_ok=True)
        with ThreadPoolExecutor(jobs) as pool:
            parts = list(pool.map(self._see, range(len(FOLDERS)), FOLDERS))
        combine = ("-m", "coverage", "combine", "-q", f"--rcfile={self.directory}/0/coveragerc")
        subprocess.run((sys.executable, *combine, str(self.directory / "seen")), check=True)
        kept.write_text(json.dumps({name: test for part in parts for name, test in part.items()}))

    def _see(self, number: int, folders: str) -> dict[str, Any]:
        copy, seen = self.copy(number), self.directory / f"seen-{number}.json"
        settings = copy.directory / "coveragerc"
        sources = ",".join(
            f"{copy.tree}/{folder}" for _, there in AREAS.values() for folder in there
        )
        settings.write_text(
            f"[run]\ndata_file = {self.directory}/seen/c\nparallel = true\n"
            f"source = {sources}\ncontext = ${{MUTANTS_TEST-}}\n"
            f"[paths]\nsource =\n  {self.directory}/0/tree\n  {self.directory}/*/tree\n"
        )
        extra = {"COVERAGE_PROCESS_START": str(settings), "MUTANTS_SEEN": str(seen)}
        # its exit status says nothing: tests that fail are left out later
        copy.pytest(
            [*(f"tests/{folder}" for folder in folders.split()), "-m", "not integration"], extra
        )
        return dict(json.loads(seen.read_text()))

    def tests_of(self, mutant: Mutant) -> dict[str, float]:
        """The green tests that run the mutant's statement, and their seconds; quick files first.

        What is run when a module is loaded has the tests that run anything of that module.
        """
        from coverage import CoverageData

        data = CoverageData(str(self.directory / "seen" / "c"))
        data.read()
        known = json.loads((self.directory / "tests.json").read_text())
        _, line = mutant.put_into(self.origin)
        source = (self.origin / mutant.file).read_text()
        lines = mutants_list.statement_lines(source, line)
        by_line = data.contexts_by_lineno(f"{self.directory}/0/tree/{mutant.file}")
        names = {name for number in lines for name in by_line.get(number, ()) if name}
        if not mutants_list.units(source)[mutant.unit].is_function:
            names = {name for there in by_line.values() for name in there if name}
        seconds = {name: known[name]["seconds"] for name in names if known.get(name, {}).get("ok")}
        files: dict[str, list[str]] = defaultdict(list)
        for name in sorted(seconds, key=seconds.__getitem__):
            files[name.partition("::")[0]].append(name)

        def mean(names: list[str]) -> float:
            return sum(seconds[name] for name in names) / len(names)

        return {name: seconds[name] for there in sorted(files.values(), key=mean) for name in there}

    def chosen(self, mutant: Mutant, most: float, first: str) -> dict[str, float]:
        """The mutant's tests and their seconds; `first`, that which killed it before."""
        tests = self.tests_of(mutant)
        total, chosen = 0.0, {}
        if first in tests:
            chosen[first] = tests[first]
        for name, seconds in tests.items():
            if total + seconds <= most or not chosen:
                chosen[name] = seconds
                total += seconds
        return chosen


def chosen(mutants: list[Mutant], trees: list[Path]) -> list[Mutant]:
    """Those that can be put into all trees, as many of each area as were asked for."""
    left = Counter(mutant.area for mutant in mutants if not mutant.reserve)
    taken = []
    for mutant in mutants:
        if left[mutant.area] == 0:
            continue
        try:
            for tree in trees:
                mutant.put_into(tree)
        except Moved:
            print(f"not in all trees: {mutant.number} {mutant.name}", flush=True)
            continue
        left[mutant.area] -= 1
        taken.append(mutant)
    return taken


def run(options: argparse.Namespace) -> int:
    bench = Bench(options.tree, options.directory)
    before = json.loads(options.before.read_text())["mutants"] if options.before else {}
    record: dict[str, Any] = {"commit": bench.commit, "mutants": {}}
    if options.results.exists():
        record = json.loads(options.results.read_text())
        if record["commit"] != bench.commit:
            print(f"{options.results} is of {record['commit']}", file=sys.stderr)
            return 2
    wanted = chosen(mutants_list.read(LIST), [options.tree, *filter(None, [options.later])])
    if options.only:
        only = {int(number) for number in options.only.split(",")}
        wanted = [mutant for mutant in wanted if mutant.number in only]
    results = record["mutants"]
    seen = Bench(options.seen_on, options.seen) if options.seen else bench
    seen.see(options.jobs)
    copy = bench.copy(0)
    judged, again = (options.directory / f"{name}.jsonl" for name in ("judged", "again"))

    def keep(number: int, result: dict[str, Any]) -> None:
        results[str(number)] = {"name": by_number[number].name, **result}
        part = options.results.with_suffix(".part")
        part.write_text(json.dumps(record, indent=1) + "\n")
        part.rename(options.results)
        print(number, *(f"{k}={v}" for k, v in results[str(number)].items()), flush=True)

    by_number = {mutant.number: mutant for mutant in wanted}
    todo = [
        (
            mutant,
            seen.chosen(mutant, options.most, before.get(str(mutant.number), {}).get("by", "")),
        )
        for mutant in wanted
        if str(mutant.number) not in results
    ]
    found = copy.judge_all(todo, judged)
    for mutant, tests in todo:
        result = found.get(mutant.number, {"outcome": "not put in"})
        if result["outcome"] == "not put in":
            found[mutant.number] = copy.judge(mutant, tests)
    left = [(mutant, {}) for mutant, _ in todo if found[mutant.number]["outcome"] == "survived"]
    if options.seen and left:
        known = json.loads((options.seen / "tests.json").read_text())
        rows = copy.judge_all(left, again, known)
        found |= {number: row for number, row in rows.items() if row["outcome"] in KILLED}
    for mutant, _ in todo:
        keep(mutant.number, found[mutant.number])
    print(told({mutant.number: results[str(mutant.number)] for mutant in wanted}))
    return 0


def told(results: dict[int, dict[str, Any]]) -> str:
    outcomes = Counter(result["outcome"] for result in results.values())
    killed = sum(outcomes[outcome] for outcome in KILLED)
    return f"{killed} of {len(results)} killed: {dict(outcomes)}"


def compare(options: argparse.Namespace) -> int:
    """Both numbers of the mutants that both have; 1 when one lives that was killed before."""
    before, after = (
        json.loads(path.read_text())["mutants"] for path in (options.before, options.after)
    )
    common = sorted(set(before) & set(after), key=int)
    for results in (before, after):
        print(told({int(number): results[number] for number in common}))
    lost = [
        number
        for number in common
        if before[number]["outcome"] in KILLED and after[number]["outcome"] not in KILLED
    ]
    for number in lost:
        print(f"lives now: {number} {after[number]['name']}, killed by {before[number].get('by')}")
    return 1 if lost else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True)
    drawing = commands.add_parser("draw", help="write the list")
    drawing.add_argument("--tree", type=Path, required=True)
    drawing.add_argument("--seed", type=int, default=15)
    drawing.set_defaults(do=lambda o: mutants_list.write(LIST, mutants_list.draw(o.tree, o.seed)))
    running = commands.add_parser("run", help="kill them")
    running.add_argument("--tree", type=Path, required=True, help="a clone; its commit is taken")
    running.add_argument("--later", type=Path, help="a tree into which they must fit, too")
    running.add_argument("--results", type=Path, required=True, help="a file, added to")
    running.add_argument("--directory", type=Path, default=Path("/var/tmp/mutants/work"))
    running.add_argument("--only", help="numbers of the list, separated by commas")
    running.add_argument("--before", type=Path, help="results: what killed then is tried first")
    running.add_argument("--jobs", type=int, default=2, help="folders of tests seen at once")
    running.add_argument("--seen", type=Path, help="directory of a run on another commit")
    running.add_argument("--seen-on", type=Path, help="the clone of that run")
    running.add_argument("--most", type=float, default=90, help="seconds of tests for a mutant")
    running.set_defaults(do=run)
    comparing = commands.add_parser("compare", help="two results")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.set_defaults(do=compare)
    options = parser.parse_args()
    return options.do(options) or 0


if __name__ == "__main__":
    sys.exit(main())
