"""`python -m engine card`: reads what the card is made of, and writes it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from engine.atomic import write_atomically
from engine.card.page import MARK, render
from engine.card.planned import read_planned
from engine.card.rehearsed import length_of_rehearsal
from engine.card.typed import Commands
from engine.errors import NotWritten, UsageError
from engine.given_path import is_there
from engine.parse.inventory_ini import read_inventory
from engine.report.evidence_files import directory_of
from engine.run.version_step import release_below
from engine.verify import read_file

ROOT = Path(__file__).resolve().parents[2]
"""The project's directory, in which the commands are typed."""


def write_card(inventory: Path, plan: Path | None, out: Path | None, now: datetime) -> Path:
    """The file that was written, CARD-CLUSTER.html where none is named. UsageError, NotWritten."""
    release = release_below(ROOT)
    read = read_inventory(inventory, release.settings)
    planned = read_planned(plan, read, release) if plan is not None else None
    commands = Commands(ROOT, inventory.absolute())
    page = render(read, release, commands, planned, now, length_of_rehearsal(read))
    name = re.sub(r"[^A-Za-z0-9.-]", "-", read.settings.cluster)
    file = out or Path(f"card-{name}.html")
    _refuse(file, plan)
    try:
        write_atomically(file, page.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise NotWritten(f"{file}: can't be written ({error.strerror or error})") from error
    return file


def _refuse(file: Path, plan: Path | None) -> None:
    """UsageError for a place where something else would be lost."""
    if plan is not None and file.resolve().is_relative_to(directory_of(plan)):
        raise UsageError(f"{file}: the evidence of a run stays as it is; give --out another place")
    if not is_there(file):
        return
    try:
        is_card = read_file(file).startswith(MARK.encode())
    except OSError:
        is_card = False
    if not is_card:
        raise UsageError(f"{file} is there already, and is no card; give --out another name")
