"""Outputs of the attempt's runs on N: given to it packed, fetched by the runs that follow.

A journal on N cites its run's outputs by name and hash. They lie beside it, so that a run from
anywhere can hand over evidence in which every citation leads somewhere. They were masked before
they were written. No step waits for them: an output that N does not take is told in the journal.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import math
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from engine.atomic import atomic_write, write_atomically
from engine.attempt import remote
from engine.attempt.records import RecordsWriter
from engine.errors import RunbookError
from engine.model.answer import Lost
from engine.model.event import Event
from engine.model.groups import grouped
from engine.record.run import Run
from engine.transport.base import Transport
from engine.verify import FETCHED, OUTPUTS, Cited, Wrong, cited_by, digest

CHUNK = 1 << 20
"""Bytes of packed outputs that are sent in one piece."""
LARGEST = 16 << 20
"""Bytes of an output; a larger one stays on the machine of its run."""
DEADLINE = 300.0
EVERY = 15.0
"""Seconds between two results after which a piece is sent: a small change takes less time than the
piece, and several results share one."""
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_SUFFIX = ".tar.gz"

Wanted = Mapping[str, Mapping[str, Cited]]
"""Run -> file name -> what its journal says of it."""


class Keeper:
    """Gives N this run's outputs, piece by piece, and stops when it has no room."""

    def __init__(self, run: Run, records: RecordsWriter) -> None:
        self._run = run
        self._records = records
        self._pieces = 0
        self._next = -math.inf
        """When the next result takes a piece along."""
        self.problem = ""
        """Why N takes none any more; told once."""

    def keep_some(self, now: float) -> None:
        """Send a piece, unless one was sent a moment ago; `now` by a clock that only goes forward.
        Raises Lost, RunbookError."""
        if now >= self._next:
            self._next = now + EVERY
            self.keep(1)

    def keep(self, most: int | None = None) -> None:
        """Send what N has not got, at most so many pieces. Raises Lost, RunbookError."""
        attempt = self._run.attempt
        while attempt is not None and not self.problem and (files := self._run.outputs.unsent()):
            if most is not None and most <= 0:
                return
            content, count = packed(files)
            if content:
                self._send(attempt, content)
                most = None if most is None else most - 1
            self._run.outputs.sent(count)

    def _send(self, attempt: str, content: bytes) -> None:
        name = f"{self._pieces + 1:04}{_SUFFIX}"
        self.problem = self._records.keep_outputs(attempt, self._run.run_id, name, content)
        self._pieces += 1
        if self.problem:
            self._run.record("bookkeeping", problem=f"N keeps no more outputs: {self.problem}")


def packed(files: Sequence[Path], most: int = CHUNK) -> tuple[bytes, int]:
    """The first of these, as many as make a piece, and how many they are.

    Left out are those that are too large, and those that are not there any more.
    """
    made, count, kept = io.BytesIO(), 0, 0
    with tarfile.open(fileobj=made, mode="w:gz", compresslevel=6) as archive:
        for path in files:
            count += 1
            try:
                raw = path.read_bytes() if path.stat().st_size <= LARGEST else None
            except OSError:
                raw = None
            if raw is not None:
                entry = tarfile.TarInfo(path.name)
                entry.size = len(raw)
                archive.addfile(entry, io.BytesIO(raw))
                kept += 1
            if made.tell() >= most:
                break
    return (made.getvalue() if kept else b""), count


def wanted_by(events: Iterable[Event], own: str) -> dict[str, dict[str, Cited]]:
    """What the journals of earlier runs cite."""
    wanted: dict[str, dict[str, Cited]] = {}
    for event in events:
        run = str(event["run"])
        if run == own or not _RUN.fullmatch(run):
            continue
        of_run = wanted.setdefault(run, {})
        try:
            of_run.update((cited.name, cited) for cited in cited_by(dict(event)))
        except Wrong:
            continue  # it leads nowhere; `verify` says so
    return {run: cited for run, cited in wanted.items() if cited}


