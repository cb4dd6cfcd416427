"""A run made from its evidence: its inventory, settings, acceptances and clock as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.judge.weighing import Judge
from engine.model.ending import Mode
from engine.model.event import Event
from engine.model.finding import Acceptance
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.model.release import Release
from engine.model.steps import Scope
from engine.record.journal import Journal
from engine.record.other_runs import Followed
from engine.record.outputs import Outputs
from engine.record.redact import Redactor
from engine.record.run import Run
from engine.rejudge.record import Record, fields_of
from engine.run.follow_up import read_followed
from engine.run.goes_by import refuse_another_head


class _Unwritten(Journal):
    """What the steps record now is compared and forgotten: the disk need not have it."""

    def _write(self, lines: bytes, *, sync: bool) -> None:
        """Write nothing."""


def run_again(record: Record, release: Release, scratch: Path) -> Run:
    """The run, with an empty directory of its own in the place of its evidence. UsageError."""
    begun = record.begun
    pair = str(release.source), str(release.target)
    if (begun["source"], begun["target"]) != pair:
        raise UsageError(
            f"{record.directory}: a run of the upgrade {begun['source']} -> {begun['target']}, but"
            f" this is the runbook of {pair[0]} -> {pair[1]}; use the version that made it"
        )
    for part in ("outputs", "backups", "earlier"):
        (scratch / part).mkdir()
    redactor = Redactor()
    redactor.know(*release.phrases)
    clean = redactor.clean_output
    run = Run(
        inventory=inventory_of(begun, release),
        release=release,
        mode=Mode(begun["mode"]),
        scope=Scope(begun["scope"]),
        follows=_followed(record, release),
        until=next((one for one in release.pauses if one.phase == begun.get("until")), None),
        directory=scratch,
        run_id=begun["run"],
        journal=_Unwritten(scratch / "journal.jsonl", begun["run"], clean, record.now),
        redactor=redactor,
        judge=Judge(
            release.severities,
            acceptances_of(record.own),
            now=record.now,
            duties=release.duties,
        ),
        outputs=Outputs(scratch / "outputs", clean),
        started=datetime.fromisoformat(begun["started"]),
        runbook=begun["runbook"],
        ran_with=begun.get("ran_with", {}),
        now=record.now,
    )
    run.record("run-started", **fields_of(begun))
    return run


def inventory_of(begun: Event, release: Release) -> Inventory:
    """Nodes, roles and settings by `run-started`."""
    hosts = tuple(_host(name, role, begun) for name, role in begun["nodes"].items())
    given = begun.get("given") or _given_before(begun)
    return Inventory(Path(begun["inventory"]), hosts, _settings(given, release))


def _host(name: str, role: str, begun: Event) -> Host:
    """How it is reached is on record for messages; an older runbook did not write it down."""
    way = begun.get("reached", {}).get(name, {"address": name, "port": 22, "line": 0})
    by = tuple(way.get("by", ()))
    return Host(name, Role(role), way["address"], port=way["port"], ssh_args=by, line=way["line"])


def _settings(given: Mapping[str, Any], release: Release) -> Settings:
    values = dict(given)
    values["environment"] = Environment(values["environment"])
    for name in ("window_start", "window_end"):
        values[name] = datetime.fromisoformat(values[name]) if values.get(name) else None
    own = {one: values.pop(one.name, one.default) for one in release.settings}
    return Settings(**values, of_step=own)


def _given_before(begun: Event) -> dict[str, Any]:
    """Settings of an older journal: it has them in several places, the window without a zone."""
    start, _, end = str(begun.get("window") or "").partition(" to ")
    steering = {
        name.removeprefix("runbook_"): {"yes": True, "no": False}.get(value, value)
        for name, value in begun["settings"].items()
    }
    return {
        **steering,
        "cluster": begun["cluster"],
        "window_start": start,
        "window_end": end,
        **{name: begun[name] for name in ("change_id", "release_notes_read", "fallback")},
    }


def acceptances_of(own: Sequence[Event]) -> tuple[Acceptance, ...]:
    """Those given for the run; an older journal has only those that a finding needed."""
    told = own[0].get("acceptances")
    if told is not None:
        return tuple(_acceptance(one, one) for one in told)
    used = [_acceptance(e, e) for e in own if e["event"] == "accepted"]
    weighed = [e for e in own if e["event"] == "finding" and e["accepted"]]
    used += [_acceptance(e, e["accepted"]) for e in weighed if _was_given_for(e)]
    by_target = {(one.code, one.subject): one for one in reversed(used)}
    return tuple(by_target.values())


def _was_given_for(finding: Event) -> bool:
    """It was given for this run; those given for earlier runs are in their journals."""
    return finding["accepted"].get("run") in (None, "", finding["run"])


def _acceptance(about: Mapping[str, Any], said: Mapping[str, Any]) -> Acceptance:
    return Acceptance(
        code=about["code"],
        subject=about["subject"],
        reason=said["reason"],
        by=said["by"],
        until=date.fromisoformat(said["until"]) if said["until"] else None,
        run=said.get("run") or "",
        given=said.get("given") or "",
    )


def _followed(record: Record, release: Release) -> Followed | None:
    """The run that a follow-up looked at has to lie beside it, as it did then."""
    name = record.begun.get("follows")
    if not name:
        return None
    beside = record.directory.parent / name
    followed = read_followed(beside, record.begun["cluster"], release)
    refuse_another_head(record.begun, followed.head, beside)
    return followed
