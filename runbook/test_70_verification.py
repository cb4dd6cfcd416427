"""Verification: the command's exit status is on record, and its effects are observed."""

from __future__ import annotations

from engine.evidence import Evidence
from engine.look import Look
from engine.model.finding import Finding
from engine.policy import machine, normal, versions
from engine.queries.machine import LEFTOVERS
from engine.queries.neteye import VERSION
from engine.steps import step
from runbook import release
from runbook.actions.neteye_command import ended_with, name_of, said_of
from runbook.profiles import describe, settled


@step("verification.command", after=("upgrade.stop", "migration.files"), guide=("G18", "G20"))
def test_command(look: Look, evidence: Evidence) -> None:
    """The last round of `neteye upgrade` ended with exit status 0, by the record on N."""
    rounds = look.memory.detached("upgrade")
    done = [record for record in rounds if ended_with(record) == 0]
    findings = []
    if not done:
        said = f"{name_of(rounds[-1])} ended with {said_of(rounds[-1])}" if rounds else "no round"
        findings = [
            Finding(
                code="rounds-exhausted",
                subject=look.names.active,
                observed=f"{len(rounds)} rounds were run, {said}",
                expected="one that ended with exit status 0",
                remedy=release.SUPPORT,
                guide=("G18", "G20"),
            )
        ]
    evidence.judge(
        findings, observed=f"{name_of(done[-1])} ended with exit status 0" if done else ""
    )


@step("verification.versions", after=("verification.command",), guide=("G21",))
def test_versions(look: Look, evidence: Evidence) -> None:
    """Every node is at 4.26, Elastic-only and voting-only nodes by the command itself."""
    asked = look.ask_all(look.names.all, VERSION)
    evidence.answered(asked)
    evidence.judge(
        versions.reached(asked.values, release.TARGET, look.names.all),
        observed=f"{release.TARGET} on {len(asked.values)} nodes, nothing was done by hand on"
        f" {', '.join(look.names.elastic_only + look.names.voting_only) or 'E and V: none'}",
    )


@step("verification.leftovers", after=("verification.command",), guide=("G14",))
def test_leftovers(look: Look, evidence: Evidence) -> None:
    """No .rpmnew or .rpmsave is left on any node."""
    asked = look.ask_all(look.names.all, LEFTOVERS)
    evidence.answered(asked)
    evidence.judge(
        machine.config_leftovers(asked.values, frozenset()),
        observed=f"no .rpmnew or .rpmsave on {len(asked.values)} nodes",
    )


@step("verification.mid_upgrade", after=("verification.versions",), guide=("G25", "G26"))
def test_mid_upgrade(look: Look, evidence: Evidence) -> None:
    """The cluster status is normal for mid-upgrade: only N active, everything Started there."""
    if look.memory.closed or not look.cluster_status().standby_nodes:
        evidence.not_needed(
            "no node is in standby any more: the profiles after reactivation apply",
            guide=("G25",),
        )
        return
    findings, seen = settled(look, normal.mid_upgrade, version=release.TARGET)
    evidence.judge(findings, observed=f"mid-upgrade: {describe(seen)}", guide=("G25",))
    if evidence.blocking:
        evidence.fulfilled("G26", release.SUPPORT)
    else:
        evidence.not_needed("the cluster status is normal", guide=("G26",))
        evidence.outcome = "done"
