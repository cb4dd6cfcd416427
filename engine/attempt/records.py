"""The attempt's records on N: baseline, journals, lock. Reading them changes nothing."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.attempt import remote
from engine.attempt.comparison_key import key_place
from engine.attempt.noted import TAKEN, Noted, parse_noted
from engine.errors import ParseError, RunbookError, UsageError
from engine.model.answer import Answer
from engine.model.event import Event
from engine.model.query import Query
from engine.record.journal import in_order, read_journal
from engine.record.redact import whole_end
from engine.secrets import Secret
from engine.transport.base import Transport
from engine.verify import read_json
from engine.waiting import boottime

DEADLINE = 60.0
OUTPUTS_KIB = 100 * 1024
"""What the packed outputs of an attempt may take on N."""
FREE_KIB = 1024 * 1024
"""What they leave free there: the vendor's command writes to the same file system."""
LEASE = 60
"""Seconds after which a lock that nobody renewed may be taken over, where its holder says nothing
else (`runbook_lease_seconds`). Read where it is used."""
RUNS_FILE = "runs"
"""The list of an attempt's runs, in its directory."""


class LockHeld(RunbookError):
    """Another run holds the cluster; `holder` describes it as far as it can be read."""

    def __init__(self, holder: Mapping[str, Any], token: str, age: str = "") -> None:
        self.holder = holder
        self.token = token
        super().__init__(_held_by(holder, age))


def _held_by(holder: Mapping[str, Any], age: str) -> str:
    renewed = f"; last heard of {age} s ago" if age else ""
    return f"the cluster is held by another run ({described(holder)}{renewed})"


class LockLost(RunbookError):
    """Another run took the cluster over, or N can't be reached for longer than the lease."""


@dataclass(frozen=True)
class Former:
    """A lock that was held when it was taken: its holder did not give it back."""

    holder: Mapping[str, Any]
    age: int
    """Seconds since it was last renewed, by N's uptime."""


_TOLD = ("who", "by", "host", "run", "since", "pid")


def lease_of(holder: Mapping[str, Any]) -> int:
    """Seconds of the lease that a lock's holder goes by; N's own script reads it alike."""
    told = str(holder.get("lease", ""))
    return int(told) if re.fullmatch(r"[0-9]{1,4}", told, re.ASCII) else LEASE


def described(holder: Mapping[str, Any]) -> str:
    """Who holds or held a cluster, in words."""
    return ", ".join(f"{key} {holder[key]}" for key in _TOLD if key in holder) or "unknown"


@dataclass(frozen=True)
class Attempt:
    """What lies on N of the current or last attempt."""

    id: str
    baseline: Mapping[str, Any] | None
    journals: Mapping[str, str] = field(default_factory=dict)
    """File name of each run's journal -> its text."""
    noted: Noted = field(default_factory=Noted, compare=False)
    """The list of its runs."""

    @property
    def events(self) -> list[Event]:
        """All events of all runs, oldest run first; ValueError names a line that can't be read.

        Lines handed over twice, because the first answer was lost, count once.
        """
        # only "\n" ends a line: what nodes print may hold other characters that look so
        read = {
            name: read_journal(dict.fromkeys(text.split("\n")), name)
            for name, text in self.journals.items()
        }
        return [event for events in in_order(read).values() for event in events]


@dataclass(frozen=True)
class Lock:
    """The lock as it lay on N when the records were read."""

    is_held: bool
    age: int
    """Seconds since it was renewed, by N's uptime."""
    holder: Mapping[str, Any]
    is_known: bool = True
    """It says whether it is held; a file that says neither is somebody else's work."""

    @property
    def is_alive(self) -> bool:
        """Somebody holds it and has renewed it within the lease."""
        return self.is_held and self.age < lease_of(self.holder)

    def __str__(self) -> str:
        return _held_by(self.holder, str(self.age))


@dataclass(frozen=True)
class Records:
    """What N told of earlier runs, and of the one that holds the cluster now."""

    attempt: Attempt | None
    """None: there are no records of an attempt."""
    lock: Lock


