"""The attempt's records on N: baseline, journals, lock. Reading them changes nothing."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import remote
from engine.errors import ParseError, RunbookError, UsageError
from engine.journal import Event, read_journal
from engine.queries import AnswerLike, Query
from engine.transport.base import Transport

DEADLINE = 60.0
LEASE = 60
"""Seconds after which a lock that nobody renewed may be taken over."""


class LockHeld(RunbookError):
    """Another run holds the cluster; `holder` describes it as far as it can be read."""

    def __init__(self, holder: Mapping[str, Any], generation: str) -> None:
        self.holder = holder
        self.generation = generation
        who = ", ".join(f"{key} {value}" for key, value in holder.items()) or "unknown"
        super().__init__(f"the cluster is held by another run ({who})")


class LockLost(RunbookError):
    """Another run took the cluster over, or N can't be reached for longer than the lease."""


@dataclass(frozen=True)
class Attempt:
    """What lies on N of the current or last attempt."""

    id: str
    baseline: Mapping[str, Any] | None
    journals: Mapping[str, str] = field(default_factory=dict)
    """File name of each run's journal -> its text, in order of the runs' start times."""

    @property
    def events(self) -> list[Event]:
        """All events of all runs, oldest run first (run ids start with the UTC time).

        Lines handed over twice, because the first answer was lost, count once.
        """
        events: list[Event] = []
        for name in sorted(self.journals):
            # only "\n" ends a line: what nodes print may hold other characters that look so
            events += read_journal(dict.fromkeys(self.journals[name].split("\n")), name)
        return events


def records_query() -> Query[Attempt | None]:
    """Asks N for its records; None when there are none."""
    return Query(
        name="records of earlier runs",
        argv=remote.script(remote.READ, remote.ROOT),
        parse=_parse_records,
        deadline=DEADLINE,
        ok_codes=(0, remote.NO_RECORDS),
    )


def _parse_records(answer: AnswerLike) -> Attempt | None:
    if answer.code == remote.NO_RECORDS:
        return None
    raw = getattr(answer, "stdout", b"")
    try:
        with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
            files = {
                member.name: stream.read().decode()
                for member in archive
                if (stream := archive.extractfile(member)) is not None
            }
        attempt = files["attempt"].strip()
        base = f"attempts/{attempt}"
        baseline = files.get(f"{base}/baseline.json")
        return Attempt(
            id=attempt,
            baseline=json.loads(baseline) if baseline else None,
            journals={
                name.removeprefix(f"{base}/journal/"): text
                for name, text in files.items()
                if name.startswith(f"{base}/journal/")
            },
        )
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise ParseError(remote.ROOT, "records", f"can't be read: {error}") from error


class RecordsWriter:
    """The one who writes records; made only when the run may change the cluster.

    Every write carries the lock's generation; N refuses an older one.
    """

    def __init__(self, transport: Transport, node: str, holder: Mapping[str, str]) -> None:
        self._transport = transport
        self._node = node
        self._holder = dict(holder)
        self.generation: str | None = None
        self.taken_over = False

    def acquire(self, over: str = "") -> None:
        """Take the cluster's lock; LockHeld when somebody else has it.

        `over` is the generation of a lock whose holder is known to be gone.
        """
        answer = self._run(
            remote.script(remote.ACQUIRE, remote.ROOT, str(LEASE), over),
            (json.dumps(self._holder) + "\n").encode(),
            accepted=(0, remote.HELD),
        )
        lines = answer.splitlines()
        if len(lines) > 1:
            raise LockHeld(_holder_of(lines), lines[0])
        self.generation, state = lines[0].split()
        self.taken_over = state == "held"

    def renew(self) -> None:
        """Extend the lease; LockLost when the lock is no longer ours."""
        self._run(remote.script(remote.RENEW, remote.ROOT, self._generation))

    def release(self) -> None:
        """Give the lock back. Without a lock there is nothing to do."""
        if self.generation is not None:
            self._run(remote.script(remote.RELEASE, remote.ROOT, self.generation))
            self.generation = None

    def append_journal(self, attempt: str, run_id: str, lines: list[str]) -> None:
        """Append lines to this run's journal on N; they are on its disk when this returns."""
        file = f"attempts/{attempt}/journal/{run_id}.jsonl"
        self._write(remote.APPEND, file, "".join(f"{line}\n" for line in lines))

    def open_attempt(self, attempt: str, baseline: Mapping[str, Any]) -> None:
        """Write the baseline, then make the attempt the current one."""
        self._write(remote.REPLACE, f"attempts/{attempt}/baseline.json", json.dumps(baseline))
        self._write(remote.REPLACE, "attempt", attempt + "\n")

    @property
    def _generation(self) -> str:
        if self.generation is None:
            raise LockLost("this run does not hold the cluster's lock")
        return self.generation

    def _write(self, source: str, file: str, content: str) -> None:
        data = content.encode()
        argv = remote.script(source, remote.ROOT, self._generation, file, str(len(data)))
        self._run(argv, data)

    def _run(
        self, argv: tuple[str, ...], stdin: bytes | None = None, accepted: tuple[int, ...] = (0,)
    ) -> str:
        answer = self._transport.run(self._node, argv, stdin=stdin, deadline=DEADLINE)
        if answer.code == remote.SUPERSEDED:
            raise LockLost(
                f"another run took the cluster over: the lock on {self._node} has a newer"
                f" generation than ours ({self.generation}); this run makes no further change"
            )
        if answer.code not in accepted:
            raise UsageError(
                f"records on {self._node}:{remote.ROOT} can't be written"
                f" (exit code {answer.code}: {answer.errors.strip()[-300:]});"
                " free space and permissions of that directory are the usual causes"
            )
        return answer.text


def _holder_of(lines: list[str]) -> Mapping[str, Any]:
    try:
        holder = json.loads(lines[2])
    except (IndexError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
