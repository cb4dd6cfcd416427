"""Preflight again: what can have changed since the start, directly before the upgrade (G28).

The update has changed packages, and days may lie between update and upgrade.
"""

from __future__ import annotations

from engine.ask.look import Look
from engine.model.steps import step
from engine.record.evidence import Evidence
from runbook.cluster import checks, packages

UPDATED = ("update.fencing",)


@step("again.sameness", after=UPDATED)
def test_sameness(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """Cluster file, dnf.conf, repositories and DNF0 are the same on all nodes."""
    if upgrade_is_ahead:
        assert checks.files_are_the_same(look, evidence)


@step("again.access", after=UPDATED)
def test_access(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """N logs in to all nodes, names lead where they should, and sockets are reached."""
    if upgrade_is_ahead:
        assert checks.everything_is_reached(look, evidence)


@step("again.repository", after=UPDATED)
def test_repository(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """The repository of the target answers on every node, and nothing hides its packages there."""
    if upgrade_is_ahead:
        assert packages.can_come(look, evidence)


@step("again.space", after=UPDATED)
def test_space(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """There is room for the packages on every node."""
    if upgrade_is_ahead:
        assert checks.there_is_room(look, evidence)


@step("again.constraints", after=UPDATED)
def test_constraints(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """No leftover constraint, and none that keeps a resource off N."""
    if upgrade_is_ahead:
        assert checks.nothing_keeps_off_n(look, evidence)


@step("again.leftovers", after=UPDATED)
def test_leftovers(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """No .rpmnew, .rpmsave or .rpmorig lies about on any node."""
    if upgrade_is_ahead:
        assert checks.no_leftovers(look, evidence)


@step("again.kernels", after=UPDATED)
def test_kernels(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """A node that is restarted comes back with DRBD: the update may have brought a kernel."""
    if upgrade_is_ahead:
        assert checks.next_start_is_safe(look, evidence)


@step("again.commands", after=UPDATED)
def test_commands(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """No other command that changes the cluster runs on any node."""
    if upgrade_is_ahead:
        assert checks.no_command_runs(look, evidence)


@step("again.health", after=UPDATED, guide=("G28",))
def test_health(upgrade_is_ahead: bool, look: Look, evidence: Evidence) -> None:
    """`neteye health deep` is OK on every node."""
    if upgrade_is_ahead:
        assert checks.health_is_ok(look, evidence)
