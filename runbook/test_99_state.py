"""The last step of every run, whatever happened before: the state the cluster is left in."""

from __future__ import annotations

from engine.errors import Unanswered
from engine.evidence import Evidence
from engine.look import Look
from engine.queries.neteye import VERSION
from engine.session import Session
from engine.steps import step


@step("closing.state", scope="every")
def test_state(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The state the cluster is left in, whatever happened before."""
    asked = look.ask_all(look.names.all, VERSION)
    listing = ", ".join(f"{node} {version}" for node, version in asked.values.items())
    try:
        status = look.cluster_status()
        seen = (
            f"standby: {', '.join(status.standby_nodes) or 'none'}; fencing"
            f" {'on' if status.options.stonith_enabled else 'off'}"
        )
    except Unanswered as error:
        seen = f"the cluster did not answer: {error.why}"
    for node, why in asked.unanswered.items():
        listing += f"; {node} does not answer: {why}"
    evidence.note(f"{listing}; {seen}{_in_place(runbook_session, look)}")


def _in_place(session: Session, look: Look) -> str:
    if session.run.follows is not None:
        return ""  # it does not go by the records on N
    entries = look.memory.ledger.values()
    left = ", ".join(f"{entry.kind} of {entry.subject}" for entry in entries) or "none"
    return f"; temporary changes in place: {left}"
