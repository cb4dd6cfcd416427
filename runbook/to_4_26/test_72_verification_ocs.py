"""Verification of the asset module: OCS by use, GLPI, the table with its backup, the agents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.attempt.comparison_key import comparison_key_of
from engine.errors import Unanswered
from engine.judge import facts
from engine.model.facts import PASSWORD
from engine.model.finding import Finding, Way
from engine.model.steps import step
from engine.record.evidence import Evidence
from engine.run.session import Session
from engine.secrets import Secret
from runbook.cluster import product
from runbook.to_4_26 import failover_record, on_record
from runbook.to_4_26.actions.backup import VERIFIED, Beside, is_compared
from runbook.to_4_26.follow_up import AGENTS, ListUnusable, due, follow, list_here
from runbook.to_4_26.glpi.checks import glpi_now, reset_password
from runbook.to_4_26.glpi.place import GlpiPlace, glpi_place
from runbook.to_4_26.httpd import migration, sameness
from runbook.to_4_26.httpd.checks import (
    agents_now,
    has_ocs_server,
    httpd_node,
    inventories_now,
    ocs_online,
)
from runbook.to_4_26.httpd.restart import HTTPD_RESOURCE, restarted
from runbook.to_4_26.memories import follow_up_list
from runbook.to_4_26.memories.checks import memories_after
from runbook.to_4_26.memories.comparison import DATABASE_CLOCK
from runbook.to_4_26.memories.proof import proof_of
from runbook.to_4_26.memories.table import no_memories
from runbook.to_4_26.names import SCRATCH_DATABASE, SHARED, WEB_PORTS
from runbook.to_4_26.presence import SCHEMAS, presence


@step("verification.ocs_files", after=("verification.versions",), guide=("G13",))
def test_ocs_files(look: Look, evidence: Evidence) -> None:
    """The OCS files of every node take the password from the variable; the rest may differ."""
    there, asked = presence(look)
    evidence.answered(asked)
    if not there.has_ocs:
        evidence.not_applicable(there.sentence())
        return
    now = migration.credentials_now(look)
    variable = now.variable
    if variable is None:
        evidence.not_needed("no template names the variable: verification.ocs_server judges that")
        return
    findings, differences = sameness.compared_with_n(look, variable)
    for place, lines in differences.items():
        if lines:
            evidence.attach(f"settings of {place} that differ from N's", "\n".join(lines))
    on_record.keep_password(look, evidence, now, variable)
    said = "; ".join(f"{place}: {len(lines)}" for place, lines in differences.items())
    assert evidence.judge(
        [*findings, *sameness.not_as_on_n(look.names.active, differences)],
        observed=(
            ""
            if findings
            else f"both files take the password from {variable} on every operative node; "
        )
        + f"settings that differ from those of N: {said or 'there is no other node'}",
    )


@step("verification.httpd", after=("verification.mid_upgrade",), guide=("G14",))
def test_httpd(httpd_restarted: Applied, look: Look, evidence: Evidence) -> None:
    """httpd runs with the migrated settings: it reads them when it starts."""
    is_moved = failover_record.is_under_way(look.memory)
    if is_moved or look.cluster_status().resource(HTTPD_RESOURCE) is None:
        return  # the action says so
    host, unit = look.host(httpd_node(look)), f"{HTTPD_RESOURCE}.service"
    listening = {port: host.socket(f"tcp://{port}").is_listening for port in WEB_PORTS}
    enabled = look.on_each(look.names.operative, unit, lambda node: node.service(unit).is_enabled)
    evidence.answered(enabled)
    assert evidence.judge(
        [
            *facts.not_mounted(host.node, SHARED, host.mount_point(SHARED).exists),
            *facts.not_listening(host.node, unit, listening, restarted(host.node)),
            *facts.started_by_systemd(enabled.values, unit),
        ],
        observed=f"{unit} and {SHARED} looked at on {host.node}",
        sound="it listens, the directory is mounted, and pacemaker alone starts the service",
        guide=(),
    )


@step("verification.ocs_server", after=("verification.httpd",), guide=("G14",))
def test_ocs_server(look: Look, evidence: Evidence) -> None:
    """The OCS server really logs in to its database with the migrated settings."""
    if failover_record.is_under_way(look.memory):
        evidence.not_needed("proved by an earlier run, before it moved httpd: see failover.httpd")
        return
    there, asked = presence(look)
    evidence.answered(asked)
    if not has_ocs_server(look, there):
        evidence.not_applicable(there.sentence())
        return
    node = httpd_node(look)
    seen = ocs_online(look, node)
    verdict = evidence.judge(seen.findings, observed=seen.observed)
    if verdict:
        evidence.remember(failover_record.PROVED, node=node)
    assert verdict


@step("verification.inventories", after=("verification.ocs_server",), guide=("G14",))
def test_inventories(look: Look, evidence: Evidence) -> None:
    """What agents have sent since httpd started is in the database, if any have."""
    if look.memory.closed:
        evidence.not_needed("the attempt was closed by an earlier run")
        return
    if failover_record.is_under_way(look.memory):
        evidence.not_needed("looked at by an earlier run, before it moved httpd")
        return
    there, asked = presence(look)
    evidence.answered(asked)
    if not has_ocs_server(look, there) or not there.has_ocs_database:
        evidence.not_applicable(there.sentence())
        return
    asked_at = look.sql(DATABASE_CLOCK)
    seen = inventories_now(look, agents_now(look), asked_at)
    assert evidence.judge(seen.findings, observed=seen.observed)


@step("verification.glpi", after=("verification.mid_upgrade",), guide=("G03",))
def test_glpi(look: Look, evidence: Evidence) -> None:
    """Every OCS server of glpi_ocsinventoryng has a new password that decrypts and logs in."""
    baseline = ((look.baseline or {}).get("ocs") or {}).get("glpi")
    place = glpi_place(look)
    if baseline is None and not place.findings:
        evidence.not_applicable(f"no plugin of GLPI at the baseline; now {place.sentence}")
        return
    if place.database is None or baseline is None:
        assert evidence.judge(_no_glpi(place), observed=place.sentence)
        return
    seen = glpi_now(look, place, baseline, _comparison(look, baseline))
    verdict = evidence.judge(seen.findings, observed=seen.observed)
    if seen.lines and not seen.findings:
        evidence.remember(PASSWORD, **reset_password(place, seen.lines))
    assert verdict


def _comparison(look: Look, baseline: Mapping[str, Any]) -> Secret | None:
    """The attempt's key.

    None once the attempt is closed: it was compared, and the key is gone; or where there is
    nothing to compare with: an older runbook took the baseline.
    """
    if look.memory.closed or not baseline.get("hmacs"):
        return None
    node, query = look.names.active, comparison_key_of(look.attempt or "")
    key = look.ask(node, query)
    if key is None:
        raise Unanswered(node, query.name, f"it is not there any more ({query.argv[-1]})")
    return key


def _no_glpi(place: GlpiPlace) -> list[Finding]:
    """Its database was there at the baseline, or can't be told now."""
    return list(place.findings) or [
        Finding(
            code="glpi-database-gone",
            subject="GLPI",
            observed=f"there was a database with the table of GLPI's plugin; {place.sentence}",
            expected="the same database after the upgrade",
            remedy=product.SUPPORT,
            guide=("G03",),
            way=Way.SUPPORT,
        )
    ]