class Fetcher:
    """Brings the cited outputs of earlier runs into this run's directory."""

    def __init__(self, run: Run, transport: Transport) -> None:
        self._run = run
        self._transport = transport
        self._place = run.directory / OUTPUTS
        self.found_here: dict[str, list[Path]] = {}
        """Earlier run -> outputs of it that this machine has and N lacks."""

    def fetch(self, node: str, attempt: str, earlier: Sequence[Event]) -> None:
        """From N, else from a run's own directory on this machine; the journal says what lacks."""
        wanted = wanted_by(earlier, self._run.run_id)
        self._forget_others(wanted)
        problem = self._from_n(node, attempt, wanted) if wanted else ""
        self.found_here = {run: self._from_here(run, cited) for run, cited in wanted.items()}
        hosts = {e["run"]: str(e.get("host", "")) for e in earlier if e["event"] == "run-started"}
        for run, cited in wanted.items():
            lacking = self._lacking(run, cited)
            host = hosts.get(run, "")
            whys = grouped((problem or _why(cited[name], host), name) for name in sorted(lacking))
            self._run.record(
                FETCHED,
                step="",
                of=run,
                files=len(cited) - len(lacking),
                missing=[{"why": why, "files": names} for why, names in whys.items()],
            )

    def give(self, attempt: str, records: RecordsWriter) -> None:
        """Give N what an earlier run could not, and this machine has."""
        for run, files in self.found_here.items():
            left, pieces = list(files), 0
            while left:
                content, count = packed(left)
                del left[:count]
                pieces += 1
                name = f"late-{self._run.run_id}-{pieces:04}{_SUFFIX}"
                try:
                    problem = content and records.keep_outputs(attempt, run, name, content)
                except (Lost, RunbookError) as error:
                    problem = str(error)
                if problem:
                    text = f"outputs of run {run} are not on N: {problem}"
                    self._run.record("bookkeeping", problem=text)
                    return
        self.found_here = {}

    def _forget_others(self, wanted: Wanted) -> None:
        for path in self._place.iterdir():
            if path.is_dir() and path.name not in wanted:
                shutil.rmtree(path)

    def _lacking(self, run: str, cited: Mapping[str, Cited]) -> list[str]:
        return [name for name in cited if not (self._place / run / name).is_file()]

    def _from_n(self, node: str, attempt: str, wanted: Wanted) -> str:
        """Why none could be fetched; '' when N handed over what it has."""
        if not any(self._lacking(run, cited) for run, cited in wanted.items()):
            return ""
        got = self._place / ".fetched.tar"
        try:
            argv = remote.script(remote.OUTPUTS, remote.ROOT, attempt)
            answer = self._transport.fetch(node, argv, got, deadline=DEADLINE)
            if answer.code not in (0, remote.NO_RECORDS):
                said = self._run.redactor.clean_output(answer.errors.strip())[-200:]
                return f"{node} did not hand them over (exit code {answer.code}: {said})"
            if answer.code == 0:
                self._unpack(got, wanted)
        except (Lost, OSError, tarfile.TarError) as error:
            return f"they could not be fetched from {node}: {error}"
        finally:
            got.unlink(missing_ok=True)
        return ""

    def _unpack(self, got: Path, wanted: Wanted) -> None:
        for run, name, raw in _contents(got, wanted):
            self._keep(run, wanted[run][name], raw)

    def _keep(self, run: str, cited: Cited, raw: bytes) -> bool:
        """Write it, when it is what the journal cites."""
        if digest(raw) != cited.sha256:
            return False
        directory = self._place / run
        directory.mkdir(mode=0o700, exist_ok=True)
        write_atomically(directory / cited.name, raw)
        return True

    def _from_here(self, run: str, cited: Mapping[str, Cited]) -> list[Path]:
        """Those that N lacks and the run's own directory has; nothing else is taken from it."""
        source = self._run.directory.parent / run / OUTPUTS
        found = []
        for name in self._lacking(run, cited):
            path = source / name
            try:
                if path.is_symlink() or not path.is_file() or _size(path) != cited[name].size:
                    continue
                if digest_of(path) != cited[name].sha256:
                    continue
                found.append(_copied(path, self._place / run))
            except OSError:
                continue  # unreadable here, or no room: told as missing
        return found


def _contents(got: Path, wanted: Wanted) -> Iterator[tuple[str, str, bytes]]:
    """Run, name and content of what is wanted; sizes are taken from the journal, not from N."""
    with tarfile.open(got) as pieces:
        for piece in pieces:
            run = Path(piece.name).parent.name
            is_wanted = run in wanted and piece.isfile()
            stream = pieces.extractfile(piece) if is_wanted else None
            if stream is not None and piece.name.endswith(_SUFFIX):
                # a piece that is damaged lacks its files, the others have theirs
                with contextlib.suppress(tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
                    for name, raw in _of_piece(stream, wanted[run]):
                        yield run, name, raw


def _of_piece(stream: IO[bytes], cited: Mapping[str, Cited]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for entry in archive:
            known = cited.get(entry.name)
            if known is None or not entry.isfile() or entry.size != known.size:
                continue
            content = archive.extractfile(entry)
            if content is not None:
                yield entry.name, content.read()


def _why(cited: Cited, host: str) -> str:
    where = f"it is on {host or 'the machine'} of that run, in the run's own directory"
    if isinstance(cited.size, int) and cited.size > LARGEST:
        return f"larger than {LARGEST >> 20} MiB; {where}"
    return f"N has not got it: the run ended before, or N had no room; {where}"


def _copied(path: Path, directory: Path) -> Path:
    """The copy in there (0600), whole; OSError."""
    directory.mkdir(mode=0o700, exist_ok=True)
    with path.open("rb") as source, atomic_write(directory / path.name) as file:
        shutil.copyfileobj(source, file)
    return directory / path.name


def _size(path: Path) -> int:
    return path.stat().st_size


def digest_of(path: Path) -> str:
    """SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
