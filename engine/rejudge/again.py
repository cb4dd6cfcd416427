"""Judge a run again: check its evidence, run its steps on their own answers, compare."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.rejudge.compare import Again
from engine.rejudge.plugin import Judging
from engine.rejudge.record import Record
from engine.report.evidence_files import Evidence, read_unaltered, told_as_odd
from engine.run import version_step
from engine.run.replay import of_this_process_only

ROOT = Path(__file__).resolve().parents[2]
_GOOD = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


def judge_again(path: Path, root: Path = ROOT, step: str = "") -> Again:
    """Judge the run in this directory by the runbook below `root`. Nothing is written there.

    `step` is the package of the version step, when it is another than that of pytest.ini.

    UsageError: no run's directory, altered evidence, or a run of another upgrade.
    """
    evidence = read_unaltered(path)
    with told_as_odd(evidence.directory):
        judging = Judging(Record(evidence))
        try:
            _run_the_steps(judging, root, step)
        finally:
            judging.close()
        return _again(judging, evidence)


def _run_the_steps(judging: Judging, root: Path, step: str) -> None:
    said = io.StringIO()
    arguments = [
        *(str(root / "runbook"), f"--rootdir={root}", f"--confcutdir={root}"),
        *(f"--config-file={_settings(root)}", "-p", "no:cacheprovider", "-q"),
        # strict it can't be: it has settings of plugins that are not loaded here
        *("-o", "addopts=", "-W", "ignore::pytest.PytestConfigWarning"),
        *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
        *("-W", "ignore::pytest.PytestUnknownMarkWarning"),
        *(("-o", f"{version_step.SETTING}={step}") if step else ()),
    ]
    with of_this_process_only(), redirect_stdout(said), redirect_stderr(said):
        code = pytest.main(arguments, plugins=[judging])
    if judging.problem is not None:
        raise judging.problem
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in _GOOD:
        raise UsageError(f"the steps could not be run ({code}): {said.getvalue().strip()[-500:]}")


def _settings(root: Path) -> Path:
    """The runbook's own, which name its version step; never those of the directory one is in."""
    own = root / "pytest.ini"
    return own if own.is_file() else Path(os.devnull)


def _again(judging: Judging, evidence: Evidence) -> Again:
    record = judging.record
    order = {name: number for number, name in enumerate(record.steps, 1)}
    told = [event["position"] for event in record.before(None) if event["event"] == "position"]
    planned = sum(len(e["steps"]) for e in record.own if e["event"] == "steps")
    reached = sum(
        record.course.was_reached(name)
        for name in dict.fromkeys([*record.steps, *record.course.wrong])
    )
    return Again(
        run=record.begun["run"],
        mode=record.begun["mode"],
        cluster=record.begun["cluster"],
        runbook=(record.begun["runbook"], judging.runbook),
        position=(told[-1], judging.position) if told and judging.position else ("", ""),
        steps=tuple(sorted(judging.steps, key=lambda step: order.get(step.name, 0))),
        not_reached=planned - reached,
        unknown=tuple(judging.unknown),
    )
