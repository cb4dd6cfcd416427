"""`--follow-up reports/RUN`: what the evidence of a run says of its attempt. Nobody is asked here.

RUN is any run of the attempt whose evidence has the fact by which an upgrade counts as verified.
A follow-up that is followed up again stands for the run that it looked at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.model.event import Event
from engine.model.release import Release
from engine.record.memory import Memory
from engine.record.other_runs import Followed
from engine.report.evidence_files import Evidence, read_unaltered, told_as_odd
from engine.run.goes_by import refuse_another_head

MODE = "follow-up"


def read_followed(path: Path, cluster: str, release: Release) -> Followed:
    """The run in this directory. UsageError when it can't be followed up, with what to do instead.

    Nothing of it is used before it is known to be as the run left it: an emptied list of machines
    would make all well. `cluster` is the one of the inventory.
    """
    with told_as_odd(path):
        return _read(path, cluster, release)


def _read(path: Path, cluster: str, release: Release) -> Followed:
    evidence = _followed_by(read_unaltered(path), path)
    begun = evidence.own[0]
    _refuse_another_upgrade(begun, path, cluster, release)
    events = [*evidence.earlier, *evidence.own]
    memory = Memory.fold(events)
    attempt = _attempt_of(events)
    if attempt is None or release.verified_by not in memory.facts:
        raise UsageError(_not_verified(path, begun))
    return Followed(
        evidence.directory,
        begun["run"],
        attempt,
        begun["mode"],
        memory.facts,
        evidence.head,
        evidence.found(),
    )


def _followed_by(evidence: Evidence, path: Path) -> Evidence:
    """The run that a follow-up looked at (`reports/latest` after one, say); else the run itself."""
    begun = evidence.own[0]
    if begun.get("mode") != MODE:
        return evidence
    name = str(begun.get("follows", ""))
    beside = evidence.directory.parent / name
    if not name or "/" in name or not beside.is_dir():
        raise UsageError(
            f"{path}: this is a follow-up of run {name or '(unknown)'}, which is not beside it;"
            " name a run of the upgrade (reports/RUN)"
        )
    found = read_unaltered(beside)
    if found.own[0].get("mode") == MODE:
        raise UsageError(f"{path}: a follow-up of a follow-up; name a run of the upgrade")
    refuse_another_head(begun, found.head, beside)
    return found


def _refuse_another_upgrade(begun: Event, path: Path, cluster: str, release: Release) -> None:
    if begun["cluster"] != cluster:
        raise UsageError(
            f"{path}: a run of cluster {begun['cluster']}, but the inventory is that of {cluster};"
            " give the inventory of that cluster, or a run of this one"
        )
    pair = str(release.source), str(release.target)
    if (begun["source"], begun["target"]) != pair:
        raise UsageError(
            f"{path}: a run of the upgrade {begun['source']} -> {begun['target']}, but this is the"
            f" runbook of {pair[0]} -> {pair[1]}; use the version of the runbook that made it"
        )


def _attempt_of(events: list[Event]) -> str | None:
    """The attempt that these events are about: who opened it says so; else where a run found it."""
    told = [e["attempt"] for e in events if e["event"] == "attempt-opened" and e.get("attempt")]
    told = told or [e["attempt"] for e in events if e["event"] == "position" and e.get("attempt")]
    return str(told[-1]) if told else None


_OF_MODE = {
    "plan": "a plan, which changes nothing",
    "restore": "a restore, which upgrades nothing",
}


def _not_verified(path: Path, begun: Event) -> str:
    what = _OF_MODE.get(begun["mode"], "a run of the upgrade")
    commands: dict[str, Any] = begun.get("commands") or {}
    # the first runbooks told no command of the upgrade apart from the run's own
    base = str(commands.get("execute") or "pytest runbook --inventory FILE")
    command = commands.get("upgrade") or base.removesuffix(" --restore")
    return (
        f"{path}: {what}, and in it no upgrade was verified: there is nobody to follow up yet. Name"
        " a later run of that upgrade (reports/latest is the newest one), or bring the upgrade to"
        f" the end of its verification first: {command}"
    )
