"""Whether this upgrade has been rehearsed: a warning when not, or not like this."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from engine.model.approval import SeenStatement, Statement
from engine.model.finding import Finding

SETTING = "runbook_rehearsal"
_AGAIN = (
    "Rehearse it: `make rehearsal`, or the same command on a staging cluster. Then name the file"
    f" rehearsal.json of that run in {SETTING}."
)


def rehearsed(
    seen: SeenStatement,
    *,
    runbook: str,
    source: str,
    target: str,
    nodes: Mapping[str, int],
    now: datetime,
    days: int,
) -> list[Finding]:
    """Codes: `rehearsal-missing`, `rehearsal-old` (more than `days`), `rehearsal-mismatch`.

    `nodes` are this cluster's: role -> how many.
    """
    statement = seen.statement
    if statement is None:
        return [_finding("rehearsal-missing", seen.problem, "the statement of a green rehearsal")]
    findings = []
    age = now - statement.finished
    if age > timedelta(days=days) or age < timedelta():
        when = f"{age.days} days ago" if age > timedelta() else "in the future"
        findings.append(
            _finding(
                "rehearsal-old",
                f"{statement.run} ended {when}, on {statement.finished:%Y-%m-%d}",
                f"a rehearsal of the last {days} days",
            )
        )
    if differs := _differences(statement, runbook, source, target, nodes):
        findings.append(
            _finding(
                "rehearsal-mismatch",
                f"rehearsed by {statement.run} was {'; '.join(differs)}",
                "the same runbook, versions and number of nodes in each role",
            )
        )
    return findings


def _differences(
    statement: Statement, runbook: str, source: str, target: str, nodes: Mapping[str, int]
) -> list[str]:
    found = []
    if statement.runbook != runbook:
        found.append(f"another runbook ({statement.runbook[:12]}, this is {runbook[:12]})")
    if (statement.source, statement.target) != (source, target):
        found.append(f"{statement.source} to {statement.target}, this is {source} to {target}")
    for role in dict.fromkeys([*statement.nodes, *nodes]):
        had, has = statement.nodes.get(role, 0), nodes.get(role, 0)
        if had != has:
            found.append(f"{had} {role}, here are {has}")
    return found


def _finding(code: str, observed: str, expected: str) -> Finding:
    return Finding(code=code, subject=SETTING, observed=observed, expected=expected, remedy=_AGAIN)


def sentence(seen: SeenStatement) -> str:
    """What was rehearsed, for the evidence."""
    one = seen.statement
    if one is None:
        return f"rehearsal: {seen.problem}"
    nodes = ", ".join(f"{number} {role}" for role, number in one.nodes.items() if number)
    where = f", scenario {one.scenario}" if one.scenario else ""
    signed = f"signed with {one.key}" if one.key else "not signed"
    return (
        f"rehearsed by {one.run} on {one.finished:%Y-%m-%d} ({one.environment}{where}; {nodes};"
        f" {signed})"
    )
