"""A run's directory, read back: its journal and the earlier ones, checked to belong together."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import UsageError
from engine.model.event import Event
from engine.record.lines import JournalFile
from engine.report import earlier
from engine.verify import (
    NOT_VALID,
    Wrong,
    in_words,
    missing_in,
    opener_missing,
    verify,
)

JOURNAL = "journal.jsonl"
ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised where a field is missing, or has another type, or a number of any size."""
_UNTOLD = "no line of a journal tells of"
"""How the note of `verify` on such files begins."""
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@dataclass(frozen=True)
class Evidence:
    """What a run left of itself. Of its events the answers that only lists show are in no memory:
    the journals and `of_step` read them (`engine.record.told`)."""

    directory: Path
    journal: JournalFile
    """Its own."""
    before: Mapping[str, JournalFile]
    """Those of the attempt's runs before it, the oldest first."""
    missing: str = ""
    """What of the attempt is not there, a sentence; empty when all is."""
    untold: Sequence[str] = ()
    """Files of which no line of a journal tells, a sentence; of a run without a seal, and looked
    for by `read_unaltered` alone."""

    @property
    def own(self) -> Sequence[Event]:
        """Its own events, `run-started` first, as they are told."""
        return self.journal.told

    @property
    def earlier(self) -> Sequence[Event]:
        """Those of the attempt's runs before it."""
        return [event for journal in self.before.values() for event in journal.told]

    def of_step(self, key: tuple[str, str]) -> Iterator[Event]:
        """All events of a run's step, each answer too; the step '' has those outside of any."""
        run, step = key
        for journal in (*self.before.values(), self.journal):
            if journal.told and journal.told[0]["run"] == run:
                yield from journal.of_step(step)

    @property
    def head(self) -> str:
        """SHA-256 of its journal's last whole line: what stands for all that was read."""
        return self.journal.head

    def found(self) -> list[str]:
        """What the journals lack, a sentence each: whoever goes by the run tells it."""
        torn = "the journal's last line was cut off while it was written; it is left out"
        return [
            *([torn] if self.journal.is_torn else ()),
            *([self.missing] if self.missing else ()),
            *(f"missing: {one}" for one in missing_in(self.own, self.earlier)),
            *self.untold,
        ]


def read_evidence(path: Path) -> Evidence:
    """The evidence in a run's directory, or that of its journal. Raises UsageError."""
    directory = directory_of(path)
    journal = directory / JOURNAL
    try:
        own = JournalFile(journal, _check_own(journal))
        before = earlier.read(directory)
    except ValueError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"{error.filename}: can't be read ({error.strerror})") from error
    if not own.told:
        seen = "there is no whole line in it"
        raise UsageError(f"{journal}: no journal of a run: {seen}; expected run-started first")
    for name, read in before.items():
        _check_earlier(read.told, own.told[0], directory / earlier.PLACE / name)
    found = Evidence(directory, own, before)
    return replace(found, missing=_missing(found.own, found.earlier))


def read_unaltered(path: Path) -> Evidence:
    """The same of a run that is over, for whoever goes by it. Raises UsageError.

    Every file is held to what the run sealed; of a run that was killed, its lines to each other
    and the outputs to the lines that cite them.
    """
    evidence = read_evidence(path)
    refuse_while_it_runs(evidence)
    try:
        verdict = verify(evidence.directory)
    except OSError as error:
        raise UsageError(in_words(error)) from error
    if verdict.code == NOT_VALID:
        raise UsageError(
            f"{evidence.directory}: {verdict.lines[0]}; expected is what the run left, and nothing"
            " goes by evidence that was altered since: bring the whole directory back from a copy,"
            " or name another run"
        )
    notes = (line.strip() for line in verdict.lines)
    return replace(evidence, untold=tuple(note for note in notes if note.startswith(_UNTOLD)))


@contextmanager
def told_as_odd(directory: Path) -> Iterator[None]:
    """Whoever reads the events of this directory's journals: UsageError for what is not as this
    runbook writes it. Another one may have written it, or somebody by hand."""
    try:
        yield
    except KeyError as error:
        raise UsageError(
            f"{directory}: an event of its journal has no field {error}; use the version of the"
            " runbook that wrote it"
        ) from error
    except ODD as error:
        raise UsageError(
            f"{directory}: an event of its journal is not as a run writes it ({error}); use the"
            " version of the runbook that wrote it. If it is this one, please hand in the journal:"
            " then it is a fault of ours"
        ) from error
    except Wrong as error:
        raise UsageError(f"{directory}: NOT VALID: {error}") from error


def refuse_while_it_runs(evidence: Evidence) -> None:
    """UsageError while the run itself still writes: it makes its reports when it ends."""
    try:
        goes_on = is_written(evidence.directory / JOURNAL)
    except OSError as error:
        raise UsageError(
            f"{evidence.directory}: whether this run still goes on can't be told ({error.strerror})"
        ) from error
    if goes_on:
        raise UsageError(
            f"{evidence.directory}: this run still goes on; it writes its reports when it ends"
        )


def is_written(journal: Path) -> bool:
    """Whether the run's process is there: it holds its journal while it lives. Raises OSError."""
    descriptor = os.open(journal, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        # a file system without locks: the run can't have held one, either
        if error.errno not in _NO_LOCKS:
            raise
    finally:
        os.close(descriptor)
    return False


def directory_of(path: Path) -> Path:
    """The run's directory, of its own path or that of its journal. Raises UsageError."""
    try:
        if not path.exists():
            raise UsageError(f"{path}: no such run; a run's directory is reports/RUN")
        directory = path.resolve() if path.is_dir() else path.resolve().parent
        if (directory / JOURNAL).is_file():
            return directory
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror or error})") from error
    raise UsageError(f"{path}: no {JOURNAL} in it, so it is no run's directory (reports/RUN)")


def _check_own(journal: Path) -> Callable[[int, Event], None]:
    """Called with each event and its number: UsageError for one that does not belong there."""
    run = ""

    def check(number: int, event: Event) -> None:
        nonlocal run
        run = run or event["run"]
        if number == 1 and event["event"] != "run-started":
            seen = f"it begins with {event['event']!r}"
            raise UsageError(f"{journal}: no journal of a run: {seen}; expected run-started first")
        if event["run"] != run:
            raise UsageError(
                f"{journal}:{number}: a line of run {event['run']} in the journal of run {run};"
                " two journals were put together"
            )
        if event["seq"] != number:
            raise UsageError(
                f"{journal}:{number}: event {event['seq']}, expected {number}; lines are missing"
                " or were moved"
            )

    return check


def _check_earlier(events: Sequence[Event], begun: Event, path: Path) -> None:
    for number, event in enumerate(events, start=1):
        if event["run"] != events[0]["run"]:
            raise UsageError(
                f"{path}:{number}: a line of run {event['run']} in the journal of run"
                f" {events[0]['run']}; two journals were put together"
            )
        cluster = event.get("cluster") if event["event"] == "run-started" else None
        if cluster is not None and cluster != begun.get("cluster"):
            raise UsageError(
                f"{path}: a journal of cluster {cluster}, but the run is of {begun.get('cluster')}"
            )


def _missing(own: Sequence[Event], before: Sequence[Event]) -> str:
    """An earlier run opened the attempt, and its journal is not there."""
    lost = opener_missing(own, before)
    if not lost:
        return ""
    return (
        f"the journal of run {lost}, which opened the attempt, is not in earlier/: rows and"
        " temporary changes are told as far as the journals go"
    )
