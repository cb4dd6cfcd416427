"""The last step of every run, whatever happened before: the state the cluster is left in."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ask.look import Look
from engine.errors import Unanswered
from engine.judge.text import by_value
from engine.model.cluster import ClusterStatus
from engine.model.facts import AFTER
from engine.model.facts import PACKAGES as CHANGED
from engine.model.host import Version
from engine.model.steps import step
from engine.queries.machine import PACKAGES
from engine.queries.neteye import VERSION
from engine.queries.pacemaker import STATUS
from engine.record.evidence import Evidence
from engine.record.position import Position
from engine.report.under_way import in_place
from engine.run.session import Session
from runbook.cluster.states import packages_changed, position_left, state_of


@step("closing.state", scope="every")
def test_state(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """The state the cluster is left in, whatever happened before."""
    asked = look.ask_all(look.names.all, VERSION)
    listing = by_value(asked.values)
    status, seen, by_n = _status(look)
    for node, why in asked.unanswered.items():
        listing += f"; {node} does not answer: {why}"
    if by_n:
        runbook_session.check_hold()
    position = _position(runbook_session, look, asked.values, status if by_n else None)
    evidence.remember(AFTER, **state_of(asked.values, status), position=position)
    _compare_packages(runbook_session, look, evidence)
    evidence.note(f"{listing}; {seen}{_in_place(runbook_session)}")
    assert AFTER in look.memory.facts, "the state is on record"


def _status(look: Look) -> tuple[ClusterStatus | None, str, bool]:
    """The cluster as N sees it (True); when N does not answer, as the first of the others does."""
    names, whys = look.names, []
    for node in (names.active, *names.other):
        try:
            status = names.localised(look.ask(node, STATUS))
        except Unanswered as error:
            whys.append(f"{node}: {error.why}")
            continue
        seen = (
            f"standby: {', '.join(status.standby_nodes) or 'none'}; fencing"
            f" {'on' if status.options.stonith_enabled else 'off'}"
        )
        return (status, f"{seen} (as {node} sees it)", False) if whys else (status, seen, True)
    told = f"standby and fencing: not known, no node told the status ({'; '.join(whys)})"
    return None, told, False


def _position(
    session: Session, look: Look, versions: Mapping[str, Version], status: ClusterStatus | None
) -> str:
    """Where the upgrade is left; `status`: as N sees the cluster."""
    # a follow-up does not go by the records on N, and without them nothing is derived
    if status is None or session.run.not_known or session.run.follows is not None:
        return Position.UNKNOWN.value
    return position_left(look, versions, status).value


def _compare_packages(session: Session, look: Look, evidence: Evidence) -> None:
    """What has changed since the baseline; a plan changes none."""
    if look.baseline is None or not session.run.mode.changes:
        return
    asked = look.ask_all(look.names.all, PACKAGES)
    installed = {node: map(str, packages) for node, packages in asked.values.items()}
    changes = packages_changed(look.baseline["packages"], installed)
    evidence.remember(CHANGED, changes=changes)


def _in_place(session: Session) -> str:
    if session.run.follows is not None:
        return ""  # it does not go by the records on N
    entries = session.open_ledger()
    if why := session.run.not_known:
        known = ", ".join(f"{entry.kind} of {entry.subject}" for entry in entries)
        left = f"not known ({why})" + (f"; last known: {known}" if known else "")
        return f"; temporary changes in place: {left}"
    return f"; temporary changes in place: {in_place(entries)}"
