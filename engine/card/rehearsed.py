"""How long the rehearsal took that the inventory names: a real time beside the announced ones."""

from __future__ import annotations

from engine.errors import UsageError
from engine.given_path import is_file
from engine.judge.statement import SETTING
from engine.model.inventory import Inventory
from engine.report.evidence_files import JOURNAL, read_unaltered, told_as_odd
from engine.report.summary import summary_of


def length_of_rehearsal(inventory: Inventory) -> str:
    """A sentence; '' when no rehearsal is named. UsageError when its evidence was altered.

    The statement itself has no times: they are in the evidence that lies beside it.
    """
    path = inventory.settings.rehearsal
    if path is None:
        return ""
    directory = path.resolve().parent
    if not is_file(path) or not is_file(directory / JOURNAL):
        return f"How long the rehearsal took is not known: its evidence is not at {path.parent}."
    try:
        evidence = read_unaltered(directory)
        with told_as_odd(directory):
            summary = summary_of(evidence.own, evidence.earlier)
            nodes = len(evidence.own[0]["nodes"])
    except UsageError as error:
        raise UsageError(f"{SETTING}: {error}") from error
    where = f"{summary['cluster']}, {nodes} nodes, ended {str(summary['finished'])[:10]}"
    return f"The rehearsal ({where}) took {summary['taken']} in all."
