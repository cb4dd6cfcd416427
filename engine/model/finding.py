"""Findings: what a policy saw that is not as it should be, as data. Text is made at the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How a finding weighs; the table code -> severity is the version's own (release.py)."""

    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


class Way(StrEnum):
    """What comes after a finding's remedy: exactly one of these."""

    AGAIN = "again"
    """The cause is removed, then the run is started again."""
    ACCEPT = "accept"
    """Another run finds the same: a person looks, and accepts what was seen."""
    UPGRADE = "upgrade"
    """The upgrade itself must go on, in the place of what was tried."""
    SUPPORT = "support"
    """Nothing more is done here: the vendor's support is called."""


@dataclass(frozen=True)
class Lasting:
    """How long a finding that stops nothing goes on to hold; data, as its severity."""

    is_task: bool = False
    """It is left when all is done: an open point, until a person has seen to it."""
    settled_by: tuple[str, ...] = ()
    """Bare names of steps. It holds no more when one of them was done after it, and did not find
    it again."""


@dataclass(frozen=True)
class Acceptance:
    """A person's word that a blocking finding may be passed: --accept, with --by."""

    code: str
    subject: str | None
    """Node, resource, server or file as the finding prints it; None: every finding of the code."""
    reason: str
    by: str
    until: date | None = None
    """Its last day, by UTC; afterwards it does not count."""
    run: str = ""
    """The run in which it was given."""
    given: str = ""
    """When that run began, ISO 8601."""

    @property
    def target(self) -> str:
        """CODE or CODE@SUBJECT."""
        return f"{self.code}@{self.subject}" if self.subject else self.code

    def covers(self, finding: Finding) -> bool:
        """The finding is the one that was accepted: the same code, and subject if one is named.

        What follows from a finding is accepted with it, as it is told with it.
        """
        cause, _, of = finding.follows.partition("@")
        told = ((finding.code, finding.subject), (cause, of))
        return any(self.code == code and self.subject in (None, subject) for code, subject in told)

    def has_ended(self, now: datetime) -> bool:
        return self.until is not None and now.astimezone(UTC).date() > self.until

    def says_the_same_as(self, other: Acceptance) -> bool:
        """The same person, reason and end for the same finding, whenever given."""
        return replace(self, run="", given="") == replace(other, run="", given="")

    def as_data(self) -> dict[str, Any]:
        """As journal and summary have it, beside code and subject."""
        return {
            "by": self.by,
            "reason": self.reason,
            "until": self.until.isoformat() if self.until else None,
            "run": self.run,
            "given": self.given,
        }


def acceptance_sentence(accepted: Mapping[str, Any]) -> str:
    """Who accepted, when, in which run, until when and why; from the form of the summary."""
    day = f" on {accepted['given'][:10]}" if accepted.get("given") else ""
    run = f" in run {accepted['run']}" if accepted.get("run") else ""
    until = f", until {accepted['until']}" if accepted.get("until") else ""
    return f"by {accepted['by']}{day}{run}{until}: {accepted['reason']}"


@dataclass(frozen=True)
class Command:
    """One command of a remedy, to be run as root on a node. Never holds a secret.

    `str` is the line as it is pasted into the shell (bash) there.

    >>> print(Command("neteye02.neteyelocal", ("pcs", "resource", "enable", "it's $1")))
    pcs resource enable 'it'"'"'s $1'
    """

    node: str
    """The inventory's name; '' is the machine that runs the runbook."""
    argv: tuple[str, ...]

    @property
    def only_waits(self) -> bool:
        """It changes nothing, and ends when the cluster has come to rest."""
        return self.argv[:2] == ("crm_resource", "--wait")

    @property
    def place(self) -> str:
        return self.node or "the machine that runs the runbook"

    def __str__(self) -> str:
        return " ".join(map(_pasted, self.argv))

    def as_data(self) -> dict[str, Any]:
        """As journal, summary and plan have it."""
        return {"node": self.node, "argv": list(self.argv)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Command:
        """From that form."""
        return cls(str(data["node"]), tuple(map(str, data["argv"])))


def _pasted(argument: str) -> str:
    """Quoted for the shell; in one line and harmless to a terminal, whatever is in it."""
    if argument.isprintable():
        return shlex.quote(argument)
    # bytes that were no UTF-8 (PEP 383) are the bytes again
    octets = argument.encode("utf-8", "surrogateescape")
    return "$'{}'".format("".join(_octet(one) for one in octets))


def _octet(octet: int) -> str:
    is_plain = 32 <= octet < 127 and chr(octet) not in "\\'"
    return chr(octet) if is_plain else f"\\{octet:03o}"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    `code` is stable and lower-case with dashes (`resource-stopped`); `subject` is the node,
    resource, server or file it is about; `observed`, `expected` and `remedy` are sentences
    for the operator and never contain a secret.
    """

    code: str
    subject: str
    observed: str
    expected: str
    remedy: str
    guide: tuple[str, ...] = ()
    """Rows of the guide, or duties by the words of `Release.duties`, made rows when weighed."""
    severity: Severity = Severity.BLOCK
    """Unknown blocks: only the severities table makes a finding weigh less."""
    accepted: Acceptance | None = None
    way: Way = Way.AGAIN
    follows: str = ""
    """CODE@SUBJECT of the finding that this one follows from: it is told with that one."""
    question: str = ""
    """What nobody answered, of one that follows."""
    commands: tuple[Command, ...] = ()
    """What the remedy does, in this order; the text says why, and what to look at before."""
    lasting: Lasting = Lasting()

    @property
    def target(self) -> str:
        """CODE@SUBJECT: what an acceptance names."""
        return f"{self.code}@{self.subject}"

    @property
    def blocks(self) -> bool:
        return self.severity is Severity.BLOCK and self.accepted is None

    def weighed(
        self,
        severity: Severity,
        accepted: Acceptance | None = None,
        lasting: Lasting = Lasting(),
    ) -> Finding:
        return replace(self, severity=severity, accepted=accepted, lasting=lasting)

    def healed_by(self, *commands: Command) -> Finding:
        """With these commands, after those that it has."""
        return replace(self, commands=(*self.commands, *commands))

    @property
    def without_remedy(self) -> str:
        return f"[{self.code}] {self.subject}: {self.observed}; expected {self.expected}."

    def __str__(self) -> str:
        return f"{self.without_remedy} {self.remedy}"


@dataclass(frozen=True, repr=False)
class Verdict:
    """Weighed findings. True when none of them blocks: `assert evidence.judge(...)`."""

    findings: tuple[Finding, ...] = ()

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.blocks)

    def __bool__(self) -> bool:
        return not self.blocking

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __repr__(self) -> str:
        return "; ".join(map(str, self.blocking)) or "nothing blocks"


@dataclass(frozen=True)
class Severities:
    """The version's own table (`Release.severities`). A code that is not in it blocks."""

    table: Mapping[str, Severity]
    never_acceptable: frozenset[str]
    lasting: Mapping[str, Lasting] = field(default_factory=dict)
    """Of warnings that are left, or that a step settles. The others count for a moment of the
    upgrade only; what blocks is told by the stop, or was accepted."""

    def of(self, code: str) -> Severity:
        return self.table.get(code, Severity.BLOCK)
