"""`--snapshot` and `--snapshot-of`: when a snapshot is asked for, made, and told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.ask.look import Look
from engine.errors import RunbookError, UsageError
from engine.judge.text import many
from engine.record.run import Run
from engine.report.console import clean_lines
from engine.report.evidence_files import read_evidence, read_unaltered
from engine.run.options import refuse_blank
from engine.run.usage import as_pytest_has_it
from engine.run.version_step import SETTING, release_below
from engine.snapshot.asking import ask_the_rest
from engine.snapshot.writing import NAME, write_snapshot

_READ = "read its index.txt before it leaves the house"
_ROOT = Path(__file__).resolve().parents[2]
_NOT_DONE = 1


def ask_for_snapshot(run: Run, look: Look | None, say: Callable[[str], None]) -> None:
    """Ask what a plan does not; each answer is recorded. Nothing without `--snapshot`."""
    if not run.wants_snapshot or look is None or run.interrupts.count:
        return
    say("the snapshot: what the plan has not asked is asked now; nothing is changed")
    problems = ask_the_rest(look, run.release, run.redactor.clean_output)
    for problem in problems:
        say(f"not in the snapshot: {problem}")


def snapshot_lines(run: Run) -> list[str]:
    """Make the snapshot of a plan that wants one, in the run's directory; how that went."""
    if not run.wants_snapshot:
        return []
    path = run.directory / NAME
    if run.interrupts.count:
        return ["snapshot: not made, the run was interrupted"]
    try:
        evidence = read_evidence(run.directory)
        size = write_snapshot(evidence, run.release, path, run.redactor.clean)
    except (RunbookError, OSError) as error:
        path.unlink(missing_ok=True)
        why = getattr(error, "strerror", None) or error
        return [f"snapshot: NOT WRITTEN: {run.redactor.clean_output(str(why))}"]
    return [_made(path, size)]


def made_of_run(config: pytest.Config) -> int | None:
    """`--snapshot-of`: the exit code; None: it was not given."""
    given = config.getoption("snapshot_of")
    if given is None:
        return None
    try:
        refuse_blank(config)
        lines = _made_of(config, config.invocation_params.dir / str(given))
    except UsageError as error:
        raise as_pytest_has_it(error) from None
    except (RunbookError, OSError) as error:
        lines, code = [f"ERROR: {getattr(error, 'strerror', None) or error}"], _NOT_DONE
    else:
        code = 0
    for line in lines:
        for clean in clean_lines(line):
            print(clean)
    return code


def _made_of(config: pytest.Config, run: Path) -> list[str]:
    if config.getoption("snapshot") or config.getoption("plan"):
        raise UsageError(
            "--snapshot-of with --plan or --snapshot: one goes by a run's record and asks nobody,"
            " the others ask the cluster; give one of them"
        )
    path = config.invocation_params.dir / NAME
    evidence = read_unaltered(run)
    if path.resolve().is_relative_to(evidence.directory):
        raise UsageError(
            f"{path}: the evidence of a run stays as it is; give the command elsewhere"
        )
    if path.exists():
        raise UsageError(f"{path} is there already; move it away, then give the command again")
    release = release_below(_ROOT, str(config.getini(SETTING)))
    return [_made(path, write_snapshot(evidence, release, path)), *evidence.found()]


def _made(path: Path, size: int) -> str:
    shown = f"{size >> 10} KiB" if size >= 1 << 10 else many(size, "byte")
    return f"snapshot: {path}, {shown}; {_READ}"
