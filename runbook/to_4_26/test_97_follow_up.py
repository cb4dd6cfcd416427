"""`--follow-up reports/RUN`: days after the upgrade, the agents that had sent strings (G08).

It asks only: no lock, no change, no record on N. It goes by the evidence of the run that it follows
up, and by the list that was made beside the backup.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from engine.ask.look import Look
from engine.judge import roles
from engine.model.finding import Finding
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.record.other_runs import Followed
from engine.run.session import Session
from runbook.to_4_26.actions.backup import VERIFIED
from runbook.to_4_26.follow_up import AGENTS, ListUnusable, due, follow, list_here
from runbook.to_4_26.httpd.checks import agents_now, has_ocs_server, inventories_now
from runbook.to_4_26.memories import follow_up_list
from runbook.to_4_26.memories.capacity import ColumnType, column_type
from runbook.to_4_26.memories.comparison import DATABASE_CLOCK
from runbook.to_4_26.presence import presence

NOBODY = "no agent had sent a value that is no integer: there is nobody to follow up"


def _follows(session: Session) -> Followed:
    assert session.run.follows is not None, "a step of the follow-up in another run"
    return session.run.follows


def _list(session: Session, look: Look) -> Path:
    """The list: the copy of the run that is followed up, else the one on N."""
    run = _follows(session)
    if follow_up_list.LISTED_FACT not in run.facts:
        raise ListUnusable("its evidence names none")
    sha256 = run.facts[follow_up_list.LISTED_FACT]["sha256"]
    theirs = run.directory / "backups" / follow_up_list.FILE
    return list_here(session, look, run.attempt, sha256, theirs)


@step("followup.cluster", scope="follow-up")
def test_cluster(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The nodes are those of the cluster that was upgraded."""
    asked = runbook_session.survey.definitions
    if not asked.values:
        evidence.answered(asked)
        return
    findings = [
        finding
        for definition in dict.fromkeys(asked.values.values())
        for finding in roles.roles_agree(definition, look.inventory, look.settings.cluster)
        # nodes may have come and gone since
        if finding.code == "cluster-name-mismatch"
    ]
    run = _follows(runbook_session)
    assert evidence.judge(
        dict.fromkeys(findings),
        observed=f"{look.settings.cluster}; attempt {run.attempt}, followed up by run {run.run_id}",
    )


@step("followup.list", after=("followup.cluster",), scope="follow-up")
def test_list(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The list of machines is the one that was made before the upgrade."""
    run = _follows(runbook_session)
    machines = run.facts.get(follow_up_list.LISTED_FACT, {}).get("machines")
    if machines == 0:
        evidence.not_needed(NOBODY)
        return
    findings, seen = [], ""
    try:
        seen = f"{machines} machines in {_list(runbook_session, look)}, as on record"
    except ListUnusable as error:
        findings = [_no_list(run, str(error))]
    assert evidence.judge(findings, observed=seen)


def _no_list(run: Followed, why: str) -> Finding:
    return Finding(
        code="agents-list-missing",
        subject=f"attempt {run.attempt}",
        observed=f"the list of the machines to follow up can't be had: {why}",
        expected=f"backups/{follow_up_list.FILE} of that run, or"
        f" {follow_up_list.path(run.attempt)} on N, with the sum on record",
        remedy="Name another run of the same upgrade, whose backups/ has the list, or bring N into"
        " reach. If it is lost, look at the agents by hand: the preflight's report lists them.",
        guide=("G08",),
    )


def _undone(run: Followed, column: ColumnType | None) -> Finding:
    """The upgrade that is followed up is not there any more: agents would be judged by nothing."""
    seen = {None: "is not there", ColumnType.TEXT: "is text again"}.get(column, "is no integer")
    return Finding(
        code="capacity-still-text" if column is ColumnType.TEXT else "capacity-column",
        subject="ocsweb.memories.CAPACITY",
        observed=f"the column {seen}: the cluster was rolled back since, or a backup was put back",
        expected=f"an integer column, as verified in attempt {run.attempt}",
        remedy="After a rollback there is nobody to follow up: upgrade again, and follow up that"
        " run. If nobody rolled back, find out who changed the column.",
        guide=("G08",),
    )


@step("followup.inventories", after=("followup.cluster",), scope="follow-up")
def test_inventories(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """Whether agents' inventories were stored since the upgrade, of whichever machine."""
    there, asked = presence(look)
    evidence.answered(asked)
    if not has_ocs_server(look, there) or not there.has_ocs_database:
        evidence.not_applicable(there.sentence())
        return
    verified = _follows(runbook_session).facts.get(VERIFIED)
    moment = datetime.fromisoformat(verified["moment"]) if verified else None
    asked_at = look.sql(DATABASE_CLOCK)
    seen = inventories_now(look, agents_now(look), asked_at, moment)
    assert evidence.judge(seen.findings, observed=seen.observed)


@step("followup.agents", after=("followup.list",), guide=("G08",), scope="follow-up")
def test_agents(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """How each agent does that had sent strings: every machine of the list has its verdict."""
    run = _follows(runbook_session)
    if not run.facts[follow_up_list.LISTED_FACT]["machines"]:
        evidence.not_needed(NOBODY)
        return
    column = look.sql(column_type())
    if column is not ColumnType.INTEGER:
        assert evidence.judge([_undone(run, column)], observed="nobody is followed up")
    moment = datetime.fromisoformat(run.facts[VERIFIED]["moment"])
    tally, table = follow(look, evidence, _list(runbook_session, look), moment)
    machines = run.facts[follow_up_list.LISTED_FACT]["machines"]
    assert tally.machines == machines, "every machine of the list has its verdict"
    for line in tally.lines():
        runbook_session.console.output(line)
    said, todo = tally.sentence(), tally.what_to_do()
    if not tally.open:
        evidence.fulfilled("G08", said)
        return
    finding = Finding(
        code="agents-open",
        subject="ocsweb.memories.CAPACITY",
        observed=said,
        expected="of each an inventory with integers since the upgrade, or that it is gone",
        remedy=todo,
        guide=("G08",),
    )
    evidence.judge([finding], observed="", guide=())
    evidence.open("G08", f"{said}. {todo}", brief=AGENTS, until=due(moment))
    runbook_session.leave_open(
        f"{tally.open} of {tally.machines} machines are left; {said}",
        f"{todo} All machines are in {table}. Then look again.",
    )
