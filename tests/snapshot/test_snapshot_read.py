"""Writer and reader of a snapshot agree: what one writes the other takes, by one schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.queries.pacemaker import CIB, STATUS
from rehearsal.bases import DEFAULT
from rehearsal.like import making
from rehearsal.like.reading import read
from rehearsal.like.twin import Twin
from rehearsal.to_4_26 import STEP
from tests.evidence.schemas import problems
from tests.rehearsal import snapshots
from tests.snapshot.recording import NODES, Recording


def test_the_snapshot_that_twins_are_tested_with_is_one_by_the_schema() -> None:
    assert problems("snapshot", snapshots.content()) == []


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


def test_what_the_writer_writes_becomes_a_twin(recording: Recording) -> None:
    twin = making.twin_of(recording.archive(), "1/100")
    found = twin.snapshot
    assert [str(node.role) for node in found.nodes] == list(NODES.values())
    assert found.nodes[0].becomes_by_sudo
    assert {"fence-1", "service-01", "httpd"} <= {one.ident for one in found.pacemaker.primitives()}
    making.prove(STEP, twin, DEFAULT, making.login(twin), 1)


def test_so_does_one_that_lacks_what_was_not_asked(recording: Recording) -> None:
    kept = (CIB.name, STATUS.name)
    recording.events = [e for e in recording.events if e.get("question") in kept]
    twin = Twin(read(recording.archive()))
    making.prove(STEP, twin, DEFAULT, making.login(twin), 1)
