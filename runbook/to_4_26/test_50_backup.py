"""Directly before the first round: whose the OCS files are; the table backed up, proved (G06)."""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.host import Host
from engine.ask.look import Look
from engine.judge import facts
from engine.judge.text import many
from engine.model.facts import BACK_OUT, FETCHED
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.run.session import Session
from runbook.to_4_26 import on_record
from runbook.to_4_26.follow_up import ListUnusable, list_here
from runbook.to_4_26.httpd import pristine
from runbook.to_4_26.memories import follow_up_list
from runbook.to_4_26.memories.proof import Proof, fetched_findings, proof_of
from runbook.to_4_26.memories.table import no_memories
from runbook.to_4_26.presence import presence


@step("again.ocs_files", after=("update.fencing",))
def test_ocs_files(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """The packages that brought the OCS files are on record: they tell what is a node's own."""
    if not upgrade_is_ahead:
        return
    asked = look.ask_all(look.names.operative, pristine.OWNERS)
    if evidence.answered(asked):
        evidence.remember(pristine.FACT, nodes=asked.values)
        packages = {one["package"] for owned in asked.values.values() for one in owned.values()}
        said = ", ".join(sorted(packages)) or "none of the OCS files is there"
        evidence.note(f"packages of the OCS files on {len(asked.values)} operative nodes: {said}")
    assert evidence.verdict


@step("backup.proved", after=("again.*",), guide=("G06",))
def test_backup(memories_backed_up: Applied, look: Look, host: Host, evidence: Evidence) -> None:
    """The table is dumped, restored beside the original, and compared with it."""
    there, asked = presence(look)
    evidence.answered(asked)
    if why := no_memories(look, there):
        evidence.not_applicable(why)
    proof = look.ask(host.node, proof_of(look.attempt)) if look.attempt else None
    if proof is not None:
        modes = {proof.file: host.file(proof.file).mode}
        said = facts.modes_told(modes)
        verdict = evidence.judge(facts.open_to_others(host.node, modes), observed=said, guide=())
        on_record.keep_backup(look, evidence, proof)
        assert verdict


@step("backup.fetched", after=("backup.proved",))
def test_fetched(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The backup is copied to this machine, as N alone would be one place only."""
    if look.memory.closed:
        evidence.not_needed(_of_earlier(look))
        return
    proof = look.ask(look.names.active, proof_of(look.attempt)) if look.attempt else None
    if proof is None:
        evidence.not_needed("there is no backup to fetch")
        return
    path = runbook_session.fetch(
        look.names.active, ("cat", "--", proof.file), "ocsweb.memories.sql.gz", 3600.0
    )
    findings = fetched_findings(path, proof)
    verdict = evidence.judge(
        findings, observed=f"{path.name}, {path.stat().st_size} bytes, sha256 {proof.sha256}"
    )
    if verdict:
        evidence.remember(FETCHED, file=f"backups/{path.name}", sha256=proof.sha256)
    evidence.note(
        f"restore it on the node that runs the database with: {proof.restore_command}",
        about=BACK_OUT,
    )
    _fetch_list(runbook_session, look, evidence, proof)
    assert verdict


def _of_earlier(look: Look) -> str:
    """Where the copy is, when the upgrade is over and nothing is fetched any more."""
    fetched = look.memory.facts.get(FETCHED)
    if fetched is None:
        return "the upgrade is over, and no run has fetched a backup"
    return f"the upgrade is over: {fetched['file']} is in the directory of run {fetched['run']}"


def _fetch_list(session: Session, look: Look, evidence: Evidence, proof: Proof) -> None:
    """The list of machines to follow up; without it the upgrade is as safe as with it."""
    attempt, sha256 = look.attempt or "", proof.agents_sha256
    if not look.ask(look.names.active, follow_up_list.is_whole(attempt, sha256)):
        evidence.note("the list of the machines to follow up is not there any more")
        return
    try:
        file = list_here(session, look, attempt, sha256)
        machines = sum(1 for _ in follow_up_list.read(file))
    except (ListUnusable, ValueError) as error:
        evidence.note(f"the list of the machines to follow up can't be used: {error}")
        return
    evidence.remember(follow_up_list.LISTED_FACT, machines=machines, sha256=sha256)
    listed = many(machines, "machine")
    evidence.note(f"{follow_up_list.FILE}, {listed} to follow up, sha256 {sha256}")
