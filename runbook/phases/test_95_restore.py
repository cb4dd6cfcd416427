"""`--restore`: a look at the cluster, then the open temporary changes are given back, no more.

No step of the upgrade is part of such a run, and none of these of an upgrade. They serve no row
of the guide: what is done here ends an attempt, it does not fulfil one.
"""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.judge import restore as policy
from engine.judge.text import by_value, many
from engine.model.steps import step
from engine.queries.machine import processes
from engine.queries.neteye import VERSION
from engine.queries.pacemaker import QUORUM
from engine.record.evidence import Evidence
from engine.report.under_way import entry_text
from engine.run.session import Session
from engine.waiting import poll
from runbook.cluster import product
from runbook.cluster.restoring import (
    CLOSED,
    LOOKED,
    below_what_runs,
    is_open,
    is_verified,
    last_round,
    still_in_standby,
    what_runs,
)
from runbook.phases.actions.restore import BRIEF, standby_entries


@step("restore.ledger", after=("preflight.*",), asks=True, scope="restore")
def test_ledger(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The open temporary changes, with the values from before."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    entries = runbook_session.open_ledger()
    said = "; ".join(map(entry_text, entries))
    evidence.note(f"open: {said}" if said else "no temporary change is open")
    assert all(entry.former for entry in entries), "what it was before is on record"


@step("restore.commands", after=("preflight.*",), asks=True, scope="restore")
def test_commands(look: Look, evidence: Evidence) -> None:
    """No command that changes the cluster runs any more, on any node."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    asked = evidence.answers(look.ask_all(look.names.all, processes(product.OTHER_COMMANDS)))
    assert evidence.judge(
        what_runs(look, asked),
        observed=f"processes of {many(len(asked), 'node')} looked at",
        sound="no neteye command runs",
    )


@step("restore.quorum", after=("preflight.*",), asks=True, scope="restore")
def test_quorum(look: Look, evidence: Evidence) -> None:
    """The cluster has quorum and a controller: without them nothing may be changed."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    status = look.cluster_status()
    away = {node.name for node in status.nodes if not node.online}
    # a node that is away can't be asked for quorum: `restore.nodes` judges it
    present = tuple(name for name in look.names.operative if name not in away)
    asked = evidence.answers(look.ask_all(present, QUORUM))
    assert evidence.judge(
        policy.undecided(status, asked),
        observed=f"{', '.join(asked)} asked",
        sound="the cluster has quorum",
    )


@step("restore.upgrade", after=("preflight.*",), asks=True, scope="restore")
def test_upgrade(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The upgrade has not begun, or is done: no node is half-upgraded."""
    if not is_open(look):
        evidence.not_needed(CLOSED)
        return
    asked = evidence.answers(look.ask_all(look.names.all, VERSION))
    last = last_round(look)
    status = look.cluster_status()
    standby = [name for name in standby_entries(look.memory) if name in status.standby_nodes]
    situation = runbook_session.survey.situation
    half = policy.half_upgraded(
        asked,
        last,
        (look.release.source, look.release.target),
        standby or [look.names.active],
        has_packages_left=situation is not None and situation.has_packages_left,
    )
    findings = [
        *below_what_runs(look, half),
        *policy.upgrade_unverified(last, is_verified(runbook_session)),
    ]
    listing = by_value(asked)
    rounds = [str(seen) for seen in (last_round(look, "update"), last) if seen is not None]
    if last is None:
        rounds.append("no round of the upgrade was started")
    assert evidence.judge(findings, observed="; ".join([listing, *rounds]))


@step("restore.unstandby", after=LOOKED, scope="restore")
def test_unstandby(
    ledger_unstandby: Applied, look: Look, evidence: Evidence, runbook_session: Session
) -> None:
    """The nodes that the upgrade put in standby are active again."""
    results = [record.result for record in evidence.made if record.result is not None]
    meant = [subject for result in results for _, subject in result["closes"]]
    if not meant:
        return
    status = poll(
        look.cluster_status,
        lambda seen: not set(meant) & set(seen.standby_nodes),
        deadline=BRIEF if ledger_unstandby.did_something else 0.0,
        clock=look.timer,
        wait=look.wait,
    )
    for name in standby_entries(look.memory):
        if (node := status.node(name)) and not node.standby:
            look.close_ledger("standby", name, "it is not in standby any more")
    verdict = evidence.judge(
        still_in_standby(look, status, meant),
        observed=f"in standby now: {', '.join(status.standby_nodes) or 'nobody'}",
    )
    runbook_session.watch_standby()
    assert verdict
