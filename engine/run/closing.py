"""The end of a run within pytest: the ending, the report files, the last words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.model.ending import Ending
from engine.prove.seal import seal
from engine.record.interrupts import Interrupts
from engine.record.run import Run
from engine.report.console import LastingOutput, clean_line
from engine.report.summary import planned_steps
from engine.run.ending import Ended, finish, write_support
from engine.run.hooks import ENDED
from engine.run.session import Session
from engine.run.snapshot import snapshot_lines
from engine.run.step_report import replayed
from engine.secrets import Secret

WRITTEN = ("report.html", "junit.xml")


class Hearing:
    """pytest took a KeyboardInterrupt: from here on the run ends, signals are only answered."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self.begun = False
        """The run is there, and tells its end itself."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        self._interrupts.ending = True
        if not self.begun:
            print("interrupted before the run had begun: nothing was asked or changed")


def lasting(config: pytest.Config, run: Run) -> LastingOutput:
    """pytest's terminal, made one that may go away; the same one at every call."""
    # pytest has no public way to give its terminal another file
    writer = config.get_terminal_writer()
    if not isinstance(writer._file, LastingOutput):
        writer._file = LastingOutput(writer._file, run.redactor.clean)
    return writer._file


def end(session: pytest.Session, run: Run, made: Session | None, exitstatus: int) -> Ended:
    """The run's own ending; sets pytest's exit status. Steps that did not end get their rows."""
    run.interrupts.ending = True
    _halt_for(run, exitstatus)
    failed = exitstatus == pytest.ExitCode.TESTS_FAILED
    ended = finish(run, made, _failed_in(session.config) if failed else "")
    session.config.stash[ENDED] = ended
    session.exitstatus = ended.exit_code
    _show_the_rest(session.config, run, ended)
    return ended


def _halt_for(run: Run, exitstatus: int) -> None:
    """What pytest's own exit status says beyond what the run knows."""
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        by = run.interrupts.name or "a person"
        during = f" during {run.step}" if run.step else ""
        run.halt(
            Ending.INTERRUPTED,
            f"the run was interrupted by {by}{during}",
            "Run again. A command that was started on the cluster goes on there: it is followed,"
            " and what is done already is not done twice.",
        )
    elif exitstatus == pytest.ExitCode.USAGE_ERROR:
        run.halt(Ending.USAGE, "the invocation or the runbook is wrong", "See the message above.")
    elif exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        run.halt(Ending.FAILED, f"pytest ended with {exitstatus}", "See the message above.")


def _failed_in(config: pytest.Config) -> str:
    """What pytest counts as failed, in words; a step that was done may have failed afterwards."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    reports = [*reporter.stats.get("error", []), *reporter.stats.get("failed", [])]
    said = [
        f"{report.runbook_step}: its {report.when} failed: {report.runbook_message}"
        for report in reports
        if hasattr(report, "runbook_step") and hasattr(report, "runbook_message")
    ]
    return "; ".join(said) or "pytest counts something as failed"


def _show_the_rest(config: pytest.Config, run: Run, ended: Ended) -> None:
    """A row in the reports for each step that pytest did not come to, or that was cut short."""
    events = run.journal.events
    told = {event["name"] for event in events if event["event"] == "step-ended"}
    planned = {step["name"]: step for step in planned_steps(events)}
    for step in ended.summary["steps"]:
        if step["name"] not in told and step["name"] in planned:
            mine = run.journal.of_step(step["name"])
            for report in replayed(step, {}, mine, planned[step["name"]]):
                config.hook.pytest_runtest_logreport(report=report)


@contextmanager
def reports_written(config: pytest.Config, run: Run, ended: Ended) -> Iterator[None]:
    """pytest-html and junit write within; what they can't write is told, not raised."""
    try:
        with lasting(config, run).muted():
            yield
    except OSError as error:
        why = error.strerror or str(error)
        for name in WRITTEN:
            # half a report would be taken for a whole one
            (run.directory / name).unlink(missing_ok=True)
            ended.unwritten.append(f"{run.directory / name} ({why})")


def leave(config: pytest.Config, run: Run, made: Session | None) -> None:
    """The last words, and everything closed."""
    if config.stash.get(ENDED, None) is None:  # it ended before pytest's session had begun
        run.interrupts.ending = True
        _halt_for(run, pytest.ExitCode.INTERRUPTED if run.interrupts.count else 1)
        run.halt(Ending.FAILED, "the run ended before its first look", "See the message above.")
        config.stash[ENDED] = finish(run, made)
    for name in WRITTEN:
        path = run.directory / name
        if path.exists():
            path.chmod(0o600)
    write_support(run, made, config.stash[ENDED])
    config.stash[ENDED].lines.extend(snapshot_lines(run))
    sealed = seal(run, config.stash[ENDED].signing)
    Secret.unwatched_by(run.redactor.learn)
    ended = config.stash[ENDED]
    ended.sealed.extend(sealed.lines())
    ended.unwritten.extend(sealed.unwritten)
    for line in ended.last_lines():
        if made is not None:
            made.console.line(line)
        elif config.pluginmanager.hasplugin("terminalreporter"):
            lasting(config, run).write(f"{clean_line(line)}\n")
        else:
            print(clean_line(line))
