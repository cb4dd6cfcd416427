"""Gate and baseline: what was true before the first change. It opens the attempt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pluggy import HookRelay

from engine.act.foreseen import Bookkeeping, planned_by
from engine.ask.host import Host
from engine.ask.look import Look
from engine.ask.recognition import MACHINES
from engine.attempt.baseline import PRIVATE
from engine.attempt.comparison_key import new_key
from engine.attempt.remote import ROOT
from engine.judge import facts
from engine.judge.fencing import failed_fence_devices, stopped_fence_devices
from engine.model.change import Nothing
from engine.model.facts import BEFORE
from engine.model.identity import Identity
from engine.model.steps import step
from engine.queries.machine import PACKAGES
from engine.queries.neteye import VERSION
from engine.record.evidence import Evidence
from engine.run.session import Session
from runbook.cluster import renewal
from runbook.cluster.states import state_of


def baseline_to_come(look: Look, evidence: Evidence) -> Bookkeeping | Nothing:
    """For a plan: whether there is a baseline, and what becomes of one that is too old."""
    if look.memory.closed:
        return Nothing("the attempt is closed: there is nothing to upgrade any more")
    if look.attempt is not None:
        if renewal.is_due(look):
            what = f"what may be renewed of the old baseline of attempt {look.attempt} is renewed"
            return Bookkeeping(what, look.names.active)
        evidence.judge(renewal.too_old(look), observed=f"baseline of attempt {look.attempt}")
        return Nothing(f"the baseline of attempt {look.attempt} is there")
    return Bookkeeping("the baseline is recorded, the attempt opened", look.names.active)


@step("baseline.recorded", after=("preflight.*",))
@planned_by(baseline_to_come)
def test_baseline(
    runbook_session: Session,
    look: Look,
    host: Host,
    evidence: Evidence,
    version_step: HookRelay,
) -> None:
    """Fencing, standby, placement, properties and packages are recorded before the first change."""
    if look.baseline is not None and look.attempt is not None:
        runbook_session.adopt_attempt()
        evidence.outcome = "nothing to do"
        if renewal.is_due(look):
            renewal.renew(look, evidence)
            evidence.outcome = "done"
        seen = f"baseline of attempt {look.attempt}"
        assert evidence.judge(renewal.too_old(look), observed=seen)
        return
    if look.memory.closed:
        evidence.not_needed("the attempt is closed: there is nothing to upgrade any more")
        return
    key = new_key()
    baseline = _take(look, runbook_session.survey.reachable.values)
    for more in version_step.pytest_runbook_baseline(look=look, key=key):
        baseline |= {**more, PRIVATE: [*baseline[PRIVATE], *more.get(PRIVATE, ())]}
    runbook_session.open_attempt(baseline, key)
    evidence.remember(BEFORE, **state_of(baseline["versions"], look.cluster_status()))
    evidence.note(
        f"attempt {look.attempt}: fencing {'on' if baseline['fencing'] else 'off'},"
        f" {len(baseline['placement'])} resources,"
        f" {sum(map(len, baseline['packages'].values()))} packages"
    )
    modes = {ROOT: host.file(ROOT).mode}
    assert evidence.judge(facts.open_to_others(host.node, modes), observed=facts.modes_told(modes))


def _take(look: Look, machines: Mapping[str, Identity]) -> dict[str, Any]:
    """The baseline, JSON-able. Nothing secret is in it."""
    status = look.cluster_status()
    arranged = renewal.arrangement(look, status)
    packages = look.ask_all(look.names.all, PACKAGES)
    versions = look.ask_all(look.names.all, VERSION)
    return {
        "cluster": look.settings.cluster,
        "taken": look.now().isoformat(),
        "nodes": {host.name: host.role.value for host in look.inventory.hosts},
        "active_node": look.names.active,
        MACHINES: {node: seen.machine_id for node, seen in machines.items()},
        "source": str(look.release.source),
        "target": str(look.release.target),
        "versions": {node: str(version) for node, version in versions.values.items()},
        "fencing": status.options.stonith_enabled,
        "standby": list(status.standby_nodes),
        "placement": arranged["placement"],
        "disabled": arranged["disabled"],
        "stopped_fence_devices": sorted(stopped_fence_devices(status)),
        "failed_fence_devices": sorted(failed_fence_devices(status)),
        "clone_gaps": arranged["clone_gaps"],
        "properties": arranged["properties"],
        "packages": {
            node: sorted(map(str, installed)) for node, installed in packages.values.items()
        },
        PRIVATE: [],
    }
