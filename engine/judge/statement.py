"""Whether this upgrade has been rehearsed: a warning when not, or not like this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from engine.model.approval import SeenStatement, Statement
from engine.model.finding import Finding
from engine.model.inventory import Environment

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
    machines: Mapping[str, str],
    now: datetime,
    days: int,
) -> list[Finding]:
    """Codes: `rehearsal-missing`, else `rehearsal-old` (more than `days`), `rehearsal-mismatch`,
    `rehearsal-environment`, `rehearsal-unsigned`, `rehearsal-key-unknown`.

    `nodes` are this cluster's: role -> how many; `machines`: node -> machine id.
    """
    one = seen.statement
    if one is None:
        return [_finding("rehearsal-missing", seen.problem, "the statement of a green rehearsal")]
    findings = []
    age = now - one.finished
    if age > timedelta(days=days) or age < timedelta():
        when = f"{age.days} days ago" if age > timedelta() else "in the future"
        findings.append(
            _finding(
                "rehearsal-old",
                f"{one.run} ended {when}, on {one.finished:%Y-%m-%d}",
                f"a rehearsal of the last {days} days",
            )
        )
    differs = [
        *_differences(one, runbook, source, target, nodes),
        *_on_the_way(one),
        *_here(one, machines),
    ]
    if differs:
        findings.append(
            _finding(
                "rehearsal-mismatch",
                f"rehearsed by {one.run} was {'; '.join(differs)}",
                "the same runbook all the way, versions and number of nodes in each role, on"
                " another cluster than this one",
            )
        )
    return [*findings, *_another_kind(one), *_of_nobody(seen, one)]


def _differences(
    one: Statement, runbook: str, source: str, target: str, nodes: Mapping[str, int]
) -> list[str]:
    found = []
    if one.runbook != runbook:
        found.append(f"another runbook ({one.runbook[:12]}, this is {runbook[:12]})")
    if (one.source, one.target) != (source, target):
        found.append(f"{one.source} to {one.target}, this is {source} to {target}")
    for role in dict.fromkeys([*one.nodes, *nodes]):
        had, has = one.nodes.get(role, 0), nodes.get(role, 0)
        if had != has:
            found.append(f"{had} {role}, here are {has}")
    return found


def _on_the_way(one: Statement) -> list[str]:
    """A rehearsal that went on with another runbook has rehearsed neither of them as a whole."""
    if set(one.runbooks) <= {one.runbook}:
        return []
    return [f"a runbook that was changed on the way ({changed(one.runbooks)})"]


def changed(runbooks: Iterable[str]) -> str:
    """The runbooks of the runs of a rehearsal, in a few words."""
    return ", then ".join(digest[:12] or "unknown" for digest in runbooks)


def _here(one: Statement, machines: Mapping[str, str]) -> list[str]:
    theirs = set(one.machines.values())
    same = [node for node, number in machines.items() if number and number in theirs]
    return [f"on machines of this very cluster ({', '.join(same)})"] if same else []


def _another_kind(one: Statement) -> list[Finding]:
    if one.environment == Environment.STAGING:
        return []
    what = (
        "in containers, with stand-ins in the place of the vendor's commands"
        if one.environment == Environment.REHEARSAL
        else f"in an environment {one.environment!r}, in which nothing is rehearsed"
    )
    return [
        Finding(
            "rehearsal-environment",
            SETTING,
            f"{one.run} was made {what}: another kind of cluster than this one",
            "a rehearsal on staging: machines, and the vendor's own commands",
            "Run the same command on a staging cluster, and name the file rehearsal.json of that"
            f" run in {SETTING}. Where there is none, have the change approved with that in mind.",
        )
    ]


def _of_nobody(seen: SeenStatement, one: Statement) -> list[Finding]:
    """Signed by nobody, or by somebody whom nobody here knows."""
    if not one.key:
        return [
            Finding(
                "rehearsal-unsigned",
                SETTING,
                f"nobody has signed the statement of {one.run}: anybody can have written it",
                "a statement that is signed with an ssh key",
                "Rehearse with a key that signs by itself: one of your ssh agent, or the one of"
                f" runbook_signing_key. Then name its file rehearsal.json in {SETTING}.",
            )
        ]
    if seen.by != "":
        return []
    return [
        Finding(
            "rehearsal-key-unknown",
            SETTING,
            f"the statement of {one.run} is signed with {one.key}, and whose key that is nobody"
            " here knows",
            "a key of the operator, or one that the file of runbook_approvers has",
            "Find out whose it is, then add a line for it there. With"
            ' namespaces="neteye-runbook-rehearsal" it signs rehearsals, and approves nothing.',
        )
    ]


def _finding(code: str, observed: str, expected: str) -> Finding:
    return Finding(code=code, subject=SETTING, observed=observed, expected=expected, remedy=_AGAIN)


def sentence(seen: SeenStatement) -> str:
    """What was rehearsed, for the evidence."""
    one = seen.statement
    if one is None:
        return f"rehearsal: {seen.problem}"
    nodes = ", ".join(f"{number} {role}" for role, number in one.nodes.items() if number)
    where = f", scenario {one.scenario}" if one.scenario else ""
    ran = f"; nodes of {', '.join(sorted(set(one.releases.values())))}" if one.releases else ""
    signed = f"signed with {one.key}, by {seen.by or 'nobody known'}" if one.key else "not signed"
    risks = "" if one.accepted is None else f"; findings accepted there: {len(one.accepted)}"
    return (
        f"rehearsed by {one.run} on {one.finished:%Y-%m-%d} ({one.environment}{where}; {nodes}"
        f"{ran}; {signed}{risks})"
    )
