"""Changes as data: what an action yields and the engine shows or applies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.model.finding import Finding
from engine.secrets import Secret


class Outcome(StrEnum):
    """How a change ended. UNKNOWN: no answer came, so that it may be either."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


_WEIGHT = {Outcome.OK: 0, Outcome.UNKNOWN: 1, Outcome.FAILED: 2}


def merged(outcomes: Iterable[Outcome]) -> Outcome:
    """Several changes as one: FAILED if one is, else UNKNOWN if one is, else OK, as for none."""
    return max(outcomes, key=_WEIGHT.__getitem__, default=Outcome.OK)


@dataclass(frozen=True)
class Settlement:
    """A person's word on how a change of unknown outcome ended: --settle 'STEP=done|repeat'."""

    step: str
    word: str
    reason: str
    by: str


@dataclass(frozen=True)
class Temporary:
    """A temporary state that a change brings about, for the ledger, with its former value.

    `kind` is what it is about (`standby`, `fencing`), `subject` the node or `cluster`.
    """

    kind: str
    subject: str
    former: str


@dataclass(frozen=True)
class Move:
    """Resources that a change makes pacemaker run on another node, and for what."""

    resources: tuple[str, ...]
    source: str
    """Where they run before; empty: nowhere, or on several nodes."""
    target: str
    purpose: str
    """What it is for, with its article: `the failover proof`."""

    def as_data(self) -> dict[str, Any]:
        """As the intent has it."""
        return {**vars(self), "resources": list(self.resources)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Move:
        """From an intent."""
        return cls(**{**data, "resources": tuple(data["resources"])})


@dataclass(frozen=True)
class Change:
    """One command on one node. The text of `what` is for the plan, the console and the report."""

    what: str
    node: str
    argv: tuple[str, ...]
    deadline: float
    """Seconds after which an answer is no longer waited for; the outcome is then unknown."""
    stdin: bytes | Secret | None = None
    repeatable: bool = True
    """Running it again after an unknown outcome does no harm."""
    ok_codes: tuple[int, ...] = (0,)
    may_fail: bool = False
    """Another exit code is recorded as failed, and the action decides what it means."""
    opens: tuple[Temporary, ...] = ()
    """Ledger entries written before the command starts (design, promise 5)."""
    closes: tuple[tuple[str, str], ...] = ()
    """(kind, subject) of ledger entries that are closed when the command succeeded."""
    secret_output: bool = False
    """The answer is never recorded."""
    files: tuple[str, ...] = ()
    """Files that it makes, replaces or removes; its answer tells each before and after
    (`engine.parse.files`)."""
    moves: Move | None = None
    """What runs elsewhere by it: the evidence tells it as a cause."""
    apart: bool = False
    """No other step decides by what it changes: a plan knows the cluster as well after it."""
    detached: str | None = None
    """Started once, detached from the connection, by the wrapper that keeps log and exit status
    under this name in the attempt's directory on the node."""


@dataclass(frozen=True)
class Doubt:
    """What speaks against going on, of which a person may say that it does not matter.

    An action yields it between its changes. It goes on when there is no finding, or when all of
    them are accepted. What nobody can accept it raises (`StoppedForPerson`).
    """

    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Nothing:
    """What an action returns when its wanted state is already there, and why. That is evidence."""

    reason: str
    is_unseen: bool = False
    """Whether it is there could not be seen: what an earlier run began is not taken for done."""
