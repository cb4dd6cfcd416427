"""What the evidence says of a backup: asked of the file itself, once, and stopping nothing."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from engine.model.facts import BACKUP
from engine.record.memory import ChangeRecord
from runbook.to_4_26 import on_record
from runbook.to_4_26.memories import dump
from runbook.to_4_26.memories.proof import Proof
from tests.actions.ocs_nodes import OTHER, FakeLook, N, Nodes
from tests.engine import kit

FILE = dump.backup_path("A1")
PROOF = Proof(
    FILE, "a" * 64, 4096, 12, 77, "2024-03-09T21:59:30", "2024-03-09T22:00:00+00:00", N, 3
)
TABLE = """\
-- MariaDB dump
DROP TABLE IF EXISTS `memories`;
CREATE TABLE `memories` (
  `ID` int(11) NOT NULL AUTO_INCREMENT,
  `CAPACITY` varchar(255) DEFAULT 'a, b',
  PRIMARY KEY (`ID`)
) ENGINE=InnoDB;
INSERT INTO `memories` VALUES (1,'  `CAPACITY` text,\n)');
"""


class Told:
    """Keeps facts and notes."""

    def __init__(self, *made: str) -> None:
        self.facts: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.made = [
            ChangeRecord(str(n), kit.intent(what=what, node=OTHER)) for n, what in enumerate(made)
        ]

    def remember(self, name: str, **values: Any) -> None:
        assert name == BACKUP
        self.facts.append(values)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    return Nodes(tmp_path, N, OTHER)


def put(nodes: Nodes, text: str = TABLE) -> None:
    file = nodes.path(N, FILE)
    file.parent.mkdir(parents=True)
    file.write_bytes(gzip.compress(text.encode()))
    file.chmod(0o600)


def remembered(look: FakeLook, *made: str) -> Told:
    told = Told(*made)
    on_record.keep_backup(look, told, PROOF)  # type: ignore[arg-type]
    return told


def test_the_column_is_told_as_the_backup_defines_it(nodes: Nodes) -> None:
    put(nodes)
    look = FakeLook(nodes)
    (fact,) = remembered(look).facts
    assert any("CAPACITY varchar(255) DEFAULT 'a, b')" in text for text in fact["brings"])
    assert fact["places"] == [
        {"node": N, "path": FILE, "owner": "root", "group": "root", "mode": "0600"}
    ]
    assert (fact["of"], fact["size"], fact["sha256"]) == ("ocsweb.memories", 4096, "a" * 64)
    assert "12 rows, checksum 77, 3 rows" in fact["proved"]
    assert fact["restore"] == f"gzip -dc {FILE} | mysql ocsweb"
    assert len(look.asked) == 1


def test_where_it_was_made_is_another_place(nodes: Nodes) -> None:
    put(nodes)
    (fact,) = remembered(FakeLook(nodes), "dump ocsweb.memories", "copy it").facts
    assert fact["places"][1:] == [{"node": OTHER, "path": FILE, "note": "where it was made"}]


def test_a_backup_on_record_is_not_asked_again(nodes: Nodes) -> None:
    look = FakeLook(nodes)
    look.memory.add(kit.event("fact", name=BACKUP, sha256="a" * 64))
    assert remembered(look).facts == []
    assert look.asked == []


def test_a_table_of_another_form_is_not_guessed(nodes: Nodes) -> None:
    put(nodes, "CREATE TABLE memories;\nINSERT INTO memories VALUES (1);\n")
    (fact,) = remembered(FakeLook(nodes)).facts
    assert any("how is not known" in text for text in fact["brings"])


def test_no_answer_stops_nothing(nodes: Nodes) -> None:
    told = remembered(FakeLook(nodes))
    assert told.facts == []
    assert "was not told" in told.notes[0]