def records_query() -> Query[Records]:
    """Asks N for its records and its lock, in one."""
    return Query(
        name="records of earlier runs",
        argv=remote.script(remote.READ, remote.ROOT),
        parse=_parse_records,
        deadline=DEADLINE,
        ok_codes=(0, remote.NO_RECORDS),
    )


_STATES = ("held", "free", "none")


def _parse_records(answer: Answer) -> Records:
    raw = getattr(answer, "stdout", b"")
    try:
        stamp, holder, archive = raw.split(b"\n", 2)
        state, age = stamp.decode().split()
        told = holder_of([holder.decode("utf-8", "replace")], 0)
        lock = Lock(state == "held", int(age), told, state in _STATES)
    except ValueError as error:
        raise ParseError(remote.ROOT, "records", f"can't be read: {error}") from error
    return Records(None if answer.code == remote.NO_RECORDS else _parse_attempt(archive), lock)


def _parse_attempt(raw: bytes) -> Attempt:
    try:
        with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
            files = {
                member.name: _text(member.name, stream.read())
                for member in archive
                if (stream := archive.extractfile(member)) is not None
            }
        attempt = files["attempt"].strip()
        base = f"attempts/{attempt}"
        baseline, runs = (files.get(f"{base}/{name}") for name in ("baseline.json", RUNS_FILE))
        return Attempt(
            id=attempt,
            baseline=read_json(baseline) if baseline else None,
            journals={
                name.removeprefix(f"{base}/journal/"): text
                for name, text in files.items()
                if name.startswith(f"{base}/journal/")
            },
            noted=parse_noted(runs or ""),
        )
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise ParseError(remote.ROOT, "records", f"can't be read: {error}") from error


def _text(name: str, raw: bytes) -> str:
    """A journal's last line may be torn, also within a character; every other file is whole."""
    return raw.decode("utf-8", "replace" if name.endswith(".jsonl") else "strict")


