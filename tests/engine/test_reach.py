"""A followed command's node out of reach: changes only are recorded."""

from __future__ import annotations

from pathlib import Path

from engine.act.headway import Reach
from tests.engine import kit


def test_only_changes_are_recorded(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    reach = Reach(run, kit.N)
    for word in ("", "", "no route", "no route to host", "", ""):
        reach.note(word)
    told = [(e["state"], e["why"]) for e in run.journal.events if e["event"] == "connection"]
    assert told == [("lost", "no route"), ("back", "")]
