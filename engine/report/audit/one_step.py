"""One step of one run: how it ended, and what its events tell of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model.event import Event
from engine.model.groups import grouped
from engine.model.outcomes import IDLE
from engine.model.plan import Verdict
from engine.record.changes import since_when
from engine.report.anchors import change_anchor, step_anchor
from engine.report.audit.found import FindingKey, key_of
from engine.report.audit.records import Key, Record
from engine.report.fanned import shown_name
from engine.report.quoted import cited

FOLDED = (*IDLE, "not reached", Verdict.SATISFIED, Verdict.AFTER)
"""Outcomes of steps that did nothing: folded, one line for each in a phase."""
LOOKED = "done"
"""Outcome of a step that was passed, whether it changed something or only looked."""
TELLING = ("block", "warn", "accepted")
"""Weights of findings with which a step keeps its line."""
REASON = 1500
"""Characters of a step's reason that are shown."""


@dataclass(frozen=True)
class Found:
    """A finding of a step, and where it is on the page (empty: nowhere)."""

    said: str
    severity: str
    anchor: str


@dataclass(frozen=True)
class Step:
    """One step of one run."""

    run: str
    name: str
    anchor: str
    node: str
    intent: str
    outcome: str
    started: str
    seconds: float
    reason: str
    rows: tuple[str, ...]
    """Of the guide, that it recorded something for."""
    findings: tuple[Found, ...]
    changes: tuple[tuple[str, str], ...]
    """Anchor and words of each change."""
    records: tuple[Record, ...]

    @property
    def shown(self) -> str:
        return shown_name(self.name, self.node)

    @property
    def is_idle(self) -> bool:
        return self.outcome in FOLDED and not self.changes

    @property
    def only_looked(self) -> bool:
        """It is done, has changed nothing, and nothing that it found stands."""
        quiet = all(found.severity not in TELLING for found in self.findings)
        return self.outcome == LOOKED and quiet and not self.changes

    @property
    def is_only_told(self) -> bool:
        """It did nothing and nobody was asked: why is all there is to tell."""
        return self.is_idle and not self.records and not self.findings

    @property
    def has_more(self) -> bool:
        """There is something behind its line."""
        return bool(self.reason or self.records or self.rows or self.findings or self.changes)


@dataclass(frozen=True)
class Told:
    """Step -> what a run's events tell of it."""

    rows: Mapping[str, Sequence[str]]
    findings: Mapping[str, Sequence[Found]]
    changes: Mapping[str, Sequence[tuple[str, str]]]

    @classmethod
    def of(cls, run: Iterable[Event], anchors: Mapping[FindingKey, str]) -> Told:
        rows, findings, changes = [], [], []
        for event in run:
            step = str(event.get("step") or "")
            if event["event"] == "row":
                rows.append((step, str(event["row"])))
            elif event["event"] == "finding":
                findings.append((step, _found(event, anchors)))
            elif event["event"] == "intent":
                anchor = change_anchor(str(event["run"]), event["seq"])
                what = f"{event['what']} on {event['node']}{since_when(event)}"
                changes.append((step, (anchor, what)))
        return cls(grouped(rows), grouped(findings), grouped(changes))

    def step(
        self,
        run: str,
        step: Mapping[str, Any],
        intents: Mapping[str, str],
        records: Mapping[Key, tuple[Record, ...]],
    ) -> Step:
        name = str(step["name"])
        return Step(
            run=run,
            name=name,
            anchor=step_anchor(run, name),
            node=str(step.get("node") or ""),
            intent=intents.get(name, ""),
            outcome=str(step["outcome"]),
            started=str(step.get("started") or ""),
            seconds=float(step.get("seconds") or 0.0),
            reason=cited(str(step.get("reason") or ""), REASON, "whole: summary.json"),
            rows=tuple(dict.fromkeys(self.rows.get(name, ()))),
            findings=tuple(dict.fromkeys(self.findings.get(name, ()))),
            changes=tuple(self.changes.get(name, ())),
            records=records.get((run, name), ()),
        )


def _found(event: Event, anchors: Mapping[FindingKey, str]) -> Found:
    severity = "accepted" if event.get("accepted") else str(event["severity"])
    return Found(f"{event['code']} {event['subject']}", severity, anchors.get(key_of(event), ""))
