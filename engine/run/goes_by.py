"""The evidence of other runs that a run goes by: checked before anybody is asked, on record then.

A follow-up goes by the run that it follows up, an upgrade by its rehearsal.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import UsageError
from engine.given_path import is_file
from engine.judge.statement import SETTING
from engine.model.event import Event
from engine.model.inventory import Inventory
from engine.model.prediction import Predicted
from engine.model.release import Release
from engine.model.steps import Scope
from engine.prove.statement import read_statement, refuse_altered
from engine.record.other_runs import AS_REHEARSAL, FOLLOWED, Read
from engine.report.evidence_files import JOURNAL, read_unaltered


def read_rehearsal(inventory: Inventory, scope: Scope) -> Read | None:
    """The rehearsal by whose statement this upgrade goes; None: it goes by none.

    Of a statement that lies by itself its signature is all there is. One that is not there is for
    a step to tell. UsageError when statement or evidence was altered since.
    """
    path = _statement_of(inventory, scope)
    if path is None:
        return None
    directory = path.resolve().parent
    try:
        refuse_altered(path)
        if not is_file(directory / JOURNAL):
            return None
        evidence = read_unaltered(directory)
    except UsageError as error:
        raise UsageError(f"{SETTING}: {error}; or take the line out of the inventory") from error
    return Read(AS_REHEARSAL, str(evidence.own[0]["run"]), evidence.head)


def predicted_for(
    inventory: Inventory, scope: Scope, release: Release
) -> tuple[Predicted | None, str]:
    """What that rehearsal predicts; None with the reason, which is empty where none is named."""
    path = _statement_of(inventory, scope)
    seen = read_statement(path) if path is not None else None
    if seen is None:
        return None, ""
    if seen.statement is None:
        return None, f"{SETTING}: {seen.problem}; {_NOTHING}"
    one = seen.statement
    if one.predicted is None:
        older = "predicts nothing, as an older runbook wrote its statement"
        return None, f"{SETTING}: the rehearsal {one.run} {older}; {_NOTHING}"
    source, target = str(release.source), str(release.target)
    if (one.source, one.target) != (source, target):
        other = f"is of an upgrade from {one.source} to {one.target}"
        here = f"this one is from {source} to {target}"
        return None, f"{SETTING}: the rehearsal {one.run} {other}, {here}; {_NOTHING}"
    return Predicted(one.run, one.predicted), ""


_NOTHING = "what happens is compared with nothing that was predicted"


def _statement_of(inventory: Inventory, scope: Scope) -> Path | None:
    """The file that an upgrade goes by; whether one that is not there is missed, a step tells."""
    path = inventory.settings.rehearsal
    is_there = path is not None and scope is Scope.UPGRADE and is_file(path)
    return path if is_there else None


def refuse_another_head(begun: Event, head: str, directory: Path) -> None:
    """UsageError when the run in this directory is not as the one that began so had read it."""
    known = [one["head"] for one in begun.get("read", ()) if one["as"] == FOLLOWED]
    if known and known[0] != head:
        raise UsageError(
            f"{directory}: the head of its journal is {head}, expected {known[0]}, as run"
            f" {begun['run']} had read it; bring the directory back from a copy"
        )
