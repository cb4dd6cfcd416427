"""A copy of a commit's tree, in which mutants come and go, and what its tests say of them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.mutants_list import Mutant

PATIENCE = 2
"""A mutant may take so much longer than its tests took without it, and ten seconds."""
MEMORY = 2 << 30
"""Bytes; a mutant whose tests take more is as one that never ends."""
NEW_TESTS = 300
"""Seconds of CPU for the tests that the commit whose lines were seen does not have."""
FOLDERS = (
    "plugin",
    "actions",
    "engine",
    "evidence rejudge secrets",
    "judge parse properties probing",
)
"""Of `tests/`: those that can see the code that decides; what is run at once is one entry."""


def limit(tests: dict[str, float]) -> float:
    """Seconds of CPU after which a mutant is one that never ends."""
    return 10 + PATIENCE * sum(tests.values())


class Copy:
    """A copy of a commit, in which mutants come and go."""

    def __init__(self, origin: Path, directory: Path, plugin: Path) -> None:
        self.directory = directory
        self.plugin = plugin
        self.tree = directory / "tree"
        if not (directory / "whole").exists():
            shutil.rmtree(directory, ignore_errors=True)
            self.tree.mkdir(parents=True)
            _unpack(origin, self.tree)
            # valid by the source's text: a mutant may be as long and as old as what it replaces
            subprocess.run(
                (sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash",
                 "engine", "runbook", "rehearsal"), cwd=self.tree, check=True,
            )  # fmt: skip
            (directory / "whole").touch()

    def judge(self, mutant: Mutant, tests: dict[str, float]) -> dict[str, Any]:
        """Put the mutant in, run these tests until one fails, and take it out again."""
        text, _ = mutant.put_into(self.tree)
        path = self.tree / mutant.file
        chosen, killer = self.directory / "chosen.json", self.directory / "killer"
        chosen.write_text(json.dumps(list(tests)))
        killer.unlink(missing_ok=True)
        source, begun = path.read_text(), time.monotonic()
        path.write_text(text)
        try:
            code = self.pytest(
                ["-x", *self._files(tests)],
                {"MUTANTS_CHOSEN": str(chosen), "MUTANTS_KILLER": str(killer)},
                limit(tests),
            )
        finally:
            path.write_text(source)
        seconds = round(time.monotonic() - begun, 1)
        if code is None:
            return {"outcome": "time-out", "seconds": seconds}
        if code in (0, 5):
            return {"outcome": "survived" if code == 0 else "no test", "seconds": seconds}
        by = killer.read_text() if killer.exists() else "the tests can't be started"
        return {"outcome": "killed", "by": by, "seconds": seconds}

    def judge_all(
        self,
        mutants: list[tuple[Mutant, dict[str, float]]],
        judged: Path,
        known: Iterable[str] = (),
    ) -> dict[int, dict[str, Any]]:
        """Those in functions, in one process; what became of each.

        One without tests meets all that are not among the `known` ones.
        """
        done = _judged(judged)
        orders = [
            {
                "number": mutant.number,
                "path": os.path.realpath(self.tree / mutant.file),
                "unit": mutant.unit,
                "text": mutant.put_into(self.tree)[0],
                "tests": list(tests),
                "known": [] if tests else list(known),
                "limit": limit(tests) if tests else NEW_TESTS,
            }
            for mutant, tests in mutants
            if mutant.number not in done
        ]
        path = self.directory / "orders.json"
        path.write_text(json.dumps(orders))
        files = self._files(name for _, tests in mutants for name in tests)
        extra = {"MUTANTS_ORDERS": str(path), "MUTANTS_JUDGED": str(judged)}
        if known:
            files = [f"tests/{folder}" for part in FOLDERS for folder in part.split()]
        if orders:
            self.pytest([*files, "-m", "not integration"], extra)
        return _judged(judged)

    def _files(self, names: Iterable[str]) -> list[str]:
        """The files of these tests, as far as they are there."""
        files = dict.fromkeys(name.partition("::")[0] for name in names)
        return [file for file in files if (self.tree / file).exists()]

    def pytest(
        self, arguments: list[str], extra: dict[str, str], limit: float | None = None
    ) -> int | None:
        """Its exit status; None when it had to be ended. The limit is of its seconds of CPU."""
        scratch = self.directory / "t"
        shutil.rmtree(scratch, ignore_errors=True)
        command = (sys.executable, "-m", "pytest", "-q", "-p", "mutants_plugin", "-p",
                   "no:cacheprovider", f"--basetemp={scratch}", *arguments)  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(self.plugin), **extra}
        if limit is not None:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"

        def limited() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 5))

        with (self.directory / "log").open("w") as output, subprocess.Popen(
            command, cwd=self.tree, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True, preexec_fn=limited,
        ) as process:  # fmt: skip
            ended = _end_of(process, None if limit is None else 10 * limit)
        return ended if ended is None or ended >= 0 else None


def _end_of(process: subprocess.Popen[bytes], limit: float | None) -> int | None:
    """Wait for it; end it with all that it has started when it takes too long or too much."""
    begun = time.monotonic()
    while True:
        try:
            return process.wait(2)
        except subprocess.TimeoutExpired:
            pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1:2]
            too_much = int(*pages or ("0",)) * resource.getpagesize() > MEMORY
            if too_much or (limit is not None and time.monotonic() - begun > limit):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return None


def _judged(path: Path) -> dict[int, dict[str, Any]]:
    """Number of a mutant -> what became of it."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {row.pop("number"): row for row in map(json.loads, lines)}


def git(tree: Path, *arguments: str) -> str:
    return subprocess.run(
        ("git", "-C", str(tree), *arguments), check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def _unpack(origin: Path, tree: Path) -> None:
    """The commit's files as a repository of their own: some tests ask git for it."""
    packed = subprocess.run(
        ("git", "-C", str(origin), "archive", "HEAD"), check=True, stdout=subprocess.PIPE
    )
    subprocess.run(("tar", "-x", "-C", str(tree)), input=packed.stdout, check=True)
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "-c", "user.name=bench", "-c", "user.email=bench@example.test", "commit", "-q", "-m",
         "as it is")  # fmt: skip
