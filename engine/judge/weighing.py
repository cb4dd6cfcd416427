"""Weighing findings: the version's severities and the operator's acceptances, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from engine.errors import UsageError
from engine.model.finding import Acceptance, Finding, Lasting, Severities, Severity


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Judge:
    """Weighs findings and remembers all of them, so that none is lost between steps."""

    severities: Severities
    acceptances: tuple[Acceptance, ...] = ()
    """Given for this run, on the command line or in the inventory."""
    findings: list[Finding] = field(default_factory=list)
    now: Callable[[], datetime] = _now
    recorded: tuple[Acceptance, ...] = ()
    """On record: used by earlier runs of this attempt. They hold until it is closed."""
    duties: Mapping[str, str] = field(default_factory=dict)
    """Duty of the guide -> its row in this version's guide."""
    _used: set[Acceptance] = field(default_factory=set)
    _new: list[Acceptance] = field(default_factory=list)
    _missed: set[Acceptance] = field(default_factory=set)
    """Those that had ended when a finding would have needed them."""

    def check_acceptances(self) -> None:
        """UsageError when an acceptance names an unknown code or one that nobody can accept."""
        known = set(self.severities.table) | self.severities.never_acceptable
        for acceptance in self.acceptances:
            if acceptance.code in self.severities.never_acceptable:
                raise UsageError(
                    f"--accept {acceptance.code}: this finding can't be accepted by anybody,"
                    " because going on would destroy the cluster or hide what happened, or is not"
                    " possible with it; its cause has to be removed"
                )
            if acceptance.code not in known:
                raise UsageError(
                    f"--accept {acceptance.code}: no such finding; the codes are listed in"
                    " the report of the run that was blocked and in docs/findings.md"
                )

    def honour(self, recorded: Iterable[Acceptance]) -> None:
        """Take over the acceptances that are on record for the attempt."""
        self.recorded = tuple(recorded)

    def weigh(self, findings: Iterable[Finding], *, information: bool = False) -> list[Finding]:
        """Findings with severity, acceptance and rows; `information` shows them without weight."""
        weighed = [self._weigh(finding, information) for finding in findings]
        for finding in weighed:
            if finding not in self.findings:
                self.findings.append(finding)
        return weighed

    def accepts(self, finding: Finding) -> bool:
        """Whether somebody's word covers what blocks; nothing is remembered of the question."""
        now = self.now()
        return finding.code not in self.severities.never_acceptable and any(
            one.covers(finding) and not one.has_ended(now) for one in self.in_force
        )

    def _weigh(self, finding: Finding, information: bool) -> Finding:
        rows = tuple(self.duties.get(duty, duty) for duty in finding.guide)
        finding = replace(finding, guide=rows)
        lasting = self.severities.lasting.get(finding.code, Lasting())
        if information:
            return finding.weighed(Severity.INFO, lasting=lasting)
        severity = self.severities.of(finding.code)
        accepted = self._acceptance(finding) if severity == "block" else None
        return finding.weighed(severity, accepted, lasting)

    def _acceptance(self, finding: Finding) -> Acceptance | None:
        if finding.code in self.severities.never_acceptable:
            return None
        now = self.now()
        for acceptance in self.in_force:
            if not acceptance.covers(finding):
                continue
            if acceptance.has_ended(now):
                self._missed.add(acceptance)
                continue
            if acceptance not in self._used and acceptance not in self.recorded:
                self._new.append(acceptance)
            self._used.add(acceptance)
            return acceptance
        return None

    @property
    def in_force(self) -> tuple[Acceptance, ...]:
        """Those given for this run and those on record, each once."""
        return tuple(dict.fromkeys((*map(self._on_record, self.acceptances), *self.recorded)))

    def _on_record(self, given: Acceptance) -> Acceptance:
        """The one on record that says the same: it was given then, not now."""
        return next((one for one in self.recorded if one.says_the_same_as(given)), given)

    def newly_used(self) -> list[Acceptance]:
        """Acceptances of this run that a finding needed for the first time; each is told once."""
        new, self._new = self._new, []
        return new

    @property
    def unused(self) -> list[Acceptance]:
        """Acceptances given for this run that no finding of the attempt needed."""
        served = {(one.code, one.subject) for one in self.recorded}
        return [
            given
            for given in self.acceptances
            if given not in self._used and (given.code, given.subject) not in served
        ]

    def warnings(self) -> list[str]:
        """What the operator has to know of the acceptances: ended ones, unused ones."""
        now = self.now()
        ended = {one: None for one in self.acceptances if one.has_ended(now)} | dict.fromkeys(
            sorted(self._missed, key=lambda one: one.target)
        )
        return [
            *(
                f"the acceptance of {one.target} by {one.by} ended with {one.until}:"
                " it counts as not given"
                for one in ended
            ),
            *(
                f"the acceptance of {one.target} by {one.by} was not needed: no finding of this"
                " run asked for it"
                for one in self.unused
                if one not in ended
            ),
        ]