class RecordsWriter:
    """The one who writes records; made only when the run may change the cluster.

    Every write carries the lock's token; N refuses an older one. `clock` goes on while this
    machine sleeps.
    """

    def __init__(
        self,
        transport: Transport,
        node: str,
        holder: Mapping[str, str],
        clock: Callable[[], float] = boottime,
    ) -> None:
        self._transport = transport
        self.node = node
        self._holder = dict(holder)
        self._clock = clock
        self.token: str | None = None
        self.former: Former | None = None
        """Whose lock was taken over, if it was."""
        self.boot = ""
        """What tells this start of N from every other one, as the last write saw it."""
        self._renewed = float("-inf")
        self._lost_to = ""

    @property
    def taken_over(self) -> bool:
        return self.former is not None

    @property
    def lease(self) -> int:
        """Seconds of our lease."""
        return lease_of(self._holder)

    @property
    def age(self) -> float:
        """Seconds since the lease was known to be ours; counted from before the question."""
        return self._clock() - self._renewed

    @property
    def not_ours(self) -> str:
        """Why another run may have changed the cluster since; empty while the lock is ours."""
        if self._lost_to:
            return self._lost_to
        if self.token is None or self.age < self.lease:
            return ""
        return (
            f"{self.node} was last heard of {self.age:.0f} s ago; since the lease of {self.lease} s"
            " is over, another run may have taken the cluster over"
        )

    def acquire(self, over: str = "") -> None:
        """Take the cluster's lock; LockHeld when somebody else has it.

        `over` is the token of a lock whose holder is known to be gone.
        """
        answer = self._run(
            remote.script(remote.ACQUIRE, remote.ROOT, str(LEASE), over),
            (json.dumps(self._holder) + "\n").encode(),
            accepted=(0, remote.HELD),
        )
        lines = answer.text.split("\n")
        if answer.code == remote.HELD:
            self._renewed = float("-inf")
            raise LockHeld(holder_of(lines), lines[0], lines[3] if len(lines) > 3 else "")
        self.token, state, age, self.boot = lines[0].split()
        self.former = Former(holder_of(lines, 1), int(age)) if state == "held" else None

    def renew(self) -> None:
        """Extend the lease; raises LockLost when the lock is no longer ours."""
        argv = remote.script(remote.RENEW, remote.ROOT, self.fencing_token)
        self.boot = self._run(argv).text.strip()

    def keep(self, share: float = 3) -> None:
        """Renew when a third (`share`) of the lease has passed since the last sign of N."""
        if self.age > self.lease / share:
            self.renew()

    def release(self) -> None:
        """Give the lock back. Without a lock there is nothing to do."""
        if self.token is not None:
            self._run(remote.script(remote.RELEASE, remote.ROOT, self.token))
            self.token = None

    def append_journal(self, attempt: str, run_id: str, lines: list[str]) -> None:
        """Append lines to this run's journal on N; they are on its disk when this returns."""
        file = f"attempts/{attempt}/journal/{run_id}.jsonl"
        self._write(remote.APPEND, file, "".join(f"{line}\n" for line in lines))

    def keep_outputs(self, attempt: str, run_id: str, name: str, content: bytes) -> str:
        """Lay packed outputs of a run beside its journal; why N has no room for them, else ''."""
        file = f"attempts/{attempt}/outputs/{run_id}/{name}"
        limits = (str(len(content)), str(OUTPUTS_KIB), str(FREE_KIB))
        argv = remote.script(remote.KEEP, remote.ROOT, self.fencing_token, file, *limits)
        answer = self._run(argv, content, accepted=(0, remote.NO_ROOM))
        if answer.code == remote.NO_ROOM:
            return f"{self.node}: {answer.text.strip()}"
        self.boot = answer.text.strip()
        return ""

    def open_attempt(
        self, attempt: str, baseline: Mapping[str, Any], key: Secret | None = None
    ) -> None:
        """Write the key of its comparisons, the baseline and the list of its runs, which begins
        with this one; then make it the current one."""
        if key is not None:
            self._write(remote.REPLACE, key_place(attempt), key.reveal())
        self._write(remote.REPLACE, f"attempts/{attempt}/baseline.json", json.dumps(baseline))
        taken = f"{TAKEN} {self.fencing_token} {json.dumps(self._holder)}\n"
        self._write(remote.REPLACE, f"attempts/{attempt}/{RUNS_FILE}", taken)
        self._write(remote.REPLACE, "attempt", attempt + "\n")

    def throw_key_away(self, attempt: str) -> None:
        """The attempt is over. Without its key no guess can be tried against what is on record."""
        place = key_place(attempt)
        argv = remote.script(remote.FORGET, remote.ROOT, self.fencing_token, place)
        self.boot = self._run(argv).text.strip()

    @property
    def fencing_token(self) -> str:
        """The token of our lock; LockLost when this run holds none."""
        if self.token is None:
            raise LockLost("this run does not hold the cluster's lock")
        return self.token

    def lost(self, holder: Mapping[str, Any]) -> LockLost:
        """Somebody else's lock is on N: who has it, and what that means for this run."""
        self._lost_to = f"another run took the cluster over ({described(holder)})"
        return LockLost(
            f"another run took the cluster over ({described(holder)}): the lock on {self.node}"
            f" has a newer generation than ours ({self.token});"
            " this run makes no further change"
        )

    def _write(self, source: str, file: str, content: str) -> None:
        data = content.encode()
        argv = remote.script(source, remote.ROOT, self.fencing_token, file, str(len(data)))
        self.boot = self._run(argv, data).text.strip()

    def _run(
        self, argv: tuple[str, ...], stdin: bytes | None = None, accepted: tuple[int, ...] = (0,)
    ) -> Answer:
        asked = self._clock()
        answer = self._transport.run(self.node, argv, stdin=stdin, deadline=DEADLINE)
        if answer.code == remote.SUPERSEDED:
            raise self.lost(holder_of(answer.text.split("\n")))
        if answer.code not in accepted:
            raise UsageError(
                f"records on {self.node}:{remote.ROOT} can't be written"
                f" (exit code {answer.code}: {whole_end(answer.errors)});"
                " free space and permissions of that directory are the usual causes"
            )
        self._renewed = asked
        return answer


def holder_of(lines: Sequence[str], at: int = 2) -> Mapping[str, Any]:
    """The description of a lock's holder, from the lines of the lock; empty when unreadable."""
    try:
        holder = read_json(lines[at])
    except (IndexError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}