@step("verification.memories", after=("verification.mid_upgrade",), guide=("G07",))
def test_memories(memories_beside: Applied, beside: Beside, look: Look, evidence: Evidence) -> None:
    """Non-integers are NULL, integers unchanged, no row lost: compared with the backup."""
    there, asked = presence(look)
    evidence.answered(asked)
    if why := no_memories(look, there):
        evidence.not_applicable(why)
        return
    if is_compared(look.memory):
        evidence.not_needed("compared with the backup earlier in this attempt")
        return
    proof = look.ask(look.names.active, proof_of(look.attempt)) if look.attempt else None
    if proof is None or beside.unlike:
        seen_here = beside.unlike or "no proved backup of this attempt is there"
        evidence.judge([_no_backup(look, seen_here)], observed=seen_here)
        if not evidence.blocking and VERIFIED not in look.memory.facts:
            # accepted: the agents are followed up all the same, from now on
            evidence.remember(VERIFIED, moment=_clock(look), compared=False)
        assert evidence.verdict
        return
    seen = memories_after(look, datetime.fromisoformat(proof.began))
    evidence.judge(seen.findings, observed=seen.observed)
    evidence.lost(*seen.lost)
    if seen.lines:
        evidence.attach("rows that are not as they have to be", "\n".join(seen.lines))
    if not evidence.blocking:
        evidence.remember(VERIFIED, moment=_clock(look))
    assert evidence.verdict


