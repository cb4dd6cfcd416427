"""One way out of several findings: a person who must stop is not told to run again as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.model.finding import Finding, Way
from engine.model.folding import in_one_line


def way_of(findings: Iterable[Finding]) -> Way:
    """Support when one of them calls it; else the way on which all agree, or simply again."""
    ways = {finding.way for finding in findings}
    if Way.SUPPORT in ways:
        return Way.SUPPORT
    return ways.pop() if len(ways) == 1 else Way.AGAIN


def way_out(findings: Sequence[Finding]) -> str:
    """What to do, by the remedies of the findings that lead this way."""
    return " ".join(dict.fromkeys(finding.remedy for finding in _leading(findings)))


def to_accept(findings: Iterable[Finding]) -> tuple[str, ...]:
    """CODE@SUBJECT of those that another run would only find again."""
    return tuple(finding.target for finding in findings if finding.way is Way.ACCEPT)


def in_words(findings: Sequence[Finding]) -> str:
    """A line for each finding, then the remedies of the one way out; what follows is one line."""
    leading = set(_leading(findings))
    lines = [
        str(finding) if finding in leading else finding.without_remedy
        for finding in findings
        if not finding.follows
    ]
    return "\n".join([*lines, *in_one_line(findings)])


def _leading(findings: Sequence[Finding]) -> list[Finding]:
    stops = [finding for finding in findings if finding.way is Way.SUPPORT]
    return stops or list(findings)
