"""A run's directory, read back: its journal and the earlier ones, checked to belong together."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import UsageError
from engine.model.event import Event
from engine.record.journal import lines_of, read_journal
from engine.report import earlier
from engine.verify import (
    NOT_VALID,
    Wrong,
    digest,
    in_words,
    missing_in,
    opener_missing,
    read_file,
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
    """What a run left of itself."""

    directory: Path
    own: Sequence[Event]
    """Its own events, `run-started` first."""
    earlier: Sequence[Event]
    """Those of the attempt's runs before it."""
    is_torn: bool
    """The last line was cut off while it was written, and is left out."""
    head: str
    """SHA-256 of its journal's last whole line: what stands for all that was read."""
    missing: str = ""
    """What of the attempt is not there, a sentence; empty when all is."""
    untold: Sequence[str] = ()
    """Files of which no line of a journal tells, a sentence; of a run without a seal, and looked
    for by `read_unaltered` alone."""

    def found(self) -> list[str]:
        """What the journals lack, a sentence each: whoever goes by the run tells it."""
        torn = "the journal's last line was cut off while it was written; it is left out"
        return [
            *([torn] if self.is_torn else ()),
            *([self.missing] if self.missing else ()),
            *(f"missing: {one}" for one in missing_in(self.own, self.earlier)),
            *self.untold,
        ]


def read_evidence(path: Path) -> Evidence:
    """The evidence in a run's directory, or that of its journal. Raises UsageError."""
    directory = directory_of(path)
    journal = directory / JOURNAL
    try:
        raw = read_file(journal)
        whole, _, rest = raw.rpartition(b"\n")
        own = read_journal(lines_of(whole), str(journal))
        before = earlier.read(directory)
    except ValueError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(f"{error.filename}: can't be read ({error.strerror})") from error
    _check_own(own, journal)
    for name, events in before.items():
        _check_earlier(events, own[0], directory / earlier.PLACE / name)
    events = [event for events in before.values() for event in events]
    count = sum(1 for line in lines_of(whole) if line.strip())
    return Evidence(
        directory,
        own,
        events,
        is_torn=bool(rest.strip()) or count > len(own),
        head=_head(raw),
        missing=_missing(own, events),
    )


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


def _head(raw: bytes) -> str:
    whole = raw.rpartition(b"\n")[0]
    return digest(whole.rpartition(b"\n")[2])


def refuse_while_it_runs(evidence: Evidence) -> None:
    """UsageError while the run itself still writes: it makes its reports when it ends."""
    descriptor = os.open(evidence.directory / JOURNAL, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"{evidence.directory}: this run still goes on; it writes its reports when it ends"
        ) from None
    except OSError as error:
        # a file system without locks: the run can't have held one, either
        if error.errno not in _NO_LOCKS:
            raise UsageError(
                f"{evidence.directory}: whether this run still goes on can't be told"
                f" ({error.strerror})"
            ) from error
    finally:
        os.close(descriptor)


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


def _check_own(own: Sequence[Event], journal: Path) -> None:
    if not own or own[0]["event"] != "run-started":
        seen = f"it begins with {own[0]['event']!r}" if own else "there is no whole line in it"
        raise UsageError(f"{journal}: no journal of a run: {seen}; expected run-started first")
    run = own[0]["run"]
    for number, event in enumerate(own, start=1):
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
