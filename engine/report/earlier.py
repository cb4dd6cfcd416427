"""`earlier/`: the journals of the attempt's runs before this one, so that a report covers them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.journal import Event, in_order, lines_of, read_journal

PLACE = "earlier"


def keep(directory: Path, journals: Mapping[str, str]) -> None:
    """Write exactly these beside the run's own journal (0600), each whole; raises OSError.

    `journals`: file name on N -> text.
    """
    for path in (directory / PLACE).glob("*.jsonl"):
        path.unlink()
    for name, text in journals.items():
        path = directory / PLACE / name.replace("/", "-")
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        fresh.replace(path)


def read(directory: Path) -> dict[str, list[Event]]:
    """File name -> its events, oldest run first; ValueError names a bad line."""
    return in_order(
        {
            # lines handed over twice, because the first answer was lost, count once
            path.name: read_journal(dict.fromkeys(lines_of(path.read_bytes())), str(path))
            for path in (directory / PLACE).glob("*.jsonl")
        }
    )


def texts(directory: Path) -> dict[str, str]:
    """File name -> its text, as N handed it over."""
    found = sorted((directory / PLACE).glob("*.jsonl"))
    return {path.name: path.read_bytes().decode("utf-8", "replace") for path in found}
