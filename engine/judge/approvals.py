"""Signed approvals of a plan: how many count, and what of the plan has drifted since.

An approval holds for a plan's material facts, not for its times. It covers these nodes, this
runbook, these settings and these accepted risks, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.judge.text import shortened
from engine.model.approval import Approval, Approved, SeenApproval
from engine.model.event import stamp
from engine.model.finding import Finding

COMPARED = (
    *("cluster", "nodes", "active", "versions", "source", "target", "runbook", "scope"),
    *("settings", "acceptances"),
)
"""Facts that a run knows before its first change; the steps' commands follow from them."""


@dataclass(frozen=True)
class Operator:
    """Who runs it: nobody approves his own change."""

    name: str
    keys: tuple[str, ...] = ()
    """Fingerprints of every key that he has at hand, whatever he uses it for."""
    by: str = ""
    """The name by which he says who he is; empty: he does not."""

    def is_called(self, name: str) -> bool:
        """In whatever case: a person is asked, not a file."""
        said = self.by.strip().casefold()
        return name == self.name or (bool(said) and name.strip().casefold() == said)


def approvals(
    wanted: int,
    seen: Iterable[SeenApproval],
    *,
    operator: Operator,
    material: Mapping[str, Any],
    now: datetime,
    used: Mapping[Approved, str],
) -> tuple[list[Finding], list[SeenApproval]]:
    """Findings, and the approvals that count: at most one of each person.

    `material` are this run's facts (`COMPARED`), `used` the approvals that have counted for another
    attempt, and for which. Codes: `approval-unusable` for each file that
    does not count, `approvals-missing` when too few do.
    """
    counted: dict[str, SeenApproval] = {}
    findings = []
    for one in seen:
        problem = one.problem or _problem(one, operator, material, now) or _used(one, used)
        if problem:
            findings.append(_unusable(one, problem))
        else:
            counted.setdefault(one.principal, one)
    if len(counted) < wanted:
        findings.append(_missing(wanted, list(counted), len(findings)))
    return findings, list(counted.values())


def _problem(
    one: SeenApproval, operator: Operator, material: Mapping[str, Any], now: datetime
) -> str:
    approval = one.approval
    if approval is None or not one.principal:
        return "nobody is known to have signed it"
    if any(map(operator.is_called, (one.principal, approval.name))):
        return f"it is by {one.principal}, who runs the upgrade: it needs somebody else's word"
    if one.key in operator.keys:
        return (
            f"it is by {one.principal}, with {one.key}: whoever runs the upgrade has that key (in"
            " his agent or a key file, or he logs in to the nodes with it), and it needs somebody"
            " else's word"
        )
    if now >= approval.until:
        return f"it was valid until {approval.until.isoformat(sep=' ', timespec='minutes')}"
    if now < approval.given:
        return "it was given in the future: compare the clocks"
    if drifted := drift(approval, material):
        return f"since the plan these have changed: {'; '.join(drifted)}"
    return ""


def _used(one: SeenApproval, used: Mapping[Approved, str]) -> str:
    assert one.approval is not None
    mine = Approved(one.approval.plan, one.key, stamp(one.approval.given))
    if mine not in used:
        return ""
    return f"it has counted for attempt {used[mine]}: an approval is for one attempt"


def drift(approval: Approval, material: Mapping[str, Any]) -> list[str]:
    """The facts of the plan that have changed since, each in a few words."""
    found = []
    for name in COMPARED:
        planned, now = _compared(approval.material, name), _compared(material, name)
        if planned != now:
            found.append(f"{name} ({_difference(planned, now)})")
    return found


def _compared(facts: Mapping[str, Any], name: str) -> Any:
    """A fact, but for what is accepted of the approvals themselves: that decides nothing of what
    the approved run does, and whoever accepts that one is missing keeps those that were given."""
    value = facts.get(name)
    if name != "acceptances" or not isinstance(value, list):
        return value
    return [one for one in value if not _is_of_approvals(one)]


def _is_of_approvals(acceptance: Any) -> bool:
    code = acceptance.get("code") if isinstance(acceptance, Mapping) else None
    return isinstance(code, str) and code.startswith("approval")


def _difference(planned: Any, now: Any) -> str:
    if isinstance(planned, Mapping) and isinstance(now, Mapping):
        names = [n for n in dict.fromkeys([*planned, *now]) if planned.get(n) != now.get(n)]
        told = [f"{n}: {_shown(planned.get(n))}, now {_shown(now.get(n))}" for n in names[:3]]
        return ", ".join(told) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if isinstance(planned, list) and isinstance(now, list):
        added = [one for one in now if one not in planned]
        gone = [one for one in planned if one not in now]
        return f"{len(added)} added, {len(gone)} gone"
    return f"{_shown(planned)}, now {_shown(now)}"


def _shown(value: Any) -> str:
    return "not given" if value is None else shortened(str(value))


def _unusable(one: SeenApproval, problem: str) -> Finding:
    return Finding(
        code="approval-unusable",
        subject=one.file,
        observed=problem,
        expected="a valid approval of a plan whose facts still hold, for this attempt",
        remedy="Make a plan now, have it approved (`python -m engine approve plan.json`), and put"
        " the new file in its place.",
    )


def _missing(wanted: int, valid: list[str], unusable: int) -> Finding:
    by = f", by {', '.join(valid)}" if valid else ""
    files = f"; {unusable} files do not count" if unusable else ""
    return Finding(
        code="approvals-missing",
        subject="inventory",
        observed=f"{len(valid)} valid approvals{by}{files}",
        expected=f"{wanted}, as runbook_approvals asks for, by people other than the operator",
        remedy="Have the plan approved: `python -m engine approve plan.json --name NAME`, and put"
        " the files into the directory of runbook_approvals_from. Or accept this finding by name.",
    )