def _clock(look: Look) -> str:
    return look.sql(DATABASE_CLOCK).isoformat()


def _no_backup(look: Look, observed: str) -> Finding:
    return Finding(
        code="backup-missing",
        subject=look.names.active,
        observed=observed,
        expected="the backup made directly before the first round",
        remedy="Without it no row can be compared. Look for the file named in the first run's"
        " report; if it is lost, check the table by hand and accept this finding.",
        guide=("G06", "G07"),
        way=Way.ACCEPT,
    )


@step("verification.scratch", after=("verification.memories",))
def test_scratch(memories_beside_dropped: Applied, look: Look, evidence: Evidence) -> None:
    """The schema that the backup was restored into is gone."""
    if evidence.made:
        assert SCRATCH_DATABASE not in look.sql(SCHEMAS)


@step("verification.agents", after=("verification.memories",), guide=("G08",))
def test_agents(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """A first look at the agents that had sent strings; they are followed up days later."""
    listed = look.memory.facts.get(follow_up_list.LISTED_FACT)
    if listed is None:
        _without_a_list(look, evidence)
        return
    if not listed["machines"]:
        evidence.not_needed("no agent had sent a value that is no integer")
        return
    upgraded = look.memory.facts.get(VERIFIED)
    moment = datetime.fromisoformat(upgraded["moment"]) if upgraded else look.sql(DATABASE_CLOCK)
    attempt = runbook_session.survey.attempt
    attempt_id = look.attempt or (attempt.id if attempt else "")
    try:
        file = list_here(runbook_session, look, attempt_id, listed["sha256"])
        tally, _ = follow(look, evidence, file, moment)
    except ListUnusable as error:
        # what comes after does not need it: nobody is locked out of a half-upgraded cluster
        what = f"{error}. Bring the list back, then: {_command(runbook_session)}"
        evidence.open("G08", what, brief=AGENTS, until=due(moment))
        return
    assert tally.machines == listed["machines"], "every machine of the list has its verdict"
    if tally.open:
        evidence.open(
            "G08",
            f"{tally.sentence()}. Look again when they have sent an inventory, some days from now:"
            f" {_command(runbook_session)}",
            brief=AGENTS,
            until=due(moment),
        )
    else:
        evidence.fulfilled("G08", tally.sentence())


def _command(session: Session) -> str:
    return session.commands["follow-up"]


def _without_a_list(look: Look, evidence: Evidence) -> None:
    there, asked = presence(look)
    evidence.answered(asked)
    if why := no_memories(look, there):
        evidence.not_applicable(why)
        return
    evidence.open(
        "G08",
        "there is no list of the machines to follow up, as no backup was made and proved: look at"
        " the agents by hand, with the list of the preflight",
        brief=AGENTS,
        until=due(look.now()),
    )
