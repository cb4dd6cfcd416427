"""The steps that judge, driven with what they find: blocked without an acceptance, gone on with it.

The bodies are the runbook's, the evidence and the weighing are the engine's, the nodes run their
scripts. What these steps find is called acceptable, so their next steps may begin.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.judge.weighing import Judge
from engine.model.finding import Acceptance
from engine.model.inventory import Environment, Settings
from engine.record.evidence import Evidence
from engine.record.position import Position
from runbook.phases import test_16_preflight_needs as needs
from runbook.to_4_26 import test_15_preflight_ocs as ocs
from runbook.to_4_26.memories import capacity, table
from runbook.to_4_26.memories.capacity import CapacityClass
from runbook.to_4_26.names import CREDENTIALS, SERVER_CONF
from runbook.to_4_26.presence import Presence, Seen
from runbook.to_4_26.severities import SEVERITIES
from tests.actions.ocs_nodes import OTHER, FakeLook, N, Nodes
from tests.engine import kit

Body = Callable[..., Any]
DENIED = 'echo "ERROR 1045 (28000): Access denied" >&2; exit 1'
CONF = """PerlSetEnv OCS_DB_HOST h
PerlSetEnv OCS_DB_USER u
PerlSetEnv OCS_DB_NAME {name}
PerlSetVar OCS_DB_PWD secret1
"""
PLACES = {"datadir": "/var/lib/mysql", "tmpdir": "/var/lib/tmp"}
SIZE = {"data": 1000, "indexes": 100, "engine": "InnoDB", **PLACES}


def columns(kind: str = "BASE TABLE") -> list[Mapping[str, Any]]:
    return [
        {"database_name": "ocsweb", "table_name": name, "kind": kind, "column_name": column}
        for name, needed in table.NEEDED.items()
        for column in needed
    ]


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    made = Nodes(tmp_path, N, OTHER)
    for node in made.names:
        made.put(node, SERVER_CONF, CONF.format(name="ocsweb"))
        for directory in ("mysql", "tmp"):
            made.path(node, f"/var/lib/{directory}").mkdir()
    made.program("mysql", 'echo "logged in"')
    made.program("crm_resource", "echo 192.0.2.9")
    return made


class Look(FakeLook):
    """At the start of an attempt that is not open yet."""

    position = Position.NOT_STARTED

    def __init__(self, nodes: Nodes) -> None:
        super().__init__(nodes)
        self.attempt = None
        self.settings = Settings("neteye.example.test", Environment.PRODUCTION)
        self.rows = {
            "databases of the asset module": [{"name": "ocsweb"}],
            "tables called like those of OCS": columns(),
            "type of memories.CAPACITY": [{"data_type": "decimal"}],
            "size of memories": [SIZE],
        }


def other_database(look: Look) -> None:
    look.nodes.put(OTHER, SERVER_CONF, CONF.format(name="ocs2"))


def refused(look: Look) -> None:
    look.nodes.program("mysql", DENIED)


def foreign_credentials(look: Look) -> None:
    look.nodes.put(N, CREDENTIALS, "A=another\n")


def little_room(look: Look) -> None:
    look.rows["size of memories"] = [{**SIZE, "data": 1 << 60}]


def other_client(look: Look) -> None:
    """The database is on OTHER now, and will be on N."""
    look.database_node = OTHER
    look.nodes.program("mysql", f'[ "$NODE" = {N} ] || echo "--user=root "')


def nothing(look: Look) -> None:
    """The column alone is what blocks."""


def text_in_production(look: Look) -> None:
    """Every second value is text."""
    look.rows["type of memories.CAPACITY"] = [{"data_type": "varchar"}]
    none = dict.fromkeys(("agent", "known", "kind", "machines_count", "filled"))
    text = int(capacity.numbers_of([CapacityClass.TEXT]))
    look.rows["values of memories.CAPACITY by agent and class"] = [
        {**none, "values_count": 100, "filled": 100},
        {**none, "known": 1, "kind": text, "machines_count": 9, "values_count": 50},
    ]
    look.rows["values of memories.CAPACITY that are no integers"] = []


CASES: dict[str, tuple[Body, Callable[[Look], None]]] = {
    "ocs-database-elsewhere": (ocs.test_capacity, other_database),
    "capacity-column": (ocs.test_capacity, nothing),
    "capacity-loss": (ocs.test_capacity, text_in_production),
    "ocs-login-failed": (ocs.test_ocs_passwords, refused),
    "ocs-credentials-other": (ocs.test_ocs_passwords, foreign_credentials),
    "backup-no-room": (ocs.test_ocs_needs, little_room),
    "database-client": (needs.test_needs, other_client),
}


def evidence_of(tmp_path: Path, *accepted: str) -> Evidence:
    run = kit.make_run(tmp_path / "run")
    given = tuple(Acceptance(code, None, "known", "A. Rossi") for code in accepted)
    run.judge = Judge(SEVERITIES, given)
    return Evidence(run, "a.step", ())


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not accepted"])
@pytest.mark.parametrize("code", CASES)
def test_a_step_goes_on_with_what_was_accepted(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, accepted: bool
) -> None:
    there = Presence((N, OTHER), frozenset({"ocsweb"}), 2)
    answered = SimpleNamespace(unanswered={}, question="")
    monkeypatch.setattr(ocs, "presence", lambda look: (there, answered))
    body, trouble = CASES[code]
    assert code not in SEVERITIES.never_acceptable
    look = Look(nodes)
    trouble(look)
    also = ("capacity-column",) if code == "ocs-database-elsewhere" else ()
    monkeypatch.setattr(ocs.before, "ocs_now", lambda look: Seen([], "it answers"))
    # this machine has not every program of a node
    monkeypatch.setattr("runbook.cluster.needs.ALWAYS", ("sh",))
    monkeypatch.setattr(ocs, "PROGRAMS", ("sh",))
    evidence = evidence_of(tmp_path, *also, *([code] if accepted else []))
    with contextlib.nullcontext() if accepted else pytest.raises(AssertionError, match=code):
        body(look, evidence)
    assert {finding.code for finding in evidence.blocking} == (set() if accepted else {code})


def test_what_would_be_lost_is_on_record_whoever_accepts_it(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Presence((N, OTHER), frozenset({"ocsweb"}), 2)
    answered = SimpleNamespace(unanswered={}, question="")
    monkeypatch.setattr(ocs, "presence", lambda look: (there, answered))
    look = Look(nodes)
    text_in_production(look)
    evidence = evidence_of(tmp_path)
    with pytest.raises(AssertionError, match="capacity-loss"):
        ocs.test_capacity(look, evidence)  # type: ignore[arg-type]
    (told,) = [e for e in evidence._run.journal.events if e["event"] == "loss"]
    assert (told["state"], told["count"], told["total"]) == ("expected", 50, 100)
    assert told["where"].startswith("outputs/")
