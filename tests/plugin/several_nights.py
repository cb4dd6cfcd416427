"""A tiny upgrade whose runs may be told to end behind a phase."""

from __future__ import annotations

from typing import Any

from engine.model.release import Pause, Stage
from tests.plugin.kit import NODES

STAGES = (
    Stage("before", ("first", "preflight"), 10, 5),
    Stage("update", ("update",), 5, 5),
    Stage("backup", ("again", "backup"), 5, 0),
    Stage("upgrade", ("upgrade", "closing"), 10, 5),
)
PAUSES = (
    Pause("update", "Every node is active.", "Do not upgrade by hand.", done_at="updated"),
    Pause("backup", "Every node is active.", "Do not upgrade by hand."),
)
LEFT: dict[str, Any] = {
    "versions": dict.fromkeys(NODES, "4.25"),
    "nodes": dict.fromkeys(NODES, "online"),
    "cluster": {"fencing": "on"},
}
STEPS = '''
@step("first.state", after=["first.baseline"])
def test_before(evidence):
    """As it was."""
    evidence.remember("state-before", cluster={{"fencing": "on"}})


@step("update.change", after=["first.baseline"], guide=["G01"])
def test_update(x_set, look, evidence):
    """x is set."""
    evidence.fulfilled("G01", "x was set")
    assert look.ask("neteye01.neteyelocal", HAS("x"))


@step("backup.made", after=["update.change"])
def test_backup(evidence):
    """A backup."""
    evidence.note("made")


@step("upgrade.run", after=["backup.*"], guide=["G02"])
def test_upgrade(y_set, look, evidence):
    """y is set."""
    evidence.fulfilled("G02", "y was set")
    assert look.ask("neteye01.neteyelocal", HAS("y"))


@step("closing.attempt", after=["upgrade.run"])
def test_attempt(runbook_session, evidence):
    """The end."""
    runbook_session.close_attempt()


@step("closing.state", scope="every")
def test_state(look, evidence):
    """The state it is left in."""
    evidence.remember("state-after", position="{position}", **{left})
'''


def steps_of(position: str = "updated", **left: Any) -> str:
    """Its steps; the last one sees the cluster at this position, and as `left` says."""
    return STEPS.format(position=position, left={**LEFT, **left})
