"""Verification: the command's exit status is on record, and its effects are observed."""

from __future__ import annotations

from engine.ask.look import Look
from engine.judge import normal, versions
from engine.judge.text import by_value
from engine.model.finding import Finding
from engine.model.steps import step
from engine.queries.neteye import VERSION
from engine.record.evidence import Evidence
from runbook.cluster import checks, packages
from runbook.cluster.profiles import describe, settled
from runbook.phases.actions.neteye_command import ended_with, failure_of, name_of


@step("verification.command", after=("upgrade.stop", "migration.*?"), guide=("G18", "G20"))
def test_command(look: Look, evidence: Evidence) -> None:
    """The last round of `neteye upgrade` ended with exit status 0, by the record on N."""
    rounds = look.memory.detached("upgrade")
    said = f"{name_of(rounds[-1])} ended with {failure_of(rounds[-1])}" if rounds else "no round"
    is_done = bool(rounds) and ended_with(rounds[-1]) == 0
    assert evidence.judge([] if is_done else [_exhausted(look, len(rounds), said)], observed=said)


def _exhausted(look: Look, rounds: int, said: str) -> Finding:
    return Finding(
        code="rounds-exhausted",
        subject=look.names.active,
        observed=f"{rounds} rounds were run, {said}",
        expected="a last round that ended with exit status 0",
        remedy="Read that task in its log and remove the cause. Then run again: each further"
        " run starts the last round once more.",
        guide=("G18", "G20"),
    )


@step("verification.versions", after=("verification.command",), guide=("G18", "G21"))
def test_versions(look: Look, evidence: Evidence) -> None:
    """Every node is at the target with all its packages, E and V by the command itself."""
    asked = evidence.answers(look.ask_all(look.names.all, VERSION))
    evidence.judge(
        versions.reached(asked, look.release.target, look.names.all),
        observed=by_value(asked) + "; this runbook has changed nothing on"
        f" {', '.join(look.names.elastic_only + look.names.voting_only) or 'E and V: none'}",
        guide=("G21",),
    )
    assert packages.are_upgraded(look, evidence)


@step("verification.leftovers", after=("verification.command",), guide=("G14",))
def test_leftovers(look: Look, evidence: Evidence) -> None:
    """No .rpmnew, .rpmsave or .rpmorig is left on any node."""
    assert checks.no_leftovers(look, evidence)


@step("verification.mid_upgrade", after=("verification.versions",), guide=("G25", "G26"))
def test_mid_upgrade(look: Look, evidence: Evidence) -> None:
    """The cluster status is normal for mid-upgrade: only N active, all that may run Started."""
    if look.memory.closed or not look.cluster_status().standby_nodes:
        evidence.not_needed(
            "no node is in standby any more: the profiles after reactivation apply",
            guide=("G25",),
        )
        return
    findings, seen = settled(look, normal.mid_upgrade, version=look.release.target)
    assert checks.normal_or_support(evidence, findings, f"mid-upgrade: {describe(seen)}")
