"""What the attempt has on record of the failover: whether httpd was moved, what use has shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.judge.constraints import OWN
from engine.model.finding import Command, Finding, Way
from engine.record.memory import Memory

CONSTRAINT = f"{OWN}failover"
"""Id of the location constraint that moves httpd."""
LEDGER = ("constraint", CONSTRAINT)
PHASE = "failover."
PROVED = "ocs-proved"
"""The fact where httpd ran when the verification proved OCS by use; it is put back there."""
OVER = "failover-over"
"""The fact that httpd is back where it was, after the last move."""


@dataclass(frozen=True)
class Proof:
    """What use has shown on one node. Nothing secret is in it: it goes into the journal."""

    node: str
    findings: tuple[Finding, ...]
    observed: str
    moved: tuple[str, ...] = ()
    """What came to the node together with httpd's group, by colocation."""

    def sentence(self) -> str:
        """In words, for the step."""
        along = f"; moved along: {', '.join(self.moved)}" if self.moved else ""
        word = "OCS works there" if not self.findings else "NOT PROVED, judged in failover.proof"
        return f"httpd on {self.node}: {word}: {self.observed}{along}"

    def as_fact(self) -> dict[str, Any]:
        return {
            "on": self.node,
            "observed": self.observed,
            "moved": list(self.moved),
            "findings": [_plain(finding) for finding in self.findings],
        }

    @classmethod
    def from_fact(cls, fact: Mapping[str, Any]) -> Proof:
        """Raises KeyError when the fact is not a proof."""
        findings = tuple(_finding(data) for data in fact["findings"])
        return cls(fact["on"], findings, fact["observed"], tuple(fact["moved"]))


_TEXTS = ("subject", "observed", "expected", "remedy")


def _plain(finding: Finding) -> dict[str, Any]:
    texts = {name: getattr(finding, name) for name in _TEXTS}
    commands = [command.as_data() for command in finding.commands]
    return {"code": finding.code, **texts, "guide": list(finding.guide), "commands": commands}


def _finding(data: Mapping[str, Any]) -> Finding:
    texts = {name: data[name] for name in _TEXTS}
    # the fact of an older runbook has none
    commands = tuple(map(Command.of, data.get("commands", ())))
    guide = tuple(data["guide"])
    return Finding(data["code"], guide=guide, way=Way.ACCEPT, commands=commands, **texts)


@dataclass
class Exercised:
    """What the action of a step has found, for the step's body."""

    proof: Proof | None = None


def fact_of(node: str) -> str:
    """The name of the fact that keeps the node's proof."""
    return f"failover[{node}]"


def proof_on_record(memory: Memory, node: str) -> Proof | None:
    """What this attempt has found on the node."""
    fact = memory.facts.get(fact_of(node))
    return Proof.from_fact(fact) if fact else None


def has_begun(memory: Memory) -> bool:
    """A change of this phase was begun in this attempt, by this run or an earlier one."""
    return any(r.intent["step"].startswith(PHASE) for r in memory.changes.values())


def is_under_way(memory: Memory) -> bool:
    """httpd was moved and is not known to be back: a run was interrupted, or does it right now."""
    if LEDGER in memory.ledger:
        return True
    moves = [
        r.intent["time"] for r in memory.changes.values() if r.intent["step"].startswith(PHASE)
    ]
    over = memory.facts.get(OVER)
    return bool(moves) and (over is None or over["time"] < max(moves))
