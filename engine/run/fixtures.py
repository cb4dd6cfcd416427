"""What steps and actions ask for by name: the session, the ways to look, the evidence."""

from __future__ import annotations

import pytest

from engine.ask.host import Host
from engine.ask.look import Look
from engine.record.evidence import Evidence
from engine.run.session import ITEM, SESSION, Session


@pytest.fixture
def runbook_session(request: pytest.FixtureRequest) -> Session:
    """The session of this run; for actions."""
    return request.config.stash[SESSION]


@pytest.fixture
def look(runbook_session: Session) -> Look:
    """The read-only door to the cluster."""
    return runbook_session.look


@pytest.fixture
def host(look: Look, request: pytest.FixtureRequest) -> Host:
    """testinfra's host: of the step's own node with `each="node"`, elsewhere of N."""
    return look.host(request.node.stash[ITEM].node or look.names.active)


@pytest.fixture
def evidence(runbook_session: Session) -> Evidence:
    """Where the step says what it saw."""
    assert runbook_session.evidence is not None
    return runbook_session.evidence


@pytest.fixture(scope="session")
def round_number() -> None:
    """The round of a fan-out over rounds; None elsewhere."""
