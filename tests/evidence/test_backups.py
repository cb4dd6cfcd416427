"""Backups as the auditor reads them: where, proved how, what a restore does; older ones too."""

from __future__ import annotations

import re
from typing import Any

from engine.model.facts import BACKUP, FETCHED
from engine.report.audit.backups import backups_of
from engine.report.audit.page import render
from tests.engine.kit import N, event
from tests.evidence import journals

SHA = "b" * 64
WAY = {N: {"address": "a", "port": 22, "line": 1, "user": "root", "become": False}}


def fact(**fields: Any) -> dict[str, Any]:
    plain = {
        "of": "some.table",
        "node": N,
        "file": "/backups/table.gz",
        "size": 4096,
        "sha256": SHA,
        "taken": "2026-11-02T00:00:40+00:00",
        "proved": "restored and compared: 12 rows",
        "restore": "gzip -dc table.gz | mysql",
        "restore_on": "on the database's node",
        "brings": ["the rows", "the type of the column: varchar(255)"],
        "leaves": ["what came since"],
        "places": [{"node": N, "path": "/backups/table.gz", "owner": "root", "group": "root",
                    "mode": "0600"}],
    }  # fmt: skip
    return event("fact", 40, step="backup.proved", name=BACKUP, **{**plain, **fields})


def copied(sha256: str = SHA) -> dict[str, Any]:
    return event("fact", 41, step="x", name=FETCHED, file="backups/table.gz", sha256=sha256)


def section(*own: dict[str, Any], **begun: Any) -> str:
    text = render([journals.started(**begun), *own], [])
    found = re.search(r'<section id="backups".*?</section>', text, re.S)
    assert found is not None
    return found[0]


def test_everything_of_a_backup_is_told() -> None:
    text = section(fact(), copied())
    for said in (
        *("some.table", "/backups/table.gz", "root root 0600", "4096 bytes", SHA),
        *("restored and compared: 12 rows", "gzip -dc table.gz | mysql", "varchar(255)"),
        *("what came since", "backups/table.gz", "with the same sha256"),
    ):
        assert said in text, said


def test_a_copy_of_another_backup_is_no_copy_of_this_one() -> None:
    assert "none was fetched" in section(fact(), copied("c" * 64))


def test_the_last_proof_of_a_backup_counts() -> None:
    (one,) = backups_of([fact(size=1), fact(size=2)]).backups
    assert one.size == 2


def test_of_an_older_run_what_is_on_record_is_told() -> None:
    said = event("note", 40, step="x", text="restore it with: mysql", about="back-out")
    text = section(copied(), said)
    for told in ("older runbook", "backups/table.gz", SHA, "restore it with: mysql"):
        assert told in text, told
    assert "None is on record (older runbook)" in section()


def test_none_is_none_and_the_fallback_was_not_looked_at() -> None:
    text = section(reached=WAY)
    assert "None was made by the runbook." in text
    assert "snapshots of all nodes" in text
    assert "none named" in section(fallback=None)
