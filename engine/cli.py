"""`python -m engine`: work on evidence, without a cluster."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from engine.console import clean_lines
from engine.errors import UsageError
from engine.report.evidence_files import read_evidence, refuse_while_it_runs
from engine.report.last_lines import last_lines
from engine.report.replay import NotWritten, rebuild
from engine.run import Ending

USAGE = Ending.USAGE.code


class _Parser(argparse.ArgumentParser):
    """argparse ends with 2, which is `interrupted` here."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 not written, 4 a usage error."""
    given = _parser().parse_args(arguments)
    try:
        return _report(given.run)
    except UsageError as error:
        _say(f"ERROR: {error}", sys.stderr)
        return USAGE
    except NotWritten as error:
        _say(f"ERROR: {error}", sys.stderr)
        return Ending.FAILED.code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m engine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    report = commands.add_parser(
        "report",
        help="make summary.json, report.html and junit.xml of a run from its journal",
        description="Makes summary.json, report.html and junit.xml of a run anew, from its"
        " journal alone, however the run ended. The journal is not touched.",
    )
    report.add_argument("run", type=Path, metavar="reports/RUN", help="the run's directory")
    return parser


def _report(path: Path) -> int:
    evidence = read_evidence(path)
    refuse_while_it_runs(evidence)
    try:
        summary = rebuild(evidence)
    except KeyError as error:
        raise UsageError(
            f"{evidence.directory}: an event of its journal has no field {error}; use the version"
            " of the runbook that wrote it"
        ) from error
    for line in last_lines(summary, evidence.directory):
        _say(line)
    if evidence.is_torn:
        _say("the journal's last line was cut off while it was written; it is left out")
    if evidence.missing:
        _say(evidence.missing)
    return Ending.DONE.code


def _say(text: str, file: TextIO | None = None) -> None:
    """What a node said stands in a journal as it was: here, too, it must not steer the terminal."""
    for line in clean_lines(text) or [""]:
        print(line, file=file)
