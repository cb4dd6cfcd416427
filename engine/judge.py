"""Weighing findings: the version's severities and the operator's acceptances, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.errors import UsageError
from engine.model.finding import Acceptance, Finding, Severities, Severity


@dataclass
class Judge:
    """Weighs findings and remembers all of them, so that none is lost between steps."""

    severities: Severities
    acceptances: tuple[Acceptance, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    _used: set[Acceptance] = field(default_factory=set)

    def check_acceptances(self) -> None:
        """UsageError when an acceptance names an unknown code or one that nobody can accept."""
        known = set(self.severities.table) | self.severities.never_acceptable
        for acceptance in self.acceptances:
            if acceptance.code in self.severities.never_acceptable:
                raise UsageError(
                    f"--accept {acceptance.code}: this finding can't be accepted by anybody,"
                    " because going on would destroy the cluster or hide what happened;"
                    " its cause has to be removed"
                )
            if acceptance.code not in known:
                raise UsageError(
                    f"--accept {acceptance.code}: no such finding; the codes are listed in"
                    " the report of the run that was blocked and in docs/findings.md"
                )

    def weigh(self, findings: Iterable[Finding], *, information: bool = False) -> list[Finding]:
        """Findings with severity and acceptance; `information` shows them without weight."""
        weighed = [self._weigh(finding, information) for finding in findings]
        for finding in weighed:
            if finding not in self.findings:
                self.findings.append(finding)
        return weighed

    def _weigh(self, finding: Finding, information: bool) -> Finding:
        if information:
            return finding.weighed(Severity.INFO)
        severity = self.severities.of(finding.code)
        return finding.weighed(severity, self._acceptance(finding) if severity == "block" else None)

    def _acceptance(self, finding: Finding) -> Acceptance | None:
        if finding.code in self.severities.never_acceptable:
            return None
        for acceptance in self.acceptances:
            if acceptance.code == finding.code and acceptance.subject in (None, finding.subject):
                self._used.add(acceptance)
                return acceptance
        return None

    @property
    def unused(self) -> list[Acceptance]:
        """Acceptances that no finding of this run needed."""
        return [acceptance for acceptance in self.acceptances if acceptance not in self._used]
